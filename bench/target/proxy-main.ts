/**
 * A minimal Node proxy that only passes bytes on. Runs as its own process:
 * `proxy-main.ts UPSTREAM_PORT`.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Pool, type Dispatcher } from "undici";

const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`, {
  connections: null,
  headersTimeout: 0,
  bodyTimeout: 0,
});

/** The least work that undici allows: no stream or promise per answer. */
class Passing implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {}

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[]>,
  ): void {
    delete headers["connection"];
    delete headers["transfer-encoding"];
    this.#response.writeHead(status, headers);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#response.write(chunk);
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    this.#response.destroy();
  }
}

/** Buffers the body before passing it on, as any gateway that reads it must. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const [only] = chunks;
    const body = chunks.length === 1 && only ? only : Buffer.concat(chunks);
    const headers = { "content-type": "application/json", authorization: "Bearer sk-bench" };
    pool.dispatch(
      { path: request.url ?? "/", method: "POST", headers, body },
      new Passing(response),
    );
  });
}

const server = createServer(serve);
server.listen(0, "127.0.0.1", () =>
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`),
);
process.on("SIGTERM", () => process.exit());
