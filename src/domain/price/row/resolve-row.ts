/** Turns the supplements of a row into rates of the row itself, at the same prices. */

import type { PicoUsd } from "../../money/money.ts";
import { standardRate } from "./rate-table.ts";
import type { PricedMeter } from "./rate.ts";
import type { CatalogueRow, Rates, Supplement } from "./row.ts";

type Added = { [meter in PricedMeter]?: PicoUsd };

/**
 * The same prices without supplements. A row without a rate for output gets that of input, which it
 * is charged at.
 *
 * Hours must not state a meter that the row leaves to a multiple if it has context tiers too: which
 * of the two takes precedence would change.
 */
export function resolveRow(row: CatalogueRow): CatalogueRow {
  const { supplements = [], ...own } = row;
  const all = [...supplements, outputAsInput(row)];
  const whole: CatalogueRow = { ...own, supplements: all };
  const meters = [...new Set(all.flatMap(metersOf))];
  const base = addedTo(meters, (meter) => standardRate(meter, { row: whole, ...unscheduled }));
  const tiers = own.contextTiers?.map((tier, index) => ({
    ...tier,
    rates: {
      ...tier.rates,
      ...addedTo(meters, (meter) => {
        const found = standardRate(meter, { ...unscheduled, row: whole, level: index + 1 });
        return found?.context === tier ? found : undefined;
      }),
    },
  }));
  const schedules = own.schedules?.map((schedule) => ({
    ...schedule,
    rates: {
      ...schedule.rates,
      ...addedTo(meters, (meter) => {
        const found = standardRate(meter, { row: whole, level: 0, scheduled: schedule.rates });
        return found?.perUnit === (own.rates[meter] ?? base[meter]) ? undefined : found;
      }),
    },
  }));
  return {
    ...own,
    rates: { ...base, ...own.rates },
    ...(tiers && { contextTiers: tiers }),
    ...(schedules && { schedules }),
  };
}

const unscheduled = { level: 0, scheduled: undefined };

function outputAsInput({ source, version }: CatalogueRow): Supplement {
  const same = { of: "input", numerator: 1n, denominator: 1n } as const;
  return { multiples: { output: same }, source, version };
}

function metersOf({ rates = {}, multiples = {} }: Supplement): readonly PricedMeter[] {
  return [...Object.keys(rates), ...Object.keys(multiples)] as PricedMeter[];
}

function addedTo(
  meters: readonly PricedMeter[],
  find: (meter: PricedMeter) => { readonly perUnit: PicoUsd } | undefined,
): Rates {
  const added: Added = {};
  for (const meter of meters) {
    const found = find(meter);
    if (found) added[meter] = found.perUnit;
  }
  return added;
}
