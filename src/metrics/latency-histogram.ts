/** The time to the first byte of providers' answers, as a Prometheus histogram. */

import { Histogram, type Registry } from "prom-client";

/** Upper bounds of the buckets, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

interface Observed {
  /** By bucket; the last one has no bound. */
  readonly counts: number[];
  sum: number;
}

/** What a metric is called and described as. */
interface Named {
  readonly name: string;
  readonly help: string;
}

interface Line {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly sharedLabels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Counts in arrays. `observe` of prom-client makes a key of the labels for each value, which took
 * 1% of a call.
 */
export class LatencyHistogram extends Histogram<"provider"> {
  readonly #named: Named;
  readonly #observed = new Map<string, Observed>();

  constructor(registry: Registry, named: Named) {
    super({ ...named, labelNames: ["provider"], buckets: bounds, registers: [registry] });
    this.#named = named;
  }

  add(provider: string, seconds: number): void {
    let observed = this.#observed.get(provider);
    if (!observed) {
      observed = { counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
      this.#observed.set(provider, observed);
    }
    let bucket = 0;
    while (seconds > (bounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket++;
    observed.counts[bucket] = (observed.counts[bucket] ?? 0) + 1;
    observed.sum += seconds;
  }

  /** Replaces the method from which prom-client takes the lines of a histogram. */
  getForPromString(): Promise<object> {
    const values = [...this.#observed].flatMap(([provider, observed]) =>
      linesOf(this.#named.name, observed, { provider }),
    );
    return Promise.resolve({ ...this.#named, type: "histogram", aggregator: "sum", values });
  }
}

/** Buckets are cumulative: each counts the values up to its bound. */
function linesOf(
  name: string,
  { counts, sum }: Observed,
  sharedLabels: Line["sharedLabels"],
): readonly Line[] {
  const line = (suffix: string, labels: Line["labels"], value: number): Line => ({
    metricName: `${name}_${suffix}`,
    labels,
    sharedLabels,
    value,
  });
  let count = 0;
  const buckets = counts.map((inBucket, bucket) => {
    count += inBucket;
    return line("bucket", { le: bounds[bucket] ?? "+Inf" }, count);
  });
  return [...buckets, line("sum", {}, sum), line("count", {}, count)];
}
