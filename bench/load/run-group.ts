/**
 * Puts load on a server in a closed loop, where answers pace the calls, or an open loop, where a
 * schedule does.
 */

import { Client, type CallTimes } from "./client.ts";
import type { GroupResult, LoadGroup, LoadJob } from "./job.ts";
import { requestBytes } from "./request.ts";
import { Tally } from "./tally.ts";

/** Resolves when every call has ended or the time is up. */
export async function runGroup(job: LoadJob, group: LoadGroup): Promise<GroupResult> {
  const load = new GroupLoad(job, group);
  await load.connect();
  if (job.measureMs === null) return load.burst();
  return group.ratePerSecond === null
    ? load.closedLoop(job.measureMs)
    : load.openLoop(job.measureMs, group.ratePerSecond);
}

class GroupLoad {
  readonly #job: LoadJob;
  readonly #bytes: Buffer;
  readonly #tally: Tally;
  readonly #clients: readonly Client[];
  #next: (client: Client) => void = () => undefined;
  #measuredFrom = 0;
  #measuredTo = Infinity;

  constructor(job: LoadJob, group: LoadGroup) {
    this.#job = job;
    this.#bytes = requestBytes(job.port, group.request);
    this.#tally = new Tally(group.name);
    this.#clients = Array.from(
      { length: group.clients },
      () => new Client(job.port, (client, times) => this.#ended(client, times)),
    );
  }

  async connect(): Promise<void> {
    // A listener's backlog is short: the system delays connections beyond it by a second.
    const atOnce = 100;
    for (let place = 0; place < this.#clients.length; place += atOnce) {
      await Promise.all(this.#clients.slice(place, place + atOnce).map((client) => client.open()));
    }
  }

  /** One call per client, all at once. */
  async burst(): Promise<GroupResult> {
    let left = this.#clients.length;
    const from = performance.now();
    await new Promise<void>((resolve) => {
      this.#next = () => {
        left -= 1;
        if (left === 0) resolve();
      };
      for (const client of this.#clients) client.send(this.#bytes, from);
    });
    return this.#result((performance.now() - from) / 1000);
  }

  async closedLoop(measureMs: number): Promise<GroupResult> {
    this.#measure(measureMs);
    this.#next = (client) => client.send(this.#bytes, performance.now());
    for (const client of this.#clients) this.#next(client);
    await waitUntil(this.#measuredTo);
    return this.#result(measureMs / 1000);
  }

  /** Calls that are due while all connections are busy wait; the wait counts as latency. */
  async openLoop(measureMs: number, ratePerSecond: number): Promise<GroupResult> {
    this.#measure(measureMs);
    const idle = [...this.#clients];
    this.#next = (client) => idle.push(client);
    const stepMs = 1000 / ratePerSecond;
    let due = performance.now();
    while (performance.now() < this.#measuredTo) {
      for (const now = performance.now(); due <= now && idle.length > 0; due += stepMs)
        idle.pop()?.send(this.#bytes, due);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return this.#result(measureMs / 1000);
  }

  #measure(measureMs: number): void {
    this.#measuredFrom = performance.now() + this.#job.warmupMs;
    this.#measuredTo = this.#measuredFrom + measureMs;
  }

  #ended(client: Client, times: CallTimes): void {
    this.#tally.count();
    if (times.end >= this.#measuredFrom && times.end < this.#measuredTo)
      this.#tally.add(times, client.error);
    if (performance.now() < this.#measuredTo) this.#next(client);
  }

  #result(seconds: number): GroupResult {
    for (const client of this.#clients) client.close();
    return this.#tally.result(seconds);
  }
}

function waitUntil(at: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, at - performance.now()));
}
