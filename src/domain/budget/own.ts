/**
 * Finds budgets that count only the calls of one key holder, who may therefore see and use all of
 * them.
 */

import { dimensions, type Attribution, type AttributionKey } from "../attribution/attribution.ts";
import { everyValue } from "./applies.ts";
import type { Budget } from "./budget.ts";

/** The narrowest dimension that an attribution fixes; undefined if it fixes none. */
export function narrowest({
  tags = {},
  ...values
}: Attribution): { readonly key: AttributionKey; readonly value: string } | undefined {
  const [tag] = Object.entries(tags);
  if (tag) return { key: `tag:${tag[0]}`, value: tag[1] };
  const key = dimensions.findLast((dimension) => values[dimension] !== undefined);
  const value = key && values[key];
  return key === undefined || value === undefined ? undefined : { key, value };
}

/**
 * The value of the budget's counter that counts only calls with this `attribution`; undefined if
 * there is none.
 *
 * A budget counts one dimension, so the narrowest one decides: a key for team `a` in org `o` owns
 * the budget of the team, but not that of the org, which counts other teams too.
 */
export function ownValue(
  { budgetType, resourceId }: Pick<Budget, "budgetType" | "resourceId">,
  attribution: Attribution,
): string | undefined {
  const own = narrowest(attribution);
  if (own?.key !== budgetType) return undefined;
  return resourceId === everyValue || resourceId === own.value ? own.value : undefined;
}
