/**
 * Sends one call ahead when a model is unknown and a budget is tight; the others wait for its bill.
 */

import type { Waiting } from "./waiting.ts";

/** Exactly one of the methods is called, once. */
export interface Scout {
  /** The scout could not start and now waits like the others; they are not woken. */
  stay(): void;
  /** The scout's call ended or was refused: the calls waiting for it try again. */
  comeBack(): void;
}

export class Scouts {
  readonly #out = new Set<string>();
  readonly #waiting: Waiting;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
  }

  /**
   * @param kind What the scout will learn about: a provider, a model and an output ceiling.
   * @returns Null while another scout is out.
   */
  send(kind: string): Scout | null {
    if (this.#out.has(kind)) return null;
    this.#out.add(kind);
    return {
      stay: () => void this.#out.delete(kind),
      comeBack: () => {
        this.#out.delete(kind);
        this.#waiting.roomMade();
      },
    };
  }
}
