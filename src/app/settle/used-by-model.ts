/**
 * Splits the usage of a call into the main answer and other parts: other models, or separate
 * passes.
 */

import { sumUsage, type ModelUsage, type Usage, type UsagePart } from "../../domain/usage/usage.ts";

export interface UsedByModel {
  readonly usage: Usage;
  /** Absent if there is only the answer. */
  readonly parts?: readonly ModelUsage[];
}

/**
 * @param parts The main answer's first. Further passes of its model, and those without a name,
 *   count as its own.
 */
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
