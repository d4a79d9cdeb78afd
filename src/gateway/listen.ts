/** The HTTP server: AI calls go to the gateway, everything else to the control plane. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Server as NetServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Gateway } from "./gateway.ts";

export interface ListenOptions {
  readonly host: string;
  /** 0 picks any free port. */
  readonly port: number;
  readonly headerBytes: number;
  readonly gateway: Gateway;
  readonly api: (request: IncomingMessage, response: ServerResponse) => unknown;
}

export interface Listening {
  readonly url: string;
  /**
   * Stops accepting connections. Requests on open ones are still served, and their answers close
   * the connection.
   */
  drain(): void;
  /**
   * Resolves when every connection is closed. Idle ones get a short grace period for a request in
   * transit.
   */
  close(): Promise<void>;
}

/**
 * Longer than load balancers and SDKs keep idle connections, so the server never closes one during
 * a request.
 */
const keepAliveMs = 75_000;

/**
 * A client may already be sending on a connection that looks idle; closing it would lose the
 * request without an error.
 */
const idleMomentMs = 250;

/**
 * Maximum time to receive a request, since a slow one occupies one of its key's concurrency slots.
 */
const arrivalMs = 300_000;

/** @throws The system error, such as EADDRINUSE. */
export async function listen({
  host,
  port,
  headerBytes,
  gateway,
  api,
}: ListenOptions): Promise<Listening> {
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
    // The HTTP server's close would also close currently idle connections.
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
