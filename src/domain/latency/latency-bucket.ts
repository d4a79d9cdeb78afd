/** Sorts latencies into buckets whose counts give any percentile to within 5 %. */

/** Counts of calls by {@link latencyBucket}. */
export type LatencyCounts = ReadonlyMap<number, number>;

/**
 * The largest whole millisecond of each bucket. A bucket's first and last millisecond `a` and `b`
 * have `b / a ≤ 21 / 19`, so `2ab / (a + b)` is at most 5 % from either; up to 9 ms, each
 * millisecond has a bucket of its own. Ledgers store the numbers of buckets: never change them.
 */
const lastMs = bucketEnds();

function bucketEnds(): readonly number[] {
  const longestMs = 1e12;
  const ends = [0];
  for (let first = 1; first <= longestMs;) {
    const last = Math.max(first, Math.floor((first * 21) / 19));
    ends.push(last);
    first = last + 1;
  }
  return ends;
}

/** Buckets have the numbers below this one. */
export const latencyBuckets = lastMs.length;

/** Whether a latency was measured: 0 is that of charges, and of calls recorded without one. */
export function isKnownLatency(latencyMs: number): boolean {
  return latencyBucket(latencyMs) > 0;
}

/** @param latencyMs Rounded to whole milliseconds; 0 if negative. */
export function latencyBucket(latencyMs: number): number {
  const ms = Math.round(latencyMs);
  let low = 0;
  let high = lastMs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lastMs[middle] ?? 0) >= ms) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The latency that a share of the calls does not exceed, in milliseconds, with a relative error of at
 * most 5 %.
 *
 * @param share Greater than 0, up to 1: 0.5 for the median.
 * @returns null if there are no calls.
 */
export function latencyAt(counts: LatencyCounts, share: number): number | null {
  let [last, all] = [0, 0];
  inOrder.fill(0);
  for (const [bucket, count] of counts) {
    inOrder[bucket] = count;
    all += count;
    if (bucket > last) last = bucket;
  }
  const rank = Math.ceil(share * all);
  let calls = 0;
  for (let bucket = 0; bucket <= last; bucket++) {
    const count = inOrder[bucket] ?? 0;
    if (count <= 0) continue;
    calls += count;
    if (calls >= rank) return middleMs(bucket);
  }
  return null;
}

/** The counts of the buckets in order: sorting them for each percentile takes ten times as long. */
const inOrder = new Float64Array(latencyBuckets);

/** The number of calls whose latency is counted. */
export function countLatencies(counts: LatencyCounts): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

export function mergeLatencies(all: readonly LatencyCounts[]): LatencyCounts {
  const merged = new Map<number, number>();
  for (const counts of all)
    for (const [bucket, count] of counts) merged.set(bucket, (merged.get(bucket) ?? 0) + count);
  return merged;
}

function middleMs(bucket: number): number {
  const last = lastMs[bucket] ?? 0;
  if (bucket === 0) return last;
  const first = (lastMs[bucket - 1] ?? 0) + 1;
  return (2 * first * last) / (first + last);
}
