/**
 * Queues calls that wait until people answer whether their budget gets more money. They hold
 * nothing, and try again in order of arrival.
 */

/** The window may roll, and calls in flight may make room, without an answer. */
const lookAgainMs = 1000;

/** How many calls of a queue try at once. */
const tryingAtOnce = 4;

/** The maximum number of waiting calls in all budgets. */
const mostWaiting = 1000;

/** The maximum size of their requests together: they stay in memory. */
const mostBytes = 256 * 1024 * 1024;

interface Waiter {
  readonly order: number;
  queue: string;
  /** Whether something has changed since its last attempt began. */
  isDue: boolean;
  /** Null while it tries. */
  wake: (() => void) | null;
}

/** The place of one call. It is kept after an attempt that failed. */
export interface Place {
  /**
   * Resolves when it is the call's turn to try again, or after `ms`.
   *
   * @param queue The counter whose money is missing.
   */
  turn(queue: string, ms: number): Promise<void>;
  /** Ends the wait at once. */
  wake(): void;
  /** Call this when the call no longer waits. */
  leave(): void;
}

export class Approvals {
  /** In order of arrival. */
  readonly #queues = new Map<string, Waiter[]>();
  #size = 0;
  #bytes = 0;
  #arrivals = 0;
  #timer: NodeJS.Timeout | undefined;

  /** How many calls wait for money of this counter. */
  waitingFor(queue: string): number {
    return this.#queues.get(queue)?.length ?? 0;
  }

  /**
   * @param bytes The size of the call's request.
   * @returns Null if too many calls wait, or their requests are too large together.
   */
  enter(bytes: number): Place | null {
    if (this.#size >= mostWaiting || this.#bytes + bytes > mostBytes) return null;
    this.#size += 1;
    this.#bytes += bytes;
    this.#timer ??= setInterval(() => this.tryAll(), lookAgainMs).unref();
    const waiter: Waiter = { order: ++this.#arrivals, queue: "", isDue: false, wake: null };
    let hasLeft = false;
    return {
      turn: (queue, ms) => this.#turn(waiter, queue, ms),
      wake: () => waiter.wake?.(),
      leave: () => {
        if (hasLeft) return;
        hasLeft = true;
        this.#bytes -= bytes;
        this.#leave(waiter);
      },
    };
  }

  /** Call this after people changed a budget: every waiting call tries again. */
  tryAll(): void {
    for (const [queue, waiters] of Array.from(this.#queues)) {
      for (const waiter of waiters) waiter.isDue = true;
      this.#wakeNext(queue);
    }
  }

  #turn(waiter: Waiter, queue: string, ms: number): Promise<void> {
    this.#move(waiter, queue);
    return new Promise((resolve) => {
      const timer = setTimeout(() => waiter.wake?.(), Math.max(0, ms));
      waiter.wake = () => {
        clearTimeout(timer);
        waiter.wake = null;
        waiter.isDue = false;
        resolve();
      };
      this.#wakeNext(queue);
    });
  }

  #wakeNext(queue: string): void {
    const waiters = this.#queues.get(queue) ?? [];
    let trying = waiters.filter(({ wake }) => wake === null).length;
    for (const { isDue, wake } of Array.from(waiters)) {
      if (trying >= tryingAtOnce) return;
      if (!isDue || !wake) continue;
      trying += 1;
      wake();
    }
  }

  #move(waiter: Waiter, queue: string): void {
    if (waiter.queue === queue) return;
    this.#remove(waiter);
    const left = waiter.queue;
    waiter.queue = queue;
    const waiters = this.#queues.get(queue) ?? [];
    waiters.splice(waiters.findLastIndex(({ order }) => order < waiter.order) + 1, 0, waiter);
    this.#queues.set(queue, waiters);
    this.#wakeNext(left);
  }

  #leave(waiter: Waiter): void {
    this.#remove(waiter);
    this.#wakeNext(waiter.queue);
    this.#size -= 1;
    if (this.#size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #remove(waiter: Waiter): void {
    const waiters = this.#queues.get(waiter.queue) ?? [];
    const at = waiters.indexOf(waiter);
    if (at < 0) return;
    waiters.splice(at, 1);
    if (waiters.length === 0) this.#queues.delete(waiter.queue);
  }
}
