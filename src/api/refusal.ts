/** Prints a refusal by a budget as a problem with status 402. */

import { describeRefusal, explainRefusal, type AskedFor } from "../app/hold/refusal.ts";
import type { Refusal } from "../domain/ledger/command.ts";
import { problemResponse } from "./problem.ts";

export function refusalResponse(refusal: Refusal, askedFor: AskedFor): Response {
  const purser = describeRefusal(refusal);
  return problemResponse({
    code: refusal.reason,
    detail: explainRefusal(refusal, askedFor),
    remedy: purser.remedy,
    purser,
  });
}
