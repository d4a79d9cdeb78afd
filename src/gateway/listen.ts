/** The HTTP server: agents' calls go straight to the gateway, everything else to the control plane. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Server as NetServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Gateway } from "./gateway.ts";

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  readonly headerBytes: number;
  readonly gateway: Gateway;
  readonly api: (request: IncomingMessage, response: ServerResponse) => unknown;
}

export interface Listening {
  readonly url: string;
  /** Takes no new connections. Requests on open ones are still handed on, and their answers say that the connection ends with them. */
  drain(): void;
  /** Resolves when every connection is closed. Idle ones get a moment for a request that is on its way. */
  close(): Promise<void>;
}

/** Longer than load balancers and SDKs keep an idle connection, so that it is never this side that closes one under a request. */
const keepAliveMs = 75_000;

/** A client may just be sending on a connection that looks idle here: closed under it, the request would be lost, and nobody told why. */
const idleMomentMs = 250;

/** A request that arrives slower than this holds one of its key's places for nothing. */
const arrivalMs = 300_000;

/** @throws the system's error, such as EADDRINUSE. */
export async function listen({ host, port, headerBytes, gateway, api }: ListenOptions): Promise<Listening> {
  let isDraining = false;
  const server = createServer(
    { maxHeaderSize: headerBytes, keepAliveTimeout: keepAliveMs, requestTimeout: arrivalMs },
    (request, response) => {
      if (isDraining) response.shouldKeepAlive = false;
      if (!gateway(request, response)) api(request, response);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  const drain = (): void => {
    isDraining = true;
    // An HTTP server's own close would break the connections that are idle at this moment.
    NetServer.prototype.close.call(server);
  };
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${(server.address() as AddressInfo).port}`,
    drain,
    async close() {
      drain();
      await Promise.race([closed, sleep(idleMomentMs, undefined, { ref: false })]);
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
