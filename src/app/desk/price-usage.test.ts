/** Tests which rates apply to usage that a caller reports. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../../domain/money/money.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import { DeskBench, keyOf } from "./desk.test-kit.ts";
import { priceUsage } from "./price-usage.ts";
import { start } from "../port/ledger.test-kit.ts";

const route = { provider: "p", model: "other", endpoint: "api", keyId: "k1" };
const reported = {
  hold: { at: start, route, attribution: {} },
  usage: { input: 100, output: 10 },
  serviceTier: "standard",
  model: null,
  reportedCost: null,
} as const;
const rates = (input: bigint, output: bigint) =>
  ({ policy: "allow", fallback: { input: pico(input), output: pico(output) } }) as const;

test("usage without a price is charged at the highest fallback rates of the budgets that apply", async (t) => {
  const bench = await DeskBench.open(t);
  assert.deepEqual(priceUsage(bench.context, reported).cost, 0n);
  await bench.books.budget({ budgetId: "one", unpriced: rates(1n, 5n) });
  await bench.books.budget({ budgetId: "two", unpriced: rates(2n, 3n) });
  const elsewhere = { budgetType: "project", resourceId: "x", unpriced: rates(9n, 9n) } as const;
  await bench.books.budget({ budgetId: "elsewhere", ...elsewhere });
  const { cost, flags } = priceUsage(bench.context, reported);
  assert.deepEqual([cost, flags], [2n * 100n + 5n * 10n, ["unpriced"]]);
});

test("the budgets that the key adds have a say in the fallback rates", async (t) => {
  const bench = await DeskBench.open(t);
  await bench.books.budget({
    budgetId: "extra",
    budgetType: "team",
    resourceId: "t",
    unpriced: rates(3n, 3n),
  });
  assert.equal(priceUsage(bench.context, reported).cost, 0n);
  const key = keyOf("k1", { budgets: ["extra"] });
  await bench.context.ledger.commit({ kind: "put_key", at: start, key });
  assert.equal(priceUsage(bench.context, reported).cost, 330n);
});

test("usage with a price is charged at it, whatever the budgets' fallback rates are", async (t) => {
  const bench = await DeskBench.open(t);
  await bench.books.budget({ budgetId: "one", unpriced: rates(1n, 1n) });
  const hold = { ...reported.hold, route: { ...route, model: "m" } };
  const { cost, model, flags } = priceUsage(bench.context, { ...reported, hold });
  assert.deepEqual([cost, model, flags], [200_000_000n, "m", []]);
});

test("tokens of a model that is priced by unit are charged at fallback rates, and its units at its price", async (t) => {
  const bench = await DeskBench.open(t);
  const hold = { ...reported.hold, route: { ...route, model: "painter" } };
  const images = { [openMeter("images")]: 2 };
  const mixed = { ...reported, hold, usage: { ...reported.usage, ...images } };
  const bill = () => priceUsage(bench.context, mixed);
  assert.deepEqual([bill().cost, bill().flags], [80_000_000_000n, ["unpriced"]]);
  await bench.books.budget({ budgetId: "one", unpriced: rates(2n, 5n) });
  assert.deepEqual([bill().cost, bill().flags], [80_000_000_250n, ["unpriced"]]);
  const { cost, flags } = priceUsage(bench.context, { ...mixed, usage: images });
  assert.deepEqual([cost, flags], [80_000_000_000n, []]);
});
