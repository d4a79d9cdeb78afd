/** Test kit: random price rows that use every part of the language, and random usages. */

import * as fc from "fast-check";
import { pico } from "../../money/money.ts";
import { openMeter } from "../../usage/open-meter.ts";
import { fixedMeters, tokenMeters, type FixedMeter, type Usage } from "../../usage/usage.ts";
import type { CatalogueRow, ContextTier, Rates, Schedule, Supplement, TermPrice } from "./row.ts";

const perUnit = fc.bigInt({ min: 0n, max: 10n ** 9n }).map(pico);
const tokens: readonly FixedMeter[] = fixedMeters.filter((meter) => tokenMeters.has(meter));
const pages = openMeter("pages");

function ratesOf(meters: readonly string[], required: readonly string[] = []): fc.Arbitrary<Rates> {
  return fc.record(Object.fromEntries(meters.map((meter) => [meter, perUnit])), {
    requiredKeys: [...required],
  });
}

function someOf(meters: readonly string[]): fc.Arbitrary<Rates> {
  return ratesOf(meters).filter((rates) => Object.keys(rates).length > 0);
}

const ratio = fc.record({
  numerator: fc.bigInt({ min: 0n, max: 40n }),
  denominator: fc.bigInt({ min: 1n, max: 40n }),
});
const factor = fc.record(
  {
    ratio,
    without: fc.subarray(["cache_read", "cache_write_5m", "output_audio", "reasoning"] as const),
  },
  { requiredKeys: ["ratio"] },
);

const supplement: fc.Arbitrary<Supplement> = fc.record(
  {
    rates: ratesOf(["cache_read", "input_image", "web_search", "file_search", "request", pages]),
    multiples: fc
      .record(
        { cache_write_5m: ratio, cache_write_1h: ratio, cache_read: ratio },
        { requiredKeys: [] },
      )
      .map((ratios) =>
        Object.fromEntries(
          Object.entries(ratios).map(([meter, one]) => [meter, { ...one, of: "input" as const }]),
        ),
      ),
    source: fc.constant("fees"),
    version: fc.constant("1"),
  },
  { requiredKeys: ["source", "version"] },
);

function tiersAt(edges: readonly ContextTier[]): fc.Arbitrary<readonly ContextTier[]> {
  return fc
    .subarray([...edges])
    .chain((some) =>
      fc.tuple(
        ...some.map((edge) => someOf(["input", "output"]).map((rates) => ({ ...edge, rates }))),
      ),
    );
}

function termAt(edges: readonly ContextTier[]): fc.Arbitrary<TermPrice> {
  const own = fc
    .tuple(
      someOf(["input", "output", "reasoning", "cache_read", "cache_write_5m", "web_search", pages]),
      tiersAt(edges),
    )
    .map(([rates, contextTiers]) => ({ rates, contextTiers }));
  return fc.oneof(
    factor.map(({ ratio: { numerator, denominator }, without }) => ({
      numerator,
      denominator,
      ...(without && { without }),
    })),
    own,
  );
}

const contextTiers: fc.Arbitrary<readonly ContextTier[]> = fc
  .uniqueArray(
    fc.record({
      tokens: fc.integer({ min: 1, max: 900 }),
      inclusive: fc.boolean(),
      rates: ratesOf([...fixedMeters, "reasoning"]),
    }),
    { selector: ({ tokens: edge }) => edge, maxLength: 3 },
  )
  .map((tiers) => tiers.toSorted((left, right) => left.tokens - right.tokens));

const schedule = fc
  .record({
    weekdays: fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }),
    fromMinute: fc.integer({ min: 0, max: 1439 }),
    toMinute: fc.integer({ min: 1, max: 1440 }),
    rates: someOf(["input", "output", "cache_read", "web_search", pages]),
  })
  .filter(({ fromMinute, toMinute }) => fromMinute < toMinute);

/** A row of `acme/m` that states at least input and output. */
export const randomRow: fc.Arbitrary<CatalogueRow> = contextTiers
  .chain(rowWith)
  .map((row) => ({ ...row, ...(row.schedules && { schedules: row.schedules.map(usual(row)) }) }));

/** Hours change rates of the row itself, not those of a supplement (`resolve-row.ts`). */
function usual({ rates }: CatalogueRow): (schedule: Schedule) => Schedule {
  return (schedule) => {
    const { cache_read, ...others } = schedule.rates;
    const isStated = rates.cache_read !== undefined && cache_read !== undefined;
    return { ...schedule, rates: { ...others, ...(isStated && { cache_read }) } };
  };
}

function rowWith(tiers: readonly ContextTier[]): fc.Arbitrary<CatalogueRow> {
  const term = termAt(tiers);
  return fc.record(
    {
      provider: fc.constant("acme"),
      model: fc.constant("m"),
      ids: fc.constant({ equals: "m" }),
      rates: ratesOf([...fixedMeters, "reasoning", pages], ["input", "output"]),
      contextTiers: fc.constant(tiers),
      schedules: fc.array(schedule, { maxLength: 3 }),
      serviceTiers: fc.record(
        { batch: term, flex: term, priority: term, fast: term },
        { requiredKeys: [] },
      ),
      regions: fc.oneof(
        fc.constant("included" as const),
        fc.record({ us: term, eu: term, "*": term }, { requiredKeys: [] }),
      ),
      supplements: fc.array(supplement, { maxLength: 2 }),
      cacheWrites: fc.constantFrom("asked" as const, "always" as const),
      contextWindow: fc.integer({ min: 1, max: 2_000_000 }),
      maxOutputTokens: fc.integer({ min: 1, max: 2_000_000 }),
      source: fc.constant("test"),
      version: fc.constant("1"),
    },
    {
      requiredKeys: ["provider", "model", "ids", "rates", "cacheWrites", "source", "version"],
    },
  );
}

export const randomUsage = (
  fc.record(
    Object.fromEntries(
      [...tokens, "reasoning", "web_search", "file_search", "request", pages].map(counts),
    ),
    { requiredKeys: [] },
  ) as fc.Arbitrary<Usage>
).map(({ reasoning, ...usage }): Usage =>
  reasoning === undefined
    ? usage
    : { ...usage, reasoning: Math.min(reasoning, usage["output"] ?? 0) },
);

function counts(meter: string): readonly [string, fc.Arbitrary<number>] {
  return [meter, fc.nat({ max: 300 })];
}
