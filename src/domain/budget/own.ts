/** Which budgets count nothing but the calls of one holder, so that their figures and their room are the holder's own. */

import { dimensions, type Attribution, type AttributionKey } from "../attribution/attribution.ts";
import { everyValue } from "./applies.ts";
import type { Budget } from "./budget.ts";

/** The narrowest dimension that an attribution fixes; undefined where it fixes none. */
export function narrowest({ tags = {}, ...values }: Attribution): { readonly key: AttributionKey; readonly value: string } | undefined {
  const [tag] = Object.entries(tags);
  if (tag) return { key: `tag:${tag[0]}`, value: tag[1] };
  const key = dimensions.findLast((dimension) => values[dimension] !== undefined);
  const value = key && values[key];
  return key === undefined || value === undefined ? undefined : { key, value };
}

/**
 * The value of a budget's counter that counts no calls but those of whoever fixes `attribution`; undefined where there is none.
 *
 * A budget counts one dimension, so that the narrowest one decides: a holder of team `a` in org `o` has the budget of the team for
 * its own, and not that of the org, which counts other teams too.
 */
export function ownValue(
  { budgetType, resourceId }: Pick<Budget, "budgetType" | "resourceId">,
  attribution: Attribution,
): string | undefined {
  const own = narrowest(attribution);
  if (own?.key !== budgetType) return undefined;
  return resourceId === everyValue || resourceId === own.value ? own.value : undefined;
}
