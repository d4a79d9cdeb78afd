/** Divides long work on the main thread into turns of the event loop, between which calls go on. */

import { setImmediate } from "node:timers/promises";

/** Rows that are summed or printed in one to two milliseconds. */
const rowsInATurn = 200;

export class Turns {
  #rows = 0;

  /** Call this after work on some rows. Resolves at once, or on the next turn if it was enough. */
  async after(rows: number): Promise<void> {
    this.#rows += rows;
    if (this.#rows < rowsInATurn) return;
    this.#rows = 0;
    await setImmediate();
  }
}
