/** Sums that are added up in place. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { pico } from "../../domain/money/money.ts";
import { sumUsage, type Usage } from "../../domain/usage/usage.ts";
import { Adding } from "./adding.ts";

const usage = fc
  .dictionary(fc.constantFrom("input", "output", "cache_read"), fc.nat(1000))
  .map((counts): Usage => ({ ...counts }));
const row = fc.record({
  calls: fc.nat(9),
  charges: fc.nat(9),
  released: fc.nat(9),
  refusals: fc.nat(9),
  cost: fc.bigInt(0n, 10n ** 20n).map(pico),
  chargeCost: fc.bigInt(0n, 10n ** 20n).map(pico),
  usage,
  latencyMs: fc.nat(1000),
  timed: fc.nat(9),
  latencies: fc.array(fc.tuple(fc.nat(5), fc.nat(9))).map((counts) => new Map(counts)),
  distinct: fc.constant({}),
});

test("sums that were returned stay the same when more is added, and so do the rows", () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 8 }), (rows) => {
      const given = structuredClone(rows);
      const adding = new Adding();
      const returned = rows.map((one) => {
        adding.addSums(one);
        const sums = adding.sums();
        return { sums, atFirst: structuredClone(sums) };
      });
      for (const { sums, atFirst } of returned) assert.deepEqual(structuredClone(sums), atFirst);
      assert.deepEqual(structuredClone(rows), given);
    }),
  );
});

test("each field is the sum of that of the rows", () => {
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const adding = new Adding();
      for (const one of rows) adding.addSums(one);
      const { cost, chargeCost, calls, charges, timed, usage: used, latencies } = adding.sums();
      assert.equal(
        chargeCost,
        rows.reduce((sum, one) => sum + one.chargeCost, 0n),
      );
      assert.equal(
        charges + timed,
        rows.reduce((sum, one) => sum + one.charges + one.timed, 0),
      );
      assert.equal(
        cost,
        rows.reduce((sum, one) => sum + one.cost, 0n),
      );
      assert.equal(
        calls,
        rows.reduce((sum, one) => sum + one.calls, 0),
      );
      assert.deepEqual({ ...used }, { ...sumUsage(rows.map((one) => one.usage)) });
      for (const bucket of [0, 1, 2, 3, 4, 5])
        assert.equal(
          latencies.get(bucket) ?? 0,
          rows.reduce((sum, one) => sum + (one.latencies.get(bucket) ?? 0), 0),
        );
    }),
  );
});
