/** Collects the results of one group of clients. */

import { Sample } from "../report/statistics.ts";
import type { CallTimes } from "./client.ts";
import type { GroupResult } from "./job.ts";

export class Tally {
  readonly #name: string;
  readonly #latency = new Sample();
  readonly #firstToken = new Sample();
  readonly #gap = new Sample();
  readonly #statuses: Record<string, number> = {};
  #ended = 0;
  #firstError: string | null = null;
  #least: number | null = null;
  #most: number | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  /** Counts any call, measured or not. */
  count(): void {
    this.#ended += 1;
  }

  add({ from, end, status, arrivals, events }: CallTimes, error: string | null): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    if (status !== 200) {
      this.#firstError ??= error ?? "the connection broke";
      return;
    }
    this.#latency.add(end - from);
    const [first] = arrivals;
    if (first === undefined) return;
    this.#firstToken.add(first - from);
    for (let place = 1; place < arrivals.length; place++)
      this.#gap.add((arrivals[place] ?? 0) - (arrivals[place - 1] ?? 0));
    this.#least = Math.min(this.#least ?? events, events);
    this.#most = Math.max(this.#most ?? events, events);
  }

  result(seconds: number): GroupResult {
    return {
      name: this.#name,
      calls: this.#latency.count,
      seconds,
      ended: this.#ended,
      statuses: this.#statuses,
      firstError: this.#firstError,
      latency: this.#latency.distribution(),
      firstToken: this.#firstToken.distribution(),
      gap: this.#gap.distribution(),
      events: { least: this.#least, most: this.#most },
    };
  }
}
