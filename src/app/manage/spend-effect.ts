/** Computes what this month's spend would have been at other prices. */

import { add, multiply, pico, zero, type PicoUsd } from "../../domain/money/money.ts";
import { standardPerUnit } from "../../domain/price/update/rate-change.ts";
import type { CatalogueRow } from "../../domain/price/row/row.ts";
import type { ModelName } from "../../domain/price/served.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import type { Meter } from "../../domain/usage/usage.ts";
import type { GroupFigures, LedgerReader } from "../port/reader.ts";

/** The spend of one model since the start of the month (UTC). */
export interface ModelEffect extends ModelName {
  readonly spent: PicoUsd;
  readonly wouldHaveBeen: PicoUsd;
}

export interface SpendEffect {
  /** Milliseconds since the epoch. */
  readonly from: number;
  /** Of all models. */
  readonly spent: PicoUsd;
  readonly wouldHaveBeen: PicoUsd;
  /** Models whose price changes, the largest difference first. */
  readonly models: readonly ModelEffect[];
}

export interface Repricing {
  readonly reader: Pick<LedgerReader, "totals">;
  readonly before: PriceBook;
  readonly after: PriceBook;
  /** Whether a provider's reported cost is the charge: its spend does not depend on prices. */
  readonly reportsBilledCost: (provider: string) => boolean;
  /** The moment of the change. */
  readonly at: number;
}

/**
 * Takes the sums of this month's charged calls by provider and served model. If the price of a
 * model changes, its spend is multiplied by `usage at the new rates ÷ usage at the old rates`, at
 * the standard rates of a small context: exact for factors of tiers and regions, which change alike,
 * and an approximation for calls of another tier or size with rates of their own. A model that had
 * no price is computed at the new rates.
 */
export async function effectOnSpend(repricing: Repricing): Promise<SpendEffect> {
  const { reader, at } = repricing;
  const now = new Date(at);
  const from = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
  const totals = await reader.totals({ from, to: at }, ["provider", "model"], null);
  const spent = totals.reduce((sum, { cost }) => add(sum, cost), zero);
  const models = totals.flatMap((figures) => effectOn(figures, repricing));
  const change = models.reduce((sum, model) => sum + model.wouldHaveBeen - model.spent, 0n);
  return {
    from,
    spent,
    wouldHaveBeen: pico(spent + change),
    models: models.toSorted((left, right) => compare(sizeOf(right), sizeOf(left))),
  };
}

function effectOn(figures: GroupFigures, repricing: Repricing): readonly ModelEffect[] {
  const { provider = "", model = "" } = figures.group;
  const { before, after, at, reportsBilledCost } = repricing;
  if (figures.calls === 0 || reportsBilledCost(provider)) return [];
  const row = after.sheet({ provider, model, at })?.row;
  const old = before.sheet({ provider, model, at })?.row;
  if (!row) return [];
  const [cost, oldCost] = [costAt(row, figures), old ? costAt(old, figures) : null];
  if (cost === oldCost) return [];
  const wouldHaveBeen =
    oldCost === null || oldCost === 0n
      ? cost
      : pico((figures.cost * cost + oldCost / 2n) / oldCost);
  return [{ provider, model, spent: figures.cost, wouldHaveBeen }];
}

function costAt(row: CatalogueRow, { usage, calls }: GroupFigures): PicoUsd {
  const counts = Object.entries(usage).filter(
    ([meter]) => meter !== "reasoning" && meter !== "request",
  );
  const lines = [...counts, ["request", calls] as const].map(([meter, count]) =>
    multiply(standardPerUnit(row, meter as Meter) ?? zero, count ?? 0),
  );
  return lines.reduce(add, zero);
}

function sizeOf({ spent, wouldHaveBeen }: ModelEffect): bigint {
  return wouldHaveBeen > spent ? wouldHaveBeen - spent : spent - wouldHaveBeen;
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
