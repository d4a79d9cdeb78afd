/** The connection to a provider during one call, with the call's time limits. */

import { tooLong, type Watched } from "../caller/in-flight.ts";
import type { Clock } from "../port/clock.ts";
import type { CallLimits } from "../port/limits.ts";
import type { UpstreamExchange } from "../port/upstream.ts";

export interface ConnectionContext {
  readonly clock: Clock;
  readonly limits: Pick<CallLimits, "firstByteMs" | "idleStreamMs" | "totalMs" | "drainMs">;
}

/** Until a connection is attached, all methods only record their facts. */
export class Connection implements Watched {
  readonly #context: ConnectionContext;
  readonly #startedAt: number;
  #upstream: UpstreamExchange | null = null;
  #lastActivityAt: number;
  /** Whether a part of the answer has arrived since the last tick. */
  #hasArrived = false;
  #goneAt: number | null = null;
  #isAnswering = false;
  #isOver = false;

  /** @param startedAt In monotonic time. */
  constructor(context: ConnectionContext, startedAt: number) {
    this.#context = context;
    this.#startedAt = this.#lastActivityAt = startedAt;
  }

  /** Whether the caller has left before the end. */
  get isLeft(): boolean {
    return this.#goneAt !== null;
  }

  attach(upstream: UpstreamExchange): void {
    this.#upstream = upstream;
  }

  /**
   * Call this when a part of the answer arrives. The next tick takes the time, so that no piece of a
   * stream has to.
   */
  arrived(): void {
    this.#isAnswering = true;
    this.#hasArrived = true;
  }

  /** The caller left: from now on, the rest of the answer must arrive within `drainMs`. */
  leave(): void {
    this.#goneAt = this.#context.clock.monotonic();
  }

  tick(now: number): void {
    if (this.#isOver) return;
    if (this.#hasArrived) this.#lastActivityAt = now;
    this.#hasArrived = false;
    const { limits } = this.#context;
    if (this.#goneAt !== null && now - this.#goneAt > limits.drainMs)
      return this.stop("the caller left, and the answer was not over in time");
    const late = tooLong(limits, {
      now,
      startedAt: this.#startedAt,
      lastActivityAt: this.#lastActivityAt,
      isAnswering: this.#isAnswering,
    });
    if (late !== null) this.stop(late);
  }

  stop(why: string): void {
    void this.#upstream?.abort({ message: why, timedOut: true });
  }

  /** Closes the connection, but not for a time limit. Resolves when no more will arrive. */
  async close(why: string): Promise<void> {
    await this.#upstream?.abort({ message: why, timedOut: false });
  }

  pause(): void {
    this.#upstream?.pause();
  }

  resume(): void {
    this.#upstream?.resume();
  }

  /** The call is over. The connection is kept for others if the provider ends the answer soon. */
  finish(): void {
    this.#isOver = true;
    this.#upstream?.finish();
  }
}
