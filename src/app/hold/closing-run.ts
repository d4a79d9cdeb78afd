/** Finds the run that a closing call ends. */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import { PurserError } from "../../domain/error.ts";
import { runOf } from "../../domain/ledger/reserve.ts";

/**
 * @param field What asked for it, to be named in the error.
 * @throws PurserError `invalid_request` for a call without a session, task or agent.
 */
export function closingRun(attribution: Attribution, field: string): string {
  const run = runOf(attribution);
  if (run !== null) return run;
  throw new PurserError("invalid_request", `${field}: the call names no run to close`, {
    field,
    remedy: "Attribute the call to a session, a task or an agent: that is its run.",
  });
}
