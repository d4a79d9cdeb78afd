/** Queues calls that wait for budget held by other calls in flight. */

import { Approvals } from "./approvals.ts";

/** A new window makes room without a decision. */
const lookAgainMs = 250;

/**
 * How many waiters of a queue try at once: one ended call rarely makes room for more, and each
 * attempt costs time.
 */
const awakeAtOnce = 4;

interface Waiter {
  readonly place: number;
  readonly wake: () => void;
}

export interface WaitOptions {
  /** What the call waits for, such as a budget; one queue each. */
  readonly queue: string;
  /**
   * From `takePlace`: waiters are woken in order of arrival, and keep their place after a failed
   * attempt.
   */
  readonly place: number;
  /** The value of `endings` before the attempt. */
  readonly endings: number;
  readonly ms: number;
}

/** Wakes the first waiters of each queue, in order of arrival. */
export class Waiting {
  /** Calls that wait for people to answer. */
  readonly approvals = new Approvals();
  readonly #queues = new Map<string, Waiter[]>();
  #size = 0;
  #isWaking = false;
  #endings = 0;
  #places = 0;

  /**
   * How often room was made. Read it before an attempt, or a call that ends between the decision
   * and its answer would be missed.
   */
  get endings(): number {
    return this.#endings;
  }

  takePlace(): number {
    return ++this.#places;
  }

  /**
   * Resolves when a call has ended since `endings` was read, after `ms`, or after a short interval
   * in any case. The waiter then tries again, and calls `roomMade` once it no longer waits.
   */
  forRoom({ queue, place, endings, ms }: WaitOptions): Promise<void> {
    if (endings !== this.#endings) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => waiter.wake(), Math.max(0, Math.min(ms, lookAgainMs)));
      const waiter: Waiter = {
        place,
        wake: () => {
          clearTimeout(timer);
          this.#leave(queue, waiter);
          resolve();
        },
      };
      this.#enter(queue, waiter);
    });
  }

  /**
   * Call this after a hold ended or a budget changed. All changes in one turn of the event loop
   * wake the waiters once.
   */
  roomMade(): void {
    this.#endings += 1;
    if (this.#size === 0 || this.#isWaking) return;
    this.#isWaking = true;
    setImmediate(() => {
      this.#isWaking = false;
      for (const waiters of Array.from(this.#queues.values()))
        for (const waiter of waiters.slice(0, awakeAtOnce)) waiter.wake();
    });
  }

  #enter(queue: string, waiter: Waiter): void {
    const waiters = this.#queues.get(queue) ?? [];
    const previous = waiters.findLastIndex(({ place }) => place < waiter.place);
    waiters.splice(previous + 1, 0, waiter);
    this.#queues.set(queue, waiters);
    this.#size += 1;
  }

  #leave(queue: string, waiter: Waiter): void {
    const waiters = this.#queues.get(queue) ?? [];
    const at = waiters.indexOf(waiter);
    if (at < 0) return;
    waiters.splice(at, 1);
    this.#size -= 1;
    if (waiters.length === 0) this.#queues.delete(queue);
  }
}
