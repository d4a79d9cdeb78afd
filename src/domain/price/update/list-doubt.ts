/** Finds implausible changes in a published price list, before its prices are stored. */

import { formatUsd, type PicoUsd } from "../../money/money.ts";
import { leastTokenRate } from "../text/doubtful-rate.ts";
import { formatPerMillion } from "../text/per-million.ts";
import { listedModels, type ModelChange, type StatedList } from "./list-change.ts";
import { countsTokens, type PricedMeter } from "../row/rate.ts";
import type { RateChange } from "./rate-change.ts";
import { scale } from "../row/ratio.ts";
import type { CatalogueRow, ContextTier, Factor, Rates, TermPrice } from "../row/row.ts";
import { isFactor, statedRates, termsOf, unstatedTokens } from "../row/terms.ts";
import type { ModelName } from "../served.ts";

/**
 * - `zero` a price becomes zero, or a new model has one: everywhere, or under some terms
 * - `tenfold` a price becomes ten times as high or low, or more
 * - `vanished` a provider has no models left in the list
 * - `empty` the list has no prices
 * - `unit` a price per token, or per unit of anything else, is impossible: its unit was mistaken
 */
export const doubtKinds = ["zero", "tenfold", "vanished", "empty", "unit"] as const;

export type DoubtKind = (typeof doubtKinds)[number];

export interface Doubt {
  readonly kind: DoubtKind;
  /** Null if it is about the whole list. */
  readonly provider: string | null;
  /** Null if it is about a whole provider. */
  readonly model: string | null;
  /** Such as `input from 2.5 to 0 USD per million`. */
  readonly detail: string;
}

/**
 * Doubts about the list as a whole.
 *
 * @param gone Models of the book that the list no longer has.
 */
export function doubtsAbout(
  list: StatedList,
  { gone, at }: { readonly gone: readonly ModelName[]; readonly at: number },
): readonly Doubt[] {
  const listed = listedModels(list, at);
  if (listed.length === 0)
    return [{ kind: "empty", provider: null, model: null, detail: emptyText(list) }];
  const left = new Set(listed.map(({ provider }) => provider));
  return [...Map.groupBy(gone, ({ provider }) => provider)]
    .filter(([provider]) => !left.has(provider))
    .map(([provider, { length }]): Doubt => ({
      kind: "vanished",
      provider,
      model: null,
      detail: `${length} ${length === 1 ? "model is" : "models are"} no longer in the list`,
    }));
}

function emptyText({ skipped: { length } }: StatedList): string {
  if (length === 0) return "the list has no prices";
  return `the list has no price that can be used: ${length} ${length === 1 ? "model is" : "models are"} skipped`;
}

/** Doubts about one model. */
export function doubtsOf({
  provider,
  model,
  kind,
  rates,
  rows,
  carried,
}: ModelChange): readonly Doubt[] {
  const free = kind === "new" ? rows.flatMap(zeroRates) : [];
  const zeros = free.map((detail) => ({ kind: "zero" as const, detail }));
  const jumps = rates.flatMap((change): readonly Pick<Doubt, "kind" | "detail">[] => {
    const jump = jumpOf(change);
    return jump === null ? [] : [{ kind: jump, detail: changeText(change) }];
  });
  // What is carried over in proportion is only impossible because of what is stated.
  const impossible = rows.flatMap(impossibleRates);
  const units = [
    ...impossible.filter(({ meter }) => !carried.includes(meter)),
    ...impossible.filter(({ meter }) => carried.includes(meter)),
  ].map(({ detail }) => ({ kind: "unit" as const, detail }));
  // One of each kind is enough to decide, and names the model.
  const first = new Map(
    [...jumps, ...zeros, ...units].toReversed().map((doubt) => [doubt.kind, doubt]),
  );
  return [...first.values()].map((doubt) => ({ ...doubt, provider, model }));
}

/**
 * A new rate may well be a tenth of the substitute that it replaces, but not a thousandth. Without
 * the price of its tokens, a model would cost nothing in a budget that allows that.
 */
function jumpOf({ meter, before, after, isOwn }: RateChange): "zero" | "tenfold" | null {
  if (before === null || before === 0n) return null;
  if (after === null) return meter === "input" || meter === "output" ? "zero" : null;
  if (!isOwn) return after > 0n && before >= after * 1000n ? "tenfold" : null;
  if (after === 0n) return "zero";
  return after >= before * 10n || before >= after * 10n ? "tenfold" : null;
}

function changeText({ meter, before, after }: RateChange): string {
  const usd = (rate: PicoUsd | null): string =>
    rate === null ? "none" : shortened(formatPerMillion(rate));
  return `${meter} from ${usd(before)} to ${usd(after)} USD per million`;
}

/** What a new model costs nothing for. An unknown price may be listed as zero. */
function zeroRates(row: CatalogueRow): readonly string[] {
  if (isFree(row))
    return row.model.endsWith(freeVariant) ? [] : ["input and output at 0 USD per million"];
  return partsOf(row).flatMap(({ name, price }) => {
    if (isFactor(price)) return price.numerator === 0n ? [`${name} at 0 × the standard rates`] : [];
    return Object.entries(price.rates).flatMap(([meter, rate]) =>
      rate === 0n && (row.rates[meter as PricedMeter] ?? 0n) > 0n
        ? [`${meter} ${name} at 0 USD`]
        : [],
    );
  });
}

/** OpenRouter's, whose ids say that they cost nothing. */
const freeVariant = ":free";

/** Tokens at zero do not mean free in a row with prices of units, or of calls. */
function isFree(row: CatalogueRow): boolean {
  const { input = 0n, output = 0n, request = 0n } = row.rates;
  return unstatedTokens(row) === "none" && input === 0n && output === 0n && request === 0n;
}

interface Part {
  readonly name: string;
  readonly price: TermPrice;
}

/** What changes the standard rates, with a name for people. */
function partsOf(row: CatalogueRow): readonly Part[] {
  const { contextTiers = [], schedules = [], serviceTiers = {}, regions = {} } = row;
  const above = (tiers: readonly ContextTier[], where: string): readonly Part[] =>
    tiers.map((price) => ({ name: `${where}from ${price.tokens} tokens on`, price }));
  const under = (terms: Readonly<Record<string, TermPrice>>, where: string): readonly Part[] =>
    Object.entries(terms).flatMap(([term, price]) => [
      { name: `${where} ${term}`, price },
      ...(isFactor(price) ? [] : above(price.contextTiers ?? [], `${where} ${term} `)),
    ]);
  return [
    ...above(contextTiers, ""),
    ...schedules.map((price) => ({ name: "at some hours", price })),
    ...under(serviceTiers, "in the tier"),
    ...(regions === "included" ? [] : under(regions, "in the region")),
  ];
}

interface ImpossibleRate {
  readonly meter: string;
  readonly detail: string;
}

function impossibleRates(row: CatalogueRow): readonly ImpossibleRate[] {
  return everyRates(row).flatMap((some) =>
    Object.entries(some).flatMap(([name, rate]) => {
      const meter = name as PricedMeter;
      if (rate === undefined) return [];
      if (!countsTokens(meter))
        return rate > mostPerUnit
          ? [{ meter, detail: `${meter} at ${shortened(formatUsd(rate))} USD each` }]
          : [];
      return isImpossible(rate)
        ? [{ meter, detail: `${meter} at ${shortened(formatPerMillion(rate))} USD per million` }]
        : [];
    }),
  );
}

/** Shortens an amount of hundreds of digits to `1.5e+300`. It may be above the largest number. */
function shortened(usd: string): string {
  if (usd.length <= mostDigits) return usd;
  const [whole = ""] = usd.split(".");
  return `${Number(`${whole[0]}.${whole.slice(1, 7)}`)}e+${whole.length - 1}`;
}

const mostDigits = 30;

/** As stated, and under every factor. */
function everyRates(row: CatalogueRow): readonly Rates[] {
  const stated = statedRates(row);
  const factors = termsOf(row).filter(isFactor);
  return [...stated, ...factors.flatMap((factor) => stated.map((rates) => scaled(rates, factor)))];
}

function scaled(rates: Rates, factor: Factor): Rates {
  return Object.fromEntries(tokenRates(rates).map(([meter, rate]) => [meter, scale(rate, factor)]));
}

function tokenRates(rates: Rates): readonly (readonly [PricedMeter, PicoUsd])[] {
  return Object.entries(rates).flatMap(([name, rate]) => {
    const meter = name as PricedMeter;
    return rate !== undefined && countsTokens(meter) ? [[meter, rate] as const] : [];
  });
}

/** The dearest list price of a token so far is 600 USD per million, the cheapest 0.001. */
function isImpossible(rate: PicoUsd): boolean {
  return rate > most || (rate > 0n && rate < leastTokenRate);
}

/** 10,000 USD per million tokens. */
const most = 10_000_000_000n;
/** 1,000 USD, the most that a stored price per unit can be. */
const mostPerUnit = 1_000_000_000_000_000n;
