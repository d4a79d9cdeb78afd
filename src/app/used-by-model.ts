/** What each model of a call used: the main answer's apart from the others'. */

import { sumUsage, type ModelUsage, type Usage, type UsagePart } from "../domain/usage/usage.ts";

export interface UsedByModel {
  readonly usage: Usage;
  /** Absent when only one model took part. */
  readonly parts?: readonly ModelUsage[];
}

/** @param parts The main answer's first. Passes of the same model, and those that name none, are the main answer's as well. */
export function usedByModel(parts: readonly UsagePart[]): UsedByModel {
  const main = parts[0]?.model ?? null;
  const own: Usage[] = [];
  const others: ModelUsage[] = [];
  for (const { model, usage } of parts) {
    if (model === null || model === main) own.push(usage);
    else others.push({ model, usage });
  }
  return { usage: sumUsage(own), ...(others.length > 0 && { parts: others }) };
}
