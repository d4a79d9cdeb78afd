/** Reports of many rows: turns of the event loop pass, and other currencies ask once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Exchange, fraction } from "../../domain/money/exchange.ts";
import { pico } from "../../domain/money/money.ts";
import type { DistinctQuery, DistinctTotals, Totals } from "../port/reader.ts";
import { readingIn } from "./exchange-reader.ts";
import { report, type ReportQuery } from "./query.ts";
import { series } from "./series.ts";
import { turnsDuring } from "../../domain/turns.test-kit.ts";

const hourMs = 3_600_000;
const hours = 1500;
const models = Array.from({ length: 40 }, (_, n) => ({ model: `model-${n}` }));
const rows = Array.from({ length: hours }, (_, hour) =>
  models.map((group, n): Totals => ({
    group,
    bucket: hour * hourMs,
    calls: n + 1,
    charges: 0,
    chargeCost: pico(0n),
    timed: n + 1,
    released: 0,
    refusals: 0,
    cost: pico(BigInt(n)),
    usage: { input: hour },
    latencyMs: 1,
  })),
).flat();

const query: ReportQuery = {
  filter: {},
  from: 0,
  to: hours * hourMs,
  bucket: "hour",
  timeZone: "UTC",
  by: ["model"],
  metrics: ["cost", "calls"],
  before: null,
  top: 3,
  sort: { by: "cost", isAscending: false },
  isCumulative: true,
};
const reader = {
  totals: async () => rows,
  latencies: async () => [],
  distinct: async () => [],
  calls: async () => [],
};

test("turns of the event loop pass while a report or series is added up, and its sums are right", async () => {
  let last: readonly (readonly [string | undefined, number])[] = [];
  const reported = await turnsDuring(async () => {
    for await (const { rows: listed } of (await report(reader, query)).buckets)
      last = listed.map(({ group, sums }) => [group?.["model"], sums.calls]);
  });
  assert.deepEqual(last, [
    ["model-39", 40 * hours],
    ["model-38", 39 * hours],
    ["model-37", 38 * hours],
    [undefined, ((37 * 38) / 2) * hours],
  ]);
  assert.ok(reported >= 5, `${reported} turns`);
  const drawn = await turnsDuring(async () => {
    const { buckets } = await series(reader, query);
    assert.equal(buckets.length, hours);
  });
  assert.ok(drawn >= 5, `${drawn} turns`);
});

test("counts in another currency are read once for all rates, with costs at the rate of each day", async () => {
  const dayMs = 24 * hourMs;
  const rate = (day: number, euros: bigint) => ({
    currency: "EUR",
    from: day * dayMs,
    units: fraction(euros, 1n),
    stated: { as: "units_per_usd", value: String(euros) } as const,
  });
  const exchange = new Exchange([rate(0, 2n), rate(1, 3n), rate(2, 5n)], { currency: "EUR" });
  const asked: DistinctQuery[] = [];
  const counting = {
    ...reader,
    async distinct(_: object, one: DistinctQuery): Promise<readonly DistinctTotals[]> {
      asked.push(one);
      const { ends = [] } = one.steps ?? {};
      const group = { model: "a" };
      // A pico-USD an hour.
      return ends.map((end, index) => {
        const from = one.steps?.isCumulative === true ? 0 : (ends[index - 1] ?? 0);
        return { group, end, distinct: 1, calls: 1, cost: pico(BigInt((end - from) / hourMs)) };
      });
    },
  };
  const ends = [12 * hourMs, 36 * hourMs, 60 * hourMs];
  for (const [isCumulative, costs] of [
    [false, [24n, 24n + 36n, 36n + 60n]],
    [true, [24n, 24n + 60n, 24n + 60n + 96n]],
  ] as const) {
    asked.length = 0;
    const found = await readingIn(exchange, counting).distinct(
      { from: 0, to: 60 * hourMs },
      { by: ["model"], of: "user", kept: null, steps: { ends, isCumulative } },
    );
    assert.deepEqual(
      found.map(({ cost }) => cost),
      costs,
    );
    assert.equal(asked.length, 2);
  }
});
