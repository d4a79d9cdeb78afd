/** Calls that wait for the room which calls in flight hold. */

/** A new window makes room without a decision. */
const lookAgainMs = 250;

/** How many of a queue try at once: the room that one call makes is seldom enough for more, and each try costs time. */
const awakeAtOnce = 4;

interface Waiter {
  readonly place: number;
  readonly wake: () => void;
}

export interface WaitOptions {
  /** What is waited for, such as a budget: those who wait for the same stand in one queue. */
  readonly queue: string;
  /** From `takePlace`: whoever came first is woken first, also after a try in vain. */
  readonly place: number;
  /** As `endings` was before the try. */
  readonly endings: number;
  readonly ms: number;
}

/** Wakes the first of each queue, in the order in which they came. */
export class Waiting {
  readonly #queues = new Map<string, Waiter[]>();
  #size = 0;
  #isWaking = false;
  #endings = 0;
  #places = 0;

  /** How often room was made. To be read before a try, so that what ends between its decision and its answer is not missed. */
  get endings(): number {
    return this.#endings;
  }

  takePlace(): number {
    return ++this.#places;
  }

  /**
   * Resolves when a call has ended since `endings` was read, or after `ms`, or after a while in any case. Whoever waits then
   * tries again, and calls `roomMade` once it waits no more.
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

  /** To be called after a hold ended or a budget changed. What ends in one turn of the event loop wakes the waiters once. */
  roomMade(): void {
    this.#endings += 1;
    if (this.#size === 0 || this.#isWaking) return;
    this.#isWaking = true;
    setImmediate(() => {
      this.#isWaking = false;
      for (const waiters of Array.from(this.#queues.values())) for (const waiter of waiters.slice(0, awakeAtOnce)) waiter.wake();
    });
  }

  #enter(queue: string, waiter: Waiter): void {
    const waiters = this.#queues.get(queue) ?? [];
    const behind = waiters.findLastIndex(({ place }) => place < waiter.place);
    waiters.splice(behind + 1, 0, waiter);
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
