/** Puts newly published rates into a price row, and carries over what the publisher leaves out. */

import type { PicoUsd } from "../../money/money.ts";
import type { Meter } from "../../usage/usage.ts";
import { countsTokens, type PricedMeter } from "../row/rate.ts";
import { scale } from "../row/ratio.ts";
import type { CatalogueRow, ContextTier, OwnRates, Rates, TermPrice } from "../row/row.ts";
import { isFactor } from "../row/terms.ts";

export interface Renewed {
  readonly row: CatalogueRow;
  /**
   * Prices that the publisher does not state, changed in proportion: meters, tiers, regions,
   * `hours`, `context_tiers`.
   */
  readonly carried: readonly string[];
}

/**
 * Stated rates replace the present ones. For what the publisher leaves out:
 *
 * - fees, factors of tiers and regions, and multiples of other rates stay;
 * - other rates per token follow the rate they belong to (input or output), rounded up: if it
 *   changed, they change in the same proportion, and are named in `carried`.
 */
export function renewRow(present: CatalogueRow, published: CatalogueRow): Renewed {
  const stated = withoutOutput(present, published);
  const carried = new Set<string>();
  const report = (name: string): unknown => carried.add(name);
  const prices = renewPrices(present, stated, report);
  return { row: renewedRow(present, stated, prices), carried: [...carried] };
}

type Prices = Pick<
  CatalogueRow,
  "rates" | "contextTiers" | "schedules" | "serviceTiers" | "regions"
>;

/** @param report Called with the name of each price that is carried over in proportion. */
function renewPrices(
  present: CatalogueRow,
  stated: CatalogueRow,
  report: (name: string) => void,
): Prices {
  const bases: Bases = { before: present.rates, after: mainRates(present.rates, stated.rates) };
  const rates = {
    ...carryRates(leaveOut(present.rates, stated.rates), bases, report),
    ...stated.rates,
  };
  const contextTiers = renewTiers(present, stated, { bases, report });
  const before = present.contextTiers ?? [];
  const terms: TermBases = { ...bases, row: rates, present: before, contextTiers, report };
  const serviceTiers = renewTerms(present.serviceTiers ?? {}, stated.serviceTiers ?? {}, terms);
  const regions = renewRegions(present, stated, terms);
  const schedules =
    stated.schedules ??
    present.schedules?.map((hours) => ({
      ...hours,
      rates: carryRates(hours.rates, bases, () => report("hours")),
    }));
  return {
    rates,
    ...(contextTiers.length > 0 && { contextTiers }),
    ...(schedules && { schedules }),
    ...(Object.keys(serviceTiers).length > 0 && { serviceTiers }),
    ...(regions && { regions }),
  };
}

/** All but the prices: ids of both, the limits that are known, and what the publisher never has. */
function renewedRow(present: CatalogueRow, stated: CatalogueRow, prices: Prices): CatalogueRow {
  const { provider, source, version } = stated;
  const contextWindow = present.contextWindow ?? stated.contextWindow;
  const maxOutputTokens = present.maxOutputTokens ?? stated.maxOutputTokens;
  const free = stated.free ?? present.free;
  return {
    provider,
    ...(haveSameId(present, stated)
      ? { model: present.model, ids: { any: [present.ids, stated.ids] } }
      : { model: stated.model, ids: stated.ids }),
    ...prices,
    ...(present.supplements && { supplements: present.supplements }),
    ...(free && { free }),
    cacheWrites: present.cacheWrites,
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    source,
    version,
  };
}

function haveSameId(left: CatalogueRow, right: CatalogueRow): boolean {
  return left.model.toLowerCase() === right.model.toLowerCase();
}

/** Embeddings have no output. One list gives it the price of input, another zero. */
function withoutOutput(present: CatalogueRow, stated: CatalogueRow): CatalogueRow {
  const isAsInput = present.rates.output === present.rates.input;
  if (!isAsInput || stated.rates.output !== 0n || stated.rates.input === 0n) return stated;
  const { output: _, ...rates } = stated.rates;
  return { ...stated, rates };
}

/** The rates that others follow. */
interface Bases {
  readonly before: Rates;
  readonly after: Rates;
}

interface TermBases extends Bases {
  /** All rates of the new row. */
  readonly row: Rates;
  /** The tiers of the present row. */
  readonly present: readonly ContextTier[];
  /** Those of the new row. */
  readonly contextTiers: readonly ContextTier[];
  /** Called with the name of each term that changes. */
  readonly report: (name: string) => void;
}

/** The new rates of input and output; an output rate that is not stated follows input. */
function mainRates(present: Rates, stated: Rates): Rates {
  const input = stated.input ?? present.input;
  const followed: Bases = { before: present, after: { ...(input !== undefined && { input }) } };
  const output =
    stated.output ??
    (present.output === undefined ? undefined : scaled(present.output, "input", followed));
  return { ...followed.after, ...(output !== undefined && { output }) };
}

/** @param report Called with each meter whose rate changes. */
function carryRates(old: Rates, bases: Bases, report: (meter: string) => void): Rates {
  const carried: { [meter in PricedMeter]?: PicoUsd } = {};
  for (const [name, rate] of Object.entries(old)) {
    const meter = name as PricedMeter;
    if (rate === undefined) continue;
    const after = countsTokens(meter) ? scaled(rate, baseOf(meter, bases), bases) : rate;
    if (after !== rate) report(meter);
    carried[meter] = after;
  }
  return carried;
}

function baseOf(meter: PricedMeter, { before }: Bases): "input" | "output" {
  return outputMeters.has(meter) && before.output !== undefined ? "output" : "input";
}

const outputMeters: ReadonlySet<PricedMeter> = new Set<PricedMeter>([
  "output",
  "reasoning",
  "output_audio",
  "output_image",
]);

/** Rounded up. Unchanged if the base is free or not stated. */
function scaled(rate: PicoUsd, base: "input" | "output", { before, after }: Bases): PicoUsd {
  const [from, to] = [before[base], after[base]];
  if (from === undefined || to === undefined || from === 0n) return rate;
  return scale(rate, { numerator: to, denominator: from });
}

/** Thresholds come from the publisher if it states any. */
function renewTiers(
  present: CatalogueRow,
  stated: CatalogueRow,
  { bases, report }: { readonly bases: Bases; readonly report: (name: string) => void },
): readonly ContextTier[] {
  const old = present.contextTiers ?? [];
  const reportTier = (): void => report("context_tiers");
  if (!stated.contextTiers)
    return old.map((tier) => ({ ...tier, rates: carryRates(tier.rates, bases, reportTier) }));
  return stated.contextTiers.map((tier) => {
    const same = old.find(({ tokens }) => tokens === tier.tokens);
    if (!same) return tier;
    const left = leaveOut(same.rates, tier.rates);
    const inTier: Bases = { before: same.rates, after: tier.rates };
    return { ...tier, rates: { ...carryRates(left, inTier, reportTier), ...tier.rates } };
  });
}

function renewRegions(
  present: CatalogueRow,
  stated: CatalogueRow,
  bases: TermBases,
): CatalogueRow["regions"] {
  const [old, now] = [present.regions, stated.regions];
  if (old === undefined || old === "included") return now ?? old;
  const listed = now === undefined || now === "included" ? {} : now;
  return renewTerms(old, listed, bases);
}

/** Factors stay as they are: they follow the rates. */
function renewTerms(
  present: Readonly<Record<string, TermPrice>>,
  stated: Readonly<Record<string, TermPrice>>,
  bases: TermBases,
): Readonly<Record<string, TermPrice>> {
  const carried = Object.entries(present).map(([name, price]) => {
    const now = stated[name];
    const inTerm: TermBases = { ...bases, report: () => bases.report(name) };
    if (now !== undefined) return [name, renewTerm(price, now, inTerm)] as const;
    const own = isFactor(price) ? price : carryOwn(price, bases, () => bases.report(name));
    return [name, own] as const;
  });
  return { ...stated, ...Object.fromEntries(carried) };
}

/**
 * A factor that gives every stated rate stays: it also gives those that are not stated. Of own rates,
 * those that are not stated are carried over.
 */
function renewTerm(present: TermPrice, stated: TermPrice, bases: TermBases): TermPrice {
  if (isFactor(stated)) return stated;
  if (!isFactor(present)) return renewOwn(present, stated, bases);
  const isScaled = (own: Rates, standard: Rates): boolean =>
    Object.entries(own).every(([name, rate]) => {
      const plain = standard[name as Meter];
      return plain !== undefined && scale(plain, present) === rate;
    });
  const isSame =
    isScaled(stated.rates, bases.row) &&
    (stated.contextTiers ?? []).every(({ tokens, rates }) => {
      const tier = bases.contextTiers.find((other) => other.tokens === tokens);
      return tier !== undefined && isScaled(rates, { ...bases.row, ...tier.rates });
    });
  return isSame ? present : stated;
}

function renewOwn(present: OwnRates, stated: OwnRates, bases: TermBases): OwnRates {
  const before = { ...bases.before, ...present.rates };
  const follows = before.input === undefined ? undefined : scaled(before.input, "input", bases);
  const input = stated.rates.input ?? follows;
  const known = { ...(input !== undefined && { input }), ...stated.rates };
  const inTerm: Bases = { before, after: mainRates(before, known) };
  const carry = (rates: Rates): Rates => carryRates(rates, inTerm, bases.report);
  const rates = { ...carry(leaveOut(present.rates, stated.rates)), ...stated.rates };
  if (stated.contextTiers) return { ...stated, rates };
  const old = present.contextTiers ?? [];
  const kept = old.filter((tier) =>
    bases.contextTiers.some(({ tokens }) => tokens === tier.tokens),
  );
  if (kept.length < old.length) bases.report("context_tiers");
  const contextTiers = kept.map((tier) => ({ ...tier, rates: carry(tier.rates) }));
  return { rates, ...(contextTiers.length > 0 && { contextTiers }) };
}

/** Own rates at a threshold that the new row does not have are left out. */
function carryOwn(own: OwnRates, bases: TermBases, report: () => void): OwnRates {
  const contextTiers = (own.contextTiers ?? []).flatMap((tier) => {
    const before = bases.present.find(({ tokens }) => tokens === tier.tokens);
    const after = bases.contextTiers.find(({ tokens }) => tokens === tier.tokens);
    if (!before || !after) {
      report();
      return [];
    }
    const inTier: Bases = {
      before: { ...bases.before, ...before.rates },
      after: { ...bases.after, ...after.rates },
    };
    const rates = carryRates(tier.rates, inTier, report);
    return [{ ...tier, inclusive: after.inclusive, rates }];
  });
  return {
    rates: carryRates(own.rates, bases, report),
    ...(contextTiers.length > 0 && { contextTiers }),
  };
}

function leaveOut<Value>(
  all: Readonly<Record<string, Value>>,
  stated: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => stated[name] === undefined));
}
