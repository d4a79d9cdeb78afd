/** The HTTP server: agents' calls go straight to the gateway, everything else to the control plane. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
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
  /** Takes no new connections; those under way end by themselves. */
  stopAccepting(): void;
  /** Resolves when every connection is closed. */
  close(): Promise<void>;
}

/** Longer than load balancers and SDKs keep an idle connection, so that it is never this side that closes one under a request. */
const keepAliveMs = 75_000;

/** A request that arrives slower than this holds one of its key's places for nothing. */
const arrivalMs = 300_000;

/** @throws the system's error, such as EADDRINUSE. */
export async function listen({ host, port, headerBytes, gateway, api }: ListenOptions): Promise<Listening> {
  const server = createServer(
    { maxHeaderSize: headerBytes, keepAliveTimeout: keepAliveMs, requestTimeout: arrivalMs },
    (request, response) => {
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
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${(server.address() as AddressInfo).port}`,
    stopAccepting: () => server.close(),
    close: () => close(server),
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
