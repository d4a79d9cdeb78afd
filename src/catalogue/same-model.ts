/**
 * Gives the dated and undated ids of one model the same bill: each gets the prices that only the
 * other's row has.
 */

import { spellingsOf } from "../domain/price/id/model-id.ts";
import { countsTokens, type PricedMeter } from "../domain/price/row/rate.ts";
import {
  isValidAt,
  type CatalogueRow,
  type ContextTier,
  type Rates,
} from "../domain/price/row/row.ts";

/**
 * Completes the rows that are valid at a time, and those that begin later as at that time. Two rows are completed by each other if their ids
 * differ by a date, and they state no price differently: the context tiers, service tiers, regions
 * and rates of either are then those of the model. Context tiers also apply to its ids in other
 * places, at the same rates: `us.` and `global.` name the same model. So do regions to ids of no place.
 *
 * @param at Milliseconds since the epoch.
 */
export function completeSameModels(
  rows: readonly CatalogueRow[],
  at: number,
): readonly CatalogueRow[] {
  const groupsAt = new Map(
    timesFrom(rows, at).map((time) => {
      const valid = rows.filter((row) => isValidAt(row, time));
      return [time, { byName: groups(valid, undatedName), byModel: groups(valid, bareName) }];
    }),
  );
  return rows.map((row) => {
    const time = Math.max(at, row.validFrom ?? at);
    const found = isValidAt(row, time) ? groupsAt.get(time) : undefined;
    if (!found) return row;
    const others = sameRates(found.byName.get(keyOf(row, undatedName)), row);
    const whole = others.reduce(completedBy, row);
    return sameRates(found.byModel.get(keyOf(row, bareName)), row).reduce(withPlaces, whole);
  });
}

/** The time, and each later one at which a row begins. */
function timesFrom(rows: readonly CatalogueRow[], at: number): readonly number[] {
  const starts = rows.map(({ validFrom = at }) => validFrom).filter((from) => from > at);
  return [...new Set([at, ...starts])];
}

/** The id without a date, a build or a revision. */
export function undatedName(model: string): string {
  const id = model.toLowerCase();
  return shortest(model, (name) => id.startsWith(name));
}

/** The id without its place and maker too. */
function bareName(model: string): string {
  return shortest(model, () => true);
}

function shortest(model: string, isWanted: (name: string) => boolean): string {
  return spellingsOf(model)
    .filter(({ naming, name }) => naming !== "prefix" && isWanted(name))
    .reduce((best, { name }) => (name.length < best.length ? name : best), model.toLowerCase());
}

function groups(
  rows: readonly CatalogueRow[],
  nameOf: (model: string) => string,
): ReadonlyMap<string, readonly CatalogueRow[]> {
  return Map.groupBy(rows, (row) => keyOf(row, nameOf));
}

function keyOf({ provider, model }: CatalogueRow, nameOf: (model: string) => string): string {
  return `${provider} ${nameOf(model)}`;
}

function sameRates(
  group: readonly CatalogueRow[] | undefined,
  row: CatalogueRow,
): readonly CatalogueRow[] {
  return (group ?? []).filter((other) => other !== row && statesTheSame(row.rates, other.rates));
}

/** Whether both have a price of input, and agree on all tokens that both price. */
export function statesTheSame(left: Rates, right: Rates): boolean {
  if ((left.input ?? 0n) === 0n || left.input !== right.input || left.output !== right.output)
    return false;
  return (Object.keys(left) as PricedMeter[]).every(
    (meter) => !countsTokens(meter) || right[meter] === undefined || left[meter] === right[meter],
  );
}

function completedBy(row: CatalogueRow, other: CatalogueRow): CatalogueRow {
  const known: Rates = Object.assign({}, ...(row.supplements ?? []).map(({ rates }) => rates));
  const lacking = Object.entries(other.rates).filter(
    ([meter]) =>
      row.rates[meter as PricedMeter] === undefined && known[meter as PricedMeter] === undefined,
  );
  const { source, version } = other;
  const rates = Object.fromEntries(lacking) as Rates;
  const isOwn = source === row.source;
  const serviceTiers = { ...other.serviceTiers, ...row.serviceTiers };
  const regions = regionsOfBoth(row, other);
  return withContextTiers(
    {
      ...row,
      rates: isOwn ? { ...row.rates, ...rates } : row.rates,
      ...(!isOwn &&
        lacking.length > 0 && {
          supplements: [...(row.supplements ?? []), { rates, source, version }],
        }),
      ...(Object.keys(serviceTiers).length > 0 && { serviceTiers }),
      ...(regions && { regions }),
    },
    other,
  );
}

function regionsOfBoth(row: CatalogueRow, other: CatalogueRow): CatalogueRow["regions"] {
  if (row.regions === "included" || other.regions === "included")
    return row.regions ?? other.regions;
  return row.regions || other.regions ? { ...other.regions, ...row.regions } : undefined;
}

/**
 * The context tiers of the model, and its regions if the id names no place: `us.` is in no other
 * region.
 */
function withPlaces(row: CatalogueRow, other: CatalogueRow): CatalogueRow {
  const whole = withContextTiers(row, other);
  const regions = row.regions ?? (namesPlace.test(row.model) ? undefined : other.regions);
  return regions ? { ...whole, regions } : whole;
}

const namesPlace = /^(?:us|eu|apac|jp|au|ca|sa|in|me|af|us-gov|global|regional)\.[a-z]/;

/** A tier of service that states rates has them by context size too. */
function withContextTiers(row: CatalogueRow, other: CatalogueRow): CatalogueRow {
  if (!other.contextTiers) return row;
  if (row.contextTiers) return { ...row, contextTiers: wholeTiers(row.contextTiers, other) };
  const serviceTiers = { ...row.serviceTiers, ...other.serviceTiers };
  return {
    ...row,
    contextTiers: other.contextTiers,
    ...(Object.keys(serviceTiers).length > 0 && { serviceTiers }),
  };
}

/** A tier without a price of cached tokens has that of the other row, at the same price of text. */
function wholeTiers(
  tiers: readonly ContextTier[],
  { contextTiers = [] }: CatalogueRow,
): readonly ContextTier[] {
  return tiers.map((tier) => {
    const other = contextTiers.find(
      ({ tokens, inclusive }) => tokens === tier.tokens && inclusive === tier.inclusive,
    );
    return other && statesTheSame(tier.rates, other.rates)
      ? { ...tier, rates: { ...other.rates, ...tier.rates } }
      : tier;
  });
}
