/** Statistics: exact percentiles of a sample, and medians and ranges over rounds. */

/** Percentiles of a sample, in its unit. All null if it is empty. */
export interface Distribution {
  readonly count: number;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** Keeps every value: percentiles are exact, never estimated. */
export class Sample {
  #values = new Float64Array(4096);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const wider = new Float64Array(this.#count * 2);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.#count++] = value;
  }

  distribution(): Distribution {
    const sorted = this.#values.slice(0, this.#count).sort();
    const at = (share: number): number | null =>
      sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
    const mean =
      sorted.length === 0 ? null : sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
    return { count: sorted.length, mean, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
  }
}

/** The median of several rounds and their range. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** @returns null if there are no values; absent values are ignored. */
export function spread(values: readonly (number | null | undefined)[]): Spread | null {
  const sorted = values
    .filter((value) => typeof value === "number")
    .sort((left, right) => left - right);
  const [least] = sorted;
  const most = sorted.at(-1);
  if (least === undefined || most === undefined) return null;
  const upper = sorted[Math.floor(sorted.length / 2)] ?? least;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? least;
  return { median: (lower + upper) / 2, least, most };
}

export function median(values: readonly (number | null | undefined)[]): number | null {
  return spread(values)?.median ?? null;
}

/** Differences per round: what one added over the other under the same conditions. */
export function differences(
  values: readonly (number | null)[],
  bases: readonly (number | null)[],
): readonly (number | null)[] {
  return values.map((value, round) => {
    const base = bases[round] ?? null;
    return value === null || base === null ? null : value - base;
  });
}
