/** Tracks calls in flight: times them out, limits them per key, and ends them at shutdown. */

import { setTimeout } from "node:timers/promises";
import { PurserError } from "../../domain/error.ts";
import type { Key } from "../../domain/key/key.ts";
import type { CallLimits } from "../port/limits.ts";
import type { Clock } from "../port/clock.ts";

const tickMs = 1000;
const closingLookMs = 10;
/** The most time needed to charge calls that were ended. */
const endingMs = 1000;

/** A call that a provider is answering. */
export interface Watched {
  /** Checks the call's time limits. Called about once a second, with the clock's monotonic time. */
  tick(now: number): void;
  /** Ends the call now, charging what passed. @param why A sentence without its full stop. */
  stop(why: string): void;
  /** Called when no more calls are accepted, for calls that need not go on. */
  closing?(): void;
}

/** @returns The limit that the call has exceeded, as a phrase; null if it is in time. */
export function tooLong(
  limits: Pick<CallLimits, "firstByteMs" | "idleStreamMs" | "totalMs">,
  call: {
    readonly now: number;
    readonly startedAt: number;
    readonly lastActivityAt: number;
    readonly isAnswering: boolean;
  },
): string | null {
  const { now, startedAt, lastActivityAt, isAnswering } = call;
  if (now - startedAt > limits.totalMs) return "the call took longer than limits.total_ms";
  const idleMs = now - lastActivityAt;
  if (!isAnswering)
    return idleMs > limits.firstByteMs ? "no answer within limits.first_byte_ms" : null;
  return idleMs > limits.idleStreamMs
    ? "the answer paused for longer than limits.idle_stream_ms"
    : null;
}

export class InFlight {
  /** Null in free slots. */
  readonly #exchanges: (Watched | null)[] = [];
  /** The key of the call in each slot. */
  readonly #keys: (Key | null)[] = [];
  readonly #freePlaces: number[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #clock: Clock;
  readonly #perKey: number | null;
  readonly #timer: NodeJS.Timeout;
  /** Calls accepted and not yet answered, including those that wait for budget. */
  #entered = 0;
  #isClosing = false;

  constructor(options: { readonly clock: Clock; readonly concurrentCallsPerKey: number | null }) {
    this.#clock = options.clock;
    this.#perKey = options.concurrentCallsPerKey;
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#timer.unref();
  }

  /** Whether new calls are refused. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** @returns The call's slot; pass it to `remove` once, when the call is over. */
  add(exchange: Watched, key: Key | null): number {
    const place = this.#freePlaces.pop() ?? this.#exchanges.length;
    this.#exchanges[place] = exchange;
    this.#keys[place] = key;
    return place;
  }

  /** Ends the calls of a revoked key. */
  endCallsOf(keyId: string): void {
    for (const [place, key] of this.#keys.entries())
      if (key?.keyId === keyId) this.#exchanges[place]?.stop("the key was revoked");
  }

  remove(place: number): void {
    this.#exchanges[place] = null;
    this.#keys[place] = null;
    this.#freePlaces.push(place);
  }

  /**
   * Takes one of the key's slots until the returned function is called.
   *
   * @throws PurserError `too_many` if all are taken, `shutting_down` if no more calls are accepted.
   */
  enter(key: Key | null): () => void {
    if (this.#isClosing)
      throw new PurserError("shutting_down", "Purser is shutting down and accepts no new calls", {
        remedy: "Try again.",
      });
    if (!key) {
      this.#entered += 1;
      return () => void (this.#entered -= 1);
    }
    const limit = key.maxConcurrent ?? this.#perKey;
    const taken = this.#byKey.get(key.keyId) ?? 0;
    if (limit !== null && taken >= limit) {
      throw new PurserError(
        "too_many",
        `the key "${key.name}" has ${taken} calls under way; its limit is ${limit}`,
        {
          field: "max_concurrent",
          remedy: "Wait for one of them to end, or raise the key's max_concurrent.",
        },
      );
    }
    this.#entered += 1;
    this.#byKey.set(key.keyId, taken + 1);
    return () => this.#leave(key.keyId);
  }

  /**
   * Refuses new calls, waits for those under way, and ends them after `graceMs`, charging what
   * passed. Does not wait for callers that are still sending their request by then.
   */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    for (const exchange of this.#exchanges) exchange?.closing?.();
    const deadline = this.#clock.monotonic() + graceMs;
    while (this.#entered > 0 && this.#clock.monotonic() < deadline + endingMs) {
      if (this.#clock.monotonic() >= deadline)
        for (const exchange of this.#exchanges) exchange?.stop("Purser is shutting down");
      await setTimeout(closingLookMs);
    }
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    const today = this.#clock.now();
    for (const [place, exchange] of this.#exchanges.entries()) {
      const expiresAt = this.#keys[place]?.expiresAt ?? null;
      if (expiresAt !== null && expiresAt <= today) exchange?.stop("the key has expired");
      else exchange?.tick(now);
    }
  }

  #leave(keyId: string): void {
    this.#entered -= 1;
    const left = (this.#byKey.get(keyId) ?? 1) - 1;
    if (left === 0) this.#byKey.delete(keyId);
    else this.#byKey.set(keyId, left);
  }
}
