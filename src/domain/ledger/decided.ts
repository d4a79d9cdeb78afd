/** What a command comes to. */

import type { Entry } from "./entry.ts";

export interface Decided<Answer> {
  readonly answer: Answer;
  /** To be applied in this order, all of them or none. */
  readonly entries: readonly Entry[];
}
