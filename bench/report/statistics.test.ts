/** Tests percentiles, medians and ranges. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, Sample, spread } from "./statistics.ts";

test("percentiles are values of the sample, by nearest rank", () => {
  const sample = new Sample();
  for (let value = 10_000; value >= 1; value--) sample.add(value);
  assert.deepEqual(sample.distribution(), {
    count: 10_000,
    mean: 5000.5,
    p50: 5000,
    p95: 9500,
    p99: 9900,
    max: 10_000,
  });
});

test("an empty sample has no percentiles", () => {
  assert.deepEqual(new Sample().distribution(), {
    count: 0,
    mean: null,
    p50: null,
    p95: null,
    p99: null,
    max: null,
  });
});

test("a spread is the median of the rounds with the minimum and maximum", () => {
  assert.deepEqual(spread([5, 1, 3]), { median: 3, least: 1, most: 5 });
  assert.deepEqual(spread([4, 1, null, 2, 3]), { median: 2.5, least: 1, most: 4 });
  assert.equal(spread([null]), null);
});

test("differences are taken per round", () => {
  assert.deepEqual(differences([3, 5, null], [1, 4, 2]), [2, 1, null]);
});
