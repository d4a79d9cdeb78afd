/** Rules that must hold, checked in production too: a broken one is a bug, and stops the work at hand. */

import { PurserError } from "./error.ts";

/**
 * @param statement What must be true, as a sentence.
 * @throws PurserError with code `bug` when it is not.
 */
export function assert(condition: boolean, statement: string): asserts condition {
  if (!condition) throw new PurserError("bug", `must be true: ${statement}`);
}
