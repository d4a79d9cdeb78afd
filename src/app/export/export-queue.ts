/** Limits how many files are made at once: further ones wait for their turn. */

import { PurserError } from "../../domain/error.ts";
import type { Exporter, ExportJob } from "../port/exporter.ts";

export interface QueueLimits {
  readonly atOnce: number;
  /** Further requests are refused. */
  readonly mostWaiting: number;
  /** A reader that takes nothing for this long gives up its turn, and keeps its file. */
  readonly idleMs: number;
}

/** Each file takes some memory, and turns of the thread that serves calls. */
export const usualLimits: QueueLimits = { atOnce: 2, mostWaiting: 32, idleMs: 30_000 };

/** Runs the jobs of another exporter, in the order in which they are asked for. */
export class ExportQueue implements Exporter {
  readonly #inner: Exporter;
  readonly #limits: QueueLimits;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(inner: Exporter, limits: QueueLimits = usualLimits) {
    this.#inner = inner;
    this.#limits = limits;
  }

  /** @throws PurserError `too_many` with the first part, if too many are waiting. */
  async *run(job: ExportJob, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    await this.#turn(signal);
    let hasTurn = true;
    const giveUp = (): void => {
      if (!hasTurn) return;
      hasTurn = false;
      this.#passOn();
    };
    try {
      for await (const part of this.#inner.run(job, signal)) {
        const idle = setTimeout(giveUp, this.#limits.idleMs);
        idle.unref();
        try {
          yield part;
        } finally {
          clearTimeout(idle);
        }
      }
    } finally {
      giveUp();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running >= this.#limits.atOnce) await this.#wait(signal);
    else this.#running += 1;
  }

  /** The next one takes over the turn, so that a new request in between cannot take it. */
  #passOn(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { atOnce, mostWaiting } = this.#limits;
    if (this.#waiting.length >= mostWaiting)
      throw new PurserError("too_many", `${atOnce} exports are running and ${mostWaiting} wait`, {
        remedy: "Try again when one has ended.",
      });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const leave = (): void => {
      const place = this.#waiting.indexOf(resolve);
      if (place >= 0) this.#waiting.splice(place, 1);
      reject(signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }
}
