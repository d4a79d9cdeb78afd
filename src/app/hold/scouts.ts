/** First calls of a model of which nothing is known: where a budget is tight, one goes ahead and the others learn from it. */

import type { Waiting } from "./waiting.ts";

/** One of them is called, once. */
export interface Scout {
  /** It could not go yet, and waits like the others: nobody has to be told. */
  stay(): void;
  /** Its call ended or was refused: whoever waits for it tries again. */
  comeBack(): void;
}

export class Scouts {
  readonly #out = new Set<string>();
  readonly #waiting: Waiting;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
  }

  /**
   * @param kind What the scout will find out about: a provider and model.
   * @returns Null while another one is out.
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
