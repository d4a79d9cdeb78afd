/** Tests that percentiles from buckets of latencies are within the error that they state. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countLatencies, latencyAt, latencyBucket, mergeLatencies } from "./latency-bucket.ts";

function countsOf(latencies: readonly number[]): ReadonlyMap<number, number> {
  return mergeLatencies(latencies.map((ms) => new Map([[latencyBucket(ms), 1]])));
}

const latencies = fc.array(
  fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 100_000 }), fc.nat({ max: 900_000_000 })),
  { minLength: 1, maxLength: 60 },
);

test("a percentile is within 5 % of the exact one, and exact up to 9 ms", () => {
  fc.assert(
    fc.property(latencies, fc.constantFrom(0.01, 0.5, 0.95, 1), (all, share) => {
      const sorted = all.toSorted((left, right) => left - right);
      const exact = sorted[Math.ceil(share * all.length) - 1] ?? NaN;
      const found = latencyAt(countsOf(all), share) ?? NaN;
      const most = exact <= 9 ? 0 : 0.05 * exact;
      assert.ok(Math.abs(found - exact) <= most + 1e-9, `${found} for ${exact}`);
    }),
  );
});

test("a bucket only grows with the latency, and the numbers on disk stay the same", () => {
  const buckets = [-3, 0, 0.4, 1, 9, 10, 11, 12, 100, 900, 60_000, 1e15].map(latencyBucket);
  assert.deepEqual(buckets, [0, 0, 0, 1, 9, 10, 10, 11, 29, 50, 92, 258]);
});

test("no calls have no percentile, and counts that a correction took back do not count", () => {
  assert.equal(latencyAt(new Map(), 0.5), null);
  const counts = new Map([
    [3, 0],
    [7, 2],
  ]);
  assert.deepEqual([latencyAt(counts, 0.5), countLatencies(counts)], [7, 2]);
});
