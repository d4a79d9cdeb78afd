/** What the main answer of a call used, and what was used besides: by other models, and in passes of their own. */

import { sumUsage, type ModelUsage, type Usage, type UsagePart } from "../../domain/usage/usage.ts";

export interface UsedByModel {
  readonly usage: Usage;
  /** Absent when there was only the answer. */
  readonly parts?: readonly ModelUsage[];
}

/** @param parts The main answer's first. Further passes of its model, and those that name none, are its own as well. */
export function usedByModel(parts: readonly UsagePart[]): UsedByModel {
  const main = parts[0]?.model ?? null;
  const own: Usage[] = [];
  const others: ModelUsage[] = [];
  for (const { model, usage, isApart } of parts) {
    if (model === null || (model === main && !isApart)) own.push(usage);
    else others.push({ model, usage });
  }
  return { usage: sumUsage(own), ...(others.length > 0 && { parts: others }) };
}
