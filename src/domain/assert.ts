/** Assertions, checked in production too: a failed one is a bug and aborts the operation. */

import { PurserError } from "./error.ts";

/**
 * @param statement What must be true, as a sentence.
 * @throws PurserError with code `bug` when it is not.
 */
export function assert(condition: boolean, statement: string): asserts condition {
  if (!condition) throw new PurserError("bug", `must be true: ${statement}`);
}
