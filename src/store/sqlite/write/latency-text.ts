/**
 * Counts of calls by bucket of latency, as the text that a roll-up keeps of them: `57:2,60:1,` is
 * two calls in bucket 57 and one in bucket 60, buckets in order, none with 0. The texts of several
 * rows are counted together by joining them, which SQLite does faster than adding up a row a bucket.
 */

import type { DatabaseSync } from "node:sqlite";
import { assert } from "../../../domain/assert.ts";
import { latencyBuckets } from "../../../domain/latency/latency-bucket.ts";

/** May be negative: what a batch takes back. */
export type BucketCounts = ReadonlyMap<number, number>;

export function latencyText(counts: BucketCounts): string {
  if (counts.size === 0) return "";
  const used = [...counts].filter(([, count]) => count !== 0);
  used.sort(([left], [right]) => left - right);
  return used.map(([bucket, count]) => `${bucket}:${count},`).join("");
}

/** Adds the counts of a text, or of several that are joined. */
export function addLatencyText(into: Map<number, number>, text: string, sign: 1 | -1 = 1): void {
  const add = (bucket: number, count: number): void =>
    void into.set(bucket, (into.get(bucket) ?? 0) + sign * count);
  if (text.length < longText) return eachCount(text, add);
  const counts = new Float64Array(latencyBuckets);
  eachCount(text, (bucket, count) => (counts[bucket] = (counts[bucket] ?? 0) + count));
  counts.forEach((count, bucket) => count !== 0 && add(bucket, count));
}

/** Longer texts name each bucket many times: an array takes a quarter of the time of the map. */
const longText = 2000;

function eachCount(text: string, take: (bucket: number, count: number) => void): void {
  let bucket = 0;
  let number = 0;
  let sign: 1 | -1 = 1;
  for (let place = 0; place < text.length; place++) {
    const code = text.charCodeAt(place);
    if (code >= zeroCode && code < colonCode) number = number * 10 + code - zeroCode;
    else if (code === minusCode) sign = -1;
    else if (code === colonCode) {
      bucket = number;
      number = 0;
    } else {
      take(bucket, sign * number);
      number = 0;
      sign = 1;
    }
  }
}

/** `0` to `9`, then `:`, in the order of their codes. */
const zeroCode = 48;
const colonCode = 58;
const minusCode = 45;

/** The text of both counts together. */
export function sumOfLatencies(left: string, right: string): string {
  if (left === "" || right === "") return left + right;
  const counts = new Map<number, number>();
  addLatencyText(counts, left);
  addLatencyText(counts, right);
  return latencyText(counts);
}

/** Lets SQL statements of this connection call {@link sumOfLatencies} as `add_latencies`. */
export function defineLatencySum(database: DatabaseSync): void {
  database.function("add_latencies", { deterministic: true }, (left, right) =>
    sumOfLatencies(String(left), String(right)),
  );
}

/** Lets SQL statements of this connection add up all texts of a group as `sum_latencies`. */
export function defineLatencyAggregate(database: DatabaseSync): void {
  database.aggregate("sum_latencies", {
    start: "",
    step: (joined, text) => textOf(joined) + textOf(text),
    result: (joined) => normalised(textOf(joined)),
  });
}

function textOf(value: unknown): string {
  assert(typeof value === "string", "latencies are a text");
  return value;
}

function normalised(joined: string): string {
  const counts = new Map<number, number>();
  addLatencyText(counts, joined);
  return latencyText(counts);
}
