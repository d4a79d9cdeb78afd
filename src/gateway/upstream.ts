/**
 * Sends calls to providers with undici: one keep-alive pool per origin, without a promise or stream
 * per call.
 */

import type { IncomingHttpHeaders } from "node:http";
import { setImmediate } from "node:timers/promises";
import { Pool, type Dispatcher } from "undici";
import type {
  Upstream,
  UpstreamExchange,
  UpstreamHeaders,
  UpstreamReceiver,
  UpstreamRequest,
} from "../app/port/upstream.ts";
import { Memo } from "../domain/memo.ts";
import { decoderFor, decodingOf, type Decoder } from "./decode.ts";
import { PassedMemory } from "./passed-memory.ts";

const connectTimeoutMs = 10_000;

export class UndiciUpstream implements Upstream {
  readonly #pools = new Map<string, Pool>();
  /** Caches how URLs split into origin and path: callers use the same few again and again. */
  readonly #origins = new Memo<string, { readonly origin: string; readonly path: string }>(maxUrls);

  forward(request: UpstreamRequest, receiver: UpstreamReceiver): UpstreamExchange {
    const { origin, path } = this.#split(request.url);
    const exchange = new Dispatched(receiver);
    const method = request.method;
    this.#pool(origin).dispatch(
      { path, method, headers: request.headers, body: request.body },
      exchange,
    );
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

  /** Timeouts are set per call from the configuration, so undici's are off. */
  #pool(origin: string): Pool {
    let pool = this.#pools.get(origin);
    if (!pool) {
      pool = new Pool(origin, {
        connections: null,
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: connectTimeoutMs },
      });
      this.#pools.set(origin, pool);
    }
    return pool;
  }
}

const maxUrls = 1000;

/** Providers usually end an answer with the last event, or a few milliseconds later. */
const lingerMs = 1000;

/** A resumed socket is read within two turns of the event loop. */
const quietTurns = 2;
/**
 * Cuts off a provider that never stops sending: after this many turns, or a time limit while a
 * thread is decoding.
 */
const mostTurns = 8;
const decodingMs = 100;

/** One request in flight. undici calls the `on...` methods, the call's exchange the others. */
class Dispatched implements UpstreamExchange, Dispatcher.DispatchHandler {
  readonly #receiver: UpstreamReceiver;
  readonly #memory = new PassedMemory();
  #controller: Dispatcher.DispatchController | null = null;
  #decoder: Decoder | null = null;
  #aborted: { readonly message: string; readonly timedOut: boolean } | null = null;
  #aborting: Promise<void> | null = null;
  /** Whether the answer has arrived completely, though perhaps not yet decoded. */
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

  /**
   * The provider kept sending while reading was paused: what is in the socket's buffer is billed,
   * so read it.
   */
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
    this.#linger = setTimeout(
      () => void this.abort({ message: "the answer was over", timedOut: false }),
      lingerMs,
    );
    this.#linger.unref();
  }

  /**
   * Called right before the first byte is sent: a request aborted while waiting for a connection
   * was never sent.
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#aborted) return controller.abort(new Error(this.#aborted.message));
    this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    incoming: IncomingHttpHeaders,
  ): void {
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

  /** @returns The headers of the decoded answer. */
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
      const message = `could not process the end of the answer: ${error instanceof Error ? error.message : String(error)}`;
      this.#receiver.fail({ reached: true, timedOut: false, message });
    }
  }

  /** Aborts: the rest cannot be decoded either, and may be endless. */
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
    this.#receiver.fail({
      reached: this.#controller !== null,
      timedOut: this.#aborted?.timedOut ?? false,
      message,
    });
  }
}

/** `connect ECONNREFUSED 127.0.0.1:9` is more useful than undici's wrapper. */
function describe(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause.message : "";
  return cause || error.message || error.name;
}
