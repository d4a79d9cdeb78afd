/** Properties of price sheets for any query and usage: nothing is free, and bounds hold. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { pico, type PicoUsd } from "../money/money.ts";
import {
  countContext,
  feeMeters,
  fixedMeters,
  tokenMeters,
  type Meter,
  type Usage,
} from "../usage/usage.ts";
import { at, charge, costOf, serviceTiers, sheetOf } from "./row-sheet.test-kit.ts";
import type { Charge, ServiceTier } from "./row/rate.ts";
import type { Rates } from "./row/row.ts";
import type { DearestRates } from "./sheet.ts";

const perUnit = fc.bigInt({ min: 0n, max: 10n ** 9n }).map(pico);
const someRates = fc.record(
  Object.fromEntries([...fixedMeters, "reasoning"].map((meter) => [meter, perUnit])) as Record<
    Meter,
    fc.Arbitrary<PicoUsd>
  >,
  {
    requiredKeys: ["input"],
  },
) as fc.Arbitrary<Rates>;
const ratio = fc.record({
  numerator: fc.bigInt({ min: 0n, max: 9n }),
  denominator: fc.bigInt({ min: 1n, max: 9n }),
});
const ownRates = fc.record({
  rates: fc.record(
    {
      input: perUnit,
      output: perUnit,
      cache_read: perUnit,
      cache_write_5m: perUnit,
      web_search: perUnit,
    },
    { requiredKeys: [] },
  ),
});
const termPrice = fc.oneof(ratio, ownRates);
const tier = fc.record({
  tokens: fc.integer({ min: 1, max: 900 }),
  inclusive: fc.boolean(),
  rates: someRates,
});
const randomRow = fc.record({
  rates: someRates,
  contextTiers: fc
    .uniqueArray(tier, { selector: ({ tokens }) => tokens, maxLength: 3 })
    .map((tiers) => tiers.toSorted((a, b) => a.tokens - b.tokens)),
  serviceTiers: fc.record(
    { batch: termPrice, flex: termPrice, priority: termPrice, fast: termPrice },
    { requiredKeys: [] },
  ),
  regions: fc.record({ us: termPrice, eu: termPrice, "*": termPrice }, { requiredKeys: [] }),
  cacheWrites: fc.constantFrom("asked" as const, "always" as const),
});
const counts = (
  fc.record(
    Object.fromEntries([...fixedMeters, "reasoning"].map((meter) => [meter, fc.nat({ max: 300 })])),
    { requiredKeys: [] },
  ) as fc.Arbitrary<Usage>
).map((usage): Usage => ({
  ...usage,
  reasoning: Math.min(usage.reasoning ?? 0, usage.output ?? 0),
}));

test("a charge is quantity times rate on every line, and every counted token is on one", () => {
  fc.assert(
    fc.property(
      randomRow,
      counts,
      fc.constantFrom(...serviceTiers),
      (changes, usage, serviceTier) => {
        const lines = charge(sheetOf(changes), usage, serviceTier);
        for (const line of lines)
          assert.equal(line.cost, (line.rate?.perUnit ?? 0n) * BigInt(line.quantity));
        const counted = (meter: string): number =>
          lines.find((line) => line.meter === meter)?.quantity ?? 0;
        for (const meter of tokenMeters) {
          const apart = meter === "output" ? counted("reasoning") : 0;
          assert.equal(counted(meter) + apart, usage[meter] ?? 0);
        }
      },
    ),
  );
});

test("splitting a usage into parts below the cliff does not change what it costs", () => {
  fc.assert(
    fc.property(someRates, counts, counts, (rates, first, second) => {
      const { request: _fee, ...tokens } = rates;
      const sheet = sheetOf({
        rates: { ...tokens, input: rates.input ?? pico(1n) },
        contextTiers: [{ tokens: 10_000, inclusive: false, rates: { input: pico(0n) } }],
      });
      const sum = Object.fromEntries(
        [...fixedMeters, "reasoning" as const].map((meter) => [
          meter,
          (first[meter] ?? 0) + (second[meter] ?? 0),
        ]),
      );
      assert.equal(
        costOf(charge(sheet, first)) + costOf(charge(sheet, second)),
        costOf(charge(sheet, sum)),
      );
    }),
  );
});

const rank = (tier: ServiceTier): number =>
  ({ batch: 0, flex: 1, standard: 2, priority: 3, fast: 3, other: 4 })[tier];

test("no usage within a query costs more than the dearest rates", () => {
  const query = fc.record({
    cacheWrite: fc.constantFrom("none" as const, "5m" as const, "1h" as const),
    serviceTier: fc.constantFrom(...serviceTiers),
    served: fc.constantFrom(...serviceTiers),
    servedIn: fc.constantFrom("global", "us", "eu", "mars"),
    isRegionAsked: fc.boolean(),
    media: fc.boolean(),
    spare: fc.nat({ max: 50 }),
  });
  fc.assert(
    fc.property(
      randomRow,
      counts,
      query,
      (changes, raw, { served, servedIn, isRegionAsked, ...asked }) => {
        fc.pre(served === asked.serviceTier || rank(served) < rank(asked.serviceTier));
        const options = { serviceTier: served, region: servedIn, at };
        const usage = within(raw, {
          cacheWrite: asked.cacheWrite,
          always: changes.cacheWrites === "always",
          media: asked.media,
        });
        const sheet = sheetOf(changes, null);
        const region = isRegionAsked ? { region: servedIn } : {};
        const dearest = sheet.dearest({
          ...asked,
          ...region,
          inputTokens: countContext(usage) + asked.spare,
        });
        const outputs = (usage.output ?? 0) + (usage.output_audio ?? 0) + (usage.output_image ?? 0);
        const bound =
          dearest.input * BigInt(countContext(usage)) +
          dearest.output * BigInt(outputs) +
          dearest.webSearch *
            BigInt(feeMeters.reduce((sum, meter) => sum + (usage[meter] ?? 0), 0)) +
          dearest.request * BigInt(usage.request ?? 1);
        const lines = sheet.charge({ model: null, usage }, options);
        assert.ok(costOf(lines) <= bound);
        for (const { meter, rate } of lines)
          assert.ok(
            (rate?.perUnit ?? 0n) <= dearest[unitOf(meter)],
            `${meter} is bounded by itself`,
          );
      },
    ),
    { numRuns: 500 },
  );
});

function unitOf(meter: Charge["meter"]): keyof DearestRates {
  if (meter === "request") return "request";
  if (
    meter === "reasoning" ||
    meter === "output" ||
    meter === "output_audio" ||
    meter === "output_image"
  )
    return "output";
  return tokenMeters.has(meter as Meter) ? "input" : "webSearch";
}

/**
 * Usage possible under a query: no unrequested cache writes, and no media that was not sent.
 */
function within(
  usage: Usage,
  asked: { cacheWrite: "none" | "5m" | "1h"; always: boolean; media: boolean },
): Usage {
  const allowed = { ...usage };
  if (asked.cacheWrite === "none" && !asked.always) delete allowed.cache_write_5m;
  if (asked.cacheWrite !== "1h") delete allowed.cache_write_1h;
  if (!asked.media)
    for (const meter of ["input_audio", "cache_read_audio", "input_image"] as const)
      delete allowed[meter];
  return allowed;
}
