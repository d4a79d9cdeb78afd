/** The upstream port over undici: one pool of kept-alive connections for each origin, without a promise or a stream per call. */

import type { IncomingHttpHeaders } from "node:http";
import { setImmediate } from "node:timers/promises";
import { Pool, type Dispatcher } from "undici";
import type { Upstream, UpstreamExchange, UpstreamHeaders, UpstreamReceiver, UpstreamRequest } from "../app/port/upstream.ts";
import { Memo } from "../domain/memo.ts";
import { decoderFor, decodingOf, type Decoder } from "./decode.ts";
import { PassedMemory } from "./passed-memory.ts";

const connectTimeoutMs = 10_000;

export class UndiciUpstream implements Upstream {
  readonly #pools = new Map<string, Pool>();
  /** Where a URL's origin ends, by the URL: the same few are called again and again. */
  readonly #origins = new Memo<string, { readonly origin: string; readonly path: string }>(maxUrls);

  forward(request: UpstreamRequest, receiver: UpstreamReceiver): UpstreamExchange {
    const { origin, path } = this.#split(request.url);
    const exchange = new Dispatched(receiver);
    const method = request.method;
    this.#pool(origin).dispatch({ path, method, headers: request.headers, body: request.body }, exchange);
    return exchange;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }

  #split(url: string): { readonly origin: string; readonly path: string } {
    const known = this.#origins.get(url);
    if (known) return known;
    const { origin, pathname, search } = new URL(url);
    return this.#origins.keep(url, { origin, path: pathname + search });
  }

  /** Time-outs are the call's own and stated in the configuration, so undici's are off. */
  #pool(origin: string): Pool {
    let pool = this.#pools.get(origin);
    if (!pool) {
      pool = new Pool(origin, { connections: null, headersTimeout: 0, bodyTimeout: 0, connect: { timeout: connectTimeoutMs } });
      this.#pools.set(origin, pool);
    }
    return pool;
  }
}

const maxUrls = 1000;

/** A provider mostly ends its answer together with the last event, or some milliseconds later. */
const lingerMs = 1000;

/** A socket that was just resumed is read in the second turn of the event loop at the latest. */
const quietTurns = 2;
/** A provider that never stops sending is cut off all the same: after so many turns, or so long where a thread decodes what it sends. */
const mostTurns = 8;
const decodingMs = 100;

/** One request on its way. undici calls the `on...` methods, the call's exchange the others. */
class Dispatched implements UpstreamExchange, Dispatcher.DispatchHandler {
  readonly #receiver: UpstreamReceiver;
  readonly #memory = new PassedMemory();
  #controller: Dispatcher.DispatchController | null = null;
  #decoder: Decoder | null = null;
  #aborted: { readonly message: string; readonly timedOut: boolean } | null = null;
  #aborting: Promise<void> | null = null;
  /** The answer has come; it may not all have been decoded. */
  #hasCome = false;
  #isOver = false;
  #linger: NodeJS.Timeout | undefined;
  /** Chunks so far, encoded and decoded. */
  #chunks = 0;

  constructor(receiver: UpstreamReceiver) {
    this.#receiver = receiver;
  }

  abort(reason: { readonly message: string; readonly timedOut: boolean }): Promise<void> {
    if (this.#isOver) return this.#aborting ?? Promise.resolve();
    this.#aborted ??= reason;
    return (this.#aborting ??= this.#abort(this.#aborted.message));
  }

  async #abort(message: string): Promise<void> {
    if (this.#controller) await this.#readArrived();
    if (this.#isOver) return;
    if (this.#hasCome) this.#fail(message);
    else this.#controller?.abort(new Error(message));
  }

  pause(): void {
    if (this.#isOver || this.#aborted) return;
    if (this.#decoder) this.#decoder.pause();
    else this.#controller?.pause();
  }

  resume(): void {
    if (this.#isOver) return;
    if (this.#decoder) this.#decoder.resume();
    else this.#controller?.resume();
  }

  /** While reading was paused the provider went on: what it has sent by now is in the socket's buffer, and is billed. */
  async #readArrived(): Promise<void> {
    this.resume();
    const deadline = performance.now() + decodingMs;
    for (let turns = 0, quiet = 0; quiet < quietTurns && !this.#isOver; turns++) {
      if (this.#decoder ? performance.now() > deadline : turns === mostTurns) return;
      const before = this.#chunks;
      await setImmediate();
      quiet = this.#chunks === before && this.#decoder?.isBusy !== true ? quiet + 1 : 0;
    }
  }

  finish(): void {
    if (this.#isOver || this.#aborted || this.#linger) return;
    this.#controller?.resume();
    this.#linger = setTimeout(() => void this.abort({ message: "the answer was over", timedOut: false }), lingerMs);
    this.#linger.unref();
  }

  /** Comes right before the first byte is sent: a request that was aborted while it waited for a connection was never sent. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#aborted) return controller.abort(new Error(this.#aborted.message));
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, incoming: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#receiver.head(status, this.#decode(incoming as UpstreamHeaders));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#memory.passed(chunk.length);
    this.#chunks++;
    if (!this.#decoder) this.#receiver.data(chunk);
    else if (!this.#decoder.write(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.#hasCome = true;
    clearTimeout(this.#linger);
    if (this.#decoder) this.#decoder.end();
    else this.#end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#fail(this.#aborted?.message ?? describe(error));
  }

  /** @returns The headers of what comes out of it. */
  #decode(headers: UpstreamHeaders): UpstreamHeaders {
    const { "content-encoding": encoding, ...others } = headers;
    if (encoding === undefined) return headers;
    const { undone, left } = decodingOf(encoding);
    if (undone.length > 0) {
      this.#decoder = decoderFor(undone, {
        data: (chunk) => {
          this.#memory.passed(chunk.length);
          this.#chunks++;
          if (!this.#isOver) this.#receiver.data(chunk);
        },
        end: () => this.#end(),
        fail: (message) => this.#failDecoding(message),
        drained: () => {
          if (!this.#hasCome) this.#controller?.resume();
        },
      });
    }
    return left === null ? others : { ...others, "content-encoding": left };
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#receiver.end();
    } catch (error) {
      const message = `the end of the answer could not be taken: ${error instanceof Error ? error.message : String(error)}`;
      this.#receiver.fail({ reached: true, timedOut: false, message });
    }
  }

  /** What follows cannot be read either, and might have no end. */
  #failDecoding(message: string): void {
    if (this.#isOver) return;
    this.#fail(message);
    if (!this.#hasCome) this.#controller?.abort(new Error(message));
  }

  #fail(message: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#linger);
    this.#decoder?.destroy();
    this.#receiver.fail({ reached: this.#controller !== null, timedOut: this.#aborted?.timedOut ?? false, message });
  }
}

/** `connect ECONNREFUSED 127.0.0.1:9` says more than undici's own wrapping. */
function describe(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause.message : "";
  return cause || error.message || error.name;
}
