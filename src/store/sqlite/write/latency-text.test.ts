/** Tests the text of latencies in a roll-up: joined texts count like their counts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { latencyBuckets } from "../../../domain/latency/latency-bucket.ts";
import { addLatencyText, latencyText, sumOfLatencies } from "./latency-text.ts";

const counts = fc
  .array(
    fc.tuple(fc.integer({ min: 0, max: latencyBuckets - 1 }), fc.integer({ min: -9, max: 1e6 })),
    { maxLength: 40 },
  )
  .map((pairs) => new Map(pairs));

function read(text: string): object {
  const found = new Map<number, number>();
  addLatencyText(found, text);
  return used(found);
}

function used(all: ReadonlyMap<number, number>): object {
  return Object.fromEntries([...all].filter(([, count]) => count !== 0));
}

function together(parts: readonly ReadonlyMap<number, number>[]): ReadonlyMap<number, number> {
  const all = new Map<number, number>();
  for (const part of parts)
    for (const [bucket, count] of part) all.set(bucket, (all.get(bucket) ?? 0) + count);
  return all;
}

test("texts are in order, without empty buckets", () => {
  const counted = new Map([
    [60, 1],
    [7, 0],
    [57, 2],
  ]);
  assert.equal(latencyText(counted), "57:2,60:1,");
  assert.equal(latencyText(new Map()), "");
});

test("joined texts, few or many, have the counts of all, and their sum is the same text", () => {
  fc.assert(
    fc.property(fc.array(counts, { maxLength: 30 }), (parts) => {
      const all = together(parts);
      const texts = parts.map((part) => latencyText(part));
      assert.deepEqual(read(texts.join("")), used(all));
      assert.equal(texts.reduce(sumOfLatencies, ""), latencyText(all));
    }),
  );
});

test("what is taken back leaves nothing", () => {
  const left = new Map<number, number>();
  addLatencyText(left, "5:3,90:12,");
  addLatencyText(left, "5:3,90:12,", -1);
  assert.equal(latencyText(left), "");
});
