/** Calls that wait for the room which calls in flight hold. */

/** Room is also made where nobody tells: by an edited budget, a new window, a hold that was ended over the API. */
const lookAgainMs = 250;

interface Waiter {
  readonly wake: () => void;
}

/** Wakes its waiters in the order in which they came. */
export class Waiting {
  readonly #waiters = new Set<Waiter>();
  #isWaking = false;

  get size(): number {
    return this.#waiters.size;
  }

  /** Resolves when a call has ended, or after `ms`, or after a while in any case. Whoever waits then tries again. */
  forRoom(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => waiter.wake(), Math.max(0, Math.min(ms, lookAgainMs)));
      const waiter: Waiter = {
        wake: () => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve();
        },
      };
      this.#waiters.add(waiter);
    });
  }

  /** To be called after a hold ended. Calls that end in one turn of the event loop wake the waiters once. */
  roomMade(): void {
    if (this.#waiters.size === 0 || this.#isWaking) return;
    this.#isWaking = true;
    setImmediate(() => {
      this.#isWaking = false;
      for (const waiter of Array.from(this.#waiters)) waiter.wake();
    });
  }
}
