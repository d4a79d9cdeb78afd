/** A local provider that answers in each wire format and records what it billed. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PurserError } from "../domain/error.ts";
import { Books } from "./books.ts";
import { control, type ControlRequest } from "./control.ts";
import { exchange, type Provider } from "./exchange.ts";
import { failureBody } from "./answer/failure.ts";
import { compressionFor } from "./play/compress.ts";
import { FaultDice, type FaultRate } from "./play/faults.ts";
import { modelsAnswer } from "./models.ts";
import { settle, type SimulatorOptions } from "./options.ts";
import { PromptCache } from "./answer/prompt-cache.ts";
import { routeModels, routePost, wireOfPath } from "./route.ts";

export interface Simulator {
  /** `http://127.0.0.1:PORT`; append a provider's prefix: `/openai/v1`, `/anthropic`, `/gemini`. */
  readonly url: string;
  readonly port: number;
  readonly books: Books;
  /** Replaces the random faults. @throws PurserError `invalid_request` for an unknown fault. */
  setFaults(faults: readonly FaultRate[], seed?: number): void;
  /** Aborts open calls. Resolves when the port is free. */
  close(): Promise<void>;
}

/**
 * Longer than any client's keep-alive, so this side never closes a connection as a request arrives.
 */
const keepAliveMs = 120_000;

/**
 * Starts a simulator.
 *
 * @throws PurserError `invalid_configuration` for an option out of range, `invalid_request` for an
 *   unknown fault.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const settings = settle(options);
  const provider: Provider = {
    settings,
    books: new Books(),
    cache: new PromptCache(),
    dice: new FaultDice(settings.faults, settings.seed),
    number: 0,
  };
  const server = createServer(
    { keepAliveTimeout: keepAliveMs, requestTimeout: 0 },
    (request, response) => {
      takeBody(request, settings.maxBodyBytes, (body) => {
        serve({ provider, request, response }, body).catch((error: unknown) =>
          breakDown(response, error),
        );
      });
    },
  );
  await listen(server, settings.port, settings.host);
  const { port } = server.address() as AddressInfo;
  const host = settings.host.includes(":") ? `[${settings.host}]` : settings.host;
  return {
    url: `http://${host}:${port}`,
    port,
    books: provider.books,
    setFaults: (faults, seed = settings.seed) => {
      provider.dice = new FaultDice(faults, seed);
    },
    close: () => close(server),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}

/**
 * Calls `then` once: with the body, or with null if it is too large. An aborted body is not a call.
 */
function takeBody(
  request: IncomingMessage,
  most: number,
  then: (body: Buffer | null) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= most) chunks.push(chunk);
  });
  request.on("end", () => {
    const [first] = chunks;
    if (length > most) then(null);
    else then(chunks.length === 1 && first ? first : Buffer.concat(chunks));
  });
}

interface Call {
  readonly provider: Provider;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function serve({ provider, request, response }: Call, body: Buffer | null): Promise<void> {
  const { method = "GET", url = "/" } = request;
  if (body === null) {
    const message = `the body is larger than ${provider.settings.maxBodyBytes} bytes`;
    return send(
      response,
      413,
      failureBody(wireOfPath(url), { status: 413, message, field: null, number: 0 }),
    );
  }
  const route = method === "POST" ? routePost(url) : null;
  const compression = compressionFor(request.headers["accept-encoding"]);
  if (route) return exchange({ provider, route, response, compression }, body);
  if (url.startsWith("/sim/")) return serveControl(provider, { method, url, body }, response);
  const models =
    method === "GET" ? routeModels(url, request.headers["anthropic-version"] !== undefined) : null;
  if (models) return send(response, 200, modelsAnswer(models.provider, models.model));
  send(
    response,
    404,
    failureBody(wireOfPath(url), {
      status: 404,
      message: `no such path: ${method} ${url}`,
      field: null,
      number: 0,
    }),
  );
}

function serveControl(provider: Provider, request: ControlRequest, response: ServerResponse): void {
  try {
    const { status, body } = control(provider, request);
    send(response, status, JSON.stringify(body));
  } catch (error) {
    if (!(error instanceof PurserError) || error.code !== "invalid_request") throw error;
    send(response, 400, JSON.stringify({ error: { message: error.message, ...error.detail } }));
  }
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

/** A bug: reported to the caller and on stderr; the simulator keeps running. */
function breakDown(response: ServerResponse, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`simulator: ${text}\n`);
  if (response.headersSent) response.destroy();
  else
    send(
      response,
      500,
      JSON.stringify({
        error: { message: "the simulator has a bug; see its stderr", type: "server_error" },
      }),
    );
}
