/** A budget's no, as a problem with status 402. */

import { describeRefusal, explainRefusal } from "../app/refusal.ts";
import type { Refusal } from "../domain/ledger/command.ts";
import { problemResponse } from "./problem.ts";

export function refusalResponse(refusal: Refusal): Response {
  const purser = describeRefusal(refusal);
  return problemResponse({ code: refusal.reason, detail: explainRefusal(refusal), remedy: purser.remedy, purser });
}
