/** Which models of a range have no price. */

import { countTokens } from "../../domain/usage/usage.ts";
import type { CallFilter, LedgerReader } from "../port/reader.ts";
import { lacksPrice } from "../settle/unpriced.ts";

/** Calls of a model that cost nothing because no price was known. */
export interface UnpricedModel {
  readonly provider: string;
  /** The model served. */
  readonly model: string;
  readonly calls: number;
}

/**
 * Models of which nothing was charged in a range, since the newest of their calls had no price. The sums alone cannot tell them from
 * free ones. A model that has been charged for since is not among them: its price is known.
 *
 * @returns Those with the most calls first.
 */
export async function unpricedModels(
  reader: Pick<LedgerReader, "totals" | "calls">,
  filter: CallFilter,
): Promise<readonly UnpricedModel[]> {
  const totals = await reader.totals(filter, ["provider", "model", "status"], null);
  const free = totals.filter(({ cost, usage }) => cost === 0n && countTokens(usage) > 0).sort((left, right) => right.calls - left.calls);
  const found = new Map<string, UnpricedModel>();
  for (const { group, calls } of free.slice(0, mostLookedAt)) {
    const { provider = "", model = "" } = group;
    const status = countedStatuses.find((name) => name === group["status"]);
    if (!status) continue;
    const [newest] = await reader.calls({ ...filter, provider, model, status }, { limit: 1, before: null });
    if (!newest || !lacksPrice(newest)) continue;
    const name = `${provider}/${model}`;
    found.set(name, { provider, model, calls: calls + (found.get(name)?.calls ?? 0) });
  }
  return [...found.values()].sort((left, right) => right.calls - left.calls);
}

/** Callers name the models: however many they make up, so many are looked at, those with the most calls. */
const mostLookedAt = 20;

/** Of calls whose tokens are known. */
const countedStatuses = ["settled", "estimated"] as const;
