/** The result of deciding a ledger command. */

import type { Entry } from "./entry.ts";

export interface Decided<Answer> {
  readonly answer: Answer;
  /** Applied in this order, all or none. */
  readonly entries: readonly Entry[];
}
