/** Finds the models in a range that have no price. */

import type { ModelName } from "../../domain/price/served.ts";
import type { CallFilter, LedgerReader } from "../port/reader.ts";
import { lacksPrice } from "../settle/unpriced.ts";

/** A model that answered calls without a price: they cost 0. */
export interface UnpricedModel extends ModelName {
  readonly calls: number;
}

/**
 * Models without any charge in a range whose newest call had no price. The sums alone cannot
 * distinguish them from free models. A model charged since then is left out: its price is known.
 *
 * @returns The models with the most calls first.
 */
export async function unpricedModels(
  reader: Pick<LedgerReader, "totals" | "calls">,
  filter: CallFilter,
): Promise<readonly UnpricedModel[]> {
  const totals = await reader.totals(filter, ["provider", "model", "status"], null);
  const free = totals
    .filter(({ cost, usage }) => cost === 0n && Object.values(usage).some((count) => count > 0))
    .sort((left, right) => right.calls - left.calls);
  const found = new Map<string, UnpricedModel>();
  for (const { group, calls } of free.slice(0, mostLookedAt)) {
    const { provider = "", model = "" } = group;
    const status = countedStatuses.find((name) => name === group["status"]);
    if (!status) continue;
    const [newest] = await reader.calls(
      { ...filter, provider, model, status },
      { limit: 1, before: null },
    );
    if (!newest || !lacksPrice(newest)) continue;
    const name = `${provider}/${model}`;
    found.set(name, { provider, model, calls: calls + (found.get(name)?.calls ?? 0) });
  }
  return [...found.values()].sort((left, right) => right.calls - left.calls);
}

/** Callers can invent model names, so only the models with the most calls are checked. */
const mostLookedAt = 20;

/** Calls with known counts. */
const countedStatuses = ["settled", "estimated"] as const;
