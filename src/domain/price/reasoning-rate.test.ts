/** Reasoning with a price of its own, apart from the rest of the output. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../money/money.ts";
import { openMeter } from "../usage/open-meter.ts";
import type { Usage } from "../usage/usage.ts";
import type { ServiceTier } from "./row/rate.ts";
import { charge, row, sheetOf } from "./row-sheet.test-kit.ts";
import type { CatalogueRow } from "./row/row.ts";

const priced = { rates: { ...row.rates, reasoning: pico(80n) } };

function lines(
  changes: Partial<CatalogueRow>,
  usage: Usage,
  serviceTier: ServiceTier = "standard",
): readonly unknown[] {
  return charge(sheetOf(changes), usage, serviceTier).map(({ meter, quantity, cost, rate }) => [
    meter,
    quantity,
    cost,
    rate?.meter,
  ]);
}

test("reasoning with a price has a line of its own, and output is charged without it", () => {
  assert.deepEqual(lines(priced, { output: 10, reasoning: 4 }), [
    ["output", 6, 300n, "output"],
    ["reasoning", 4, 320n, "reasoning"],
  ]);
  assert.deepEqual(lines(priced, { output: 4, reasoning: 4 }), [
    ["reasoning", 4, 320n, "reasoning"],
  ]);
  assert.deepEqual(lines(priced, { output: 4 }), [["output", 4, 200n, "output"]]);
});

test("a factor without reasoning charges it as the output of its tier", () => {
  const half = { numerator: 1n, denominator: 2n };
  const batch = { ...half, without: ["reasoning"] as const };
  const usage = { output: 10, reasoning: 4 };
  assert.deepEqual(lines({ ...priced, serviceTiers: { batch: half } }, usage, "batch"), [
    ["output", 6, 150n, "output"],
    ["reasoning", 4, 160n, "reasoning"],
  ]);
  assert.deepEqual(lines({ ...priced, serviceTiers: { batch } }, usage, "batch"), [
    ["output", 10, 250n, "output"],
  ]);
});

test("reasoning without a price is output like any other", () => {
  assert.deepEqual(lines({}, { output: 10, reasoning: 4 }), [["output", 10, 500n, "output"]]);
});

test("reasoning never exceeds the output that it is part of", () => {
  assert.deepEqual(lines(priced, { output: 4, reasoning: 9 }), [
    ["reasoning", 4, 320n, "reasoning"],
  ]);
});

test("a factor applies to reasoning; a tier without a rate for it keeps the proportion to output", () => {
  const serviceTiers = {
    batch: { numerator: 1n, denominator: 2n },
    flex: { rates: { output: pico(10n) } },
    priority: { rates: { output: pico(60n), reasoning: pico(70n) } },
  };
  const usage = { output: 2, reasoning: 1 };
  for (const [tier, output, reasoning] of [
    ["batch", 25n, 40n],
    ["flex", 10n, 16n],
    ["priority", 60n, 70n],
  ] as const)
    assert.deepEqual(lines({ ...priced, serviceTiers }, usage, tier), [
      ["output", 1, output, "output"],
      ["reasoning", 1, reasoning, "reasoning"],
    ]);
});

test("the bound of output covers dearer reasoning", () => {
  const query = { inputTokens: 1, cacheWrite: "none", serviceTier: "standard" } as const;
  assert.equal(sheetOf(priced).dearest(query).output, 80n);
});

test("reasoning at zero in a row without prices of tokens is unpriced, as other tokens are", () => {
  const sources = (rates: CatalogueRow["rates"]): readonly unknown[] =>
    charge(sheetOf({ rates }), { output: 3, reasoning: 1 }).map(({ meter, rate }) => [
      meter,
      rate?.source,
    ]);
  const free = { input: pico(0n), reasoning: pico(0n) };
  const unpriced = [
    ["output", "unpriced"],
    ["reasoning", "unpriced"],
  ];
  assert.deepEqual(sources({ ...free, [openMeter("images")]: pico(5n) }), unpriced);
  assert.deepEqual(sources({ ...free, output_image: pico(5n) }), unpriced);
  assert.deepEqual(sources({ ...free, output: pico(0n) }), [
    ["output", row.source],
    ["reasoning", row.source],
  ]);
});
