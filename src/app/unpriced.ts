/** Calls that no price was known for: they are counted as nothing, and are not free. */

import type { Outcome } from "../domain/ledger/entry.ts";
import { countTokens } from "../domain/usage/usage.ts";
import type { CallFilter, LedgerReader } from "./ports.ts";

/** Whether tokens of a call were counted as nothing: neither the book, nor a budget's stated rates, nor the provider itself had a figure for them. */
export function lacksPrice({ flags, charges }: Pick<Outcome, "flags" | "charges">): boolean {
  return flags.includes("unpriced") && charges.every(({ rate }) => rate !== undefined);
}

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
  const free = totals.filter(({ cost, usage }) => cost === 0n && countTokens(usage) > 0);
  const found = new Map<string, UnpricedModel>();
  for (const { group, calls } of free) {
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

/** Of calls whose tokens are known. */
const countedStatuses = ["settled", "estimated"] as const;
