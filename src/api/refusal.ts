/** Prints a refusal by a budget as a problem with status 402. */

import { describeRefusal, explainRefusal, type RequestedModel } from "../app/hold/refusal.ts";
import type { Refusal } from "../domain/ledger/command.ts";
import { problemResponse } from "./problem.ts";

export function refusalResponse(refusal: Refusal, requested: RequestedModel): Response {
  const purser = describeRefusal(refusal, requested);
  return problemResponse({
    code: refusal.reason,
    detail: explainRefusal(refusal, requested),
    remedy: purser.remedy,
    purser,
  });
}
