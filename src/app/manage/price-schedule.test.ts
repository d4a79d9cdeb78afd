/** When the schedule updates the prices, and what it does after a failure. */

import assert from "node:assert/strict";
import { mock, test, type TestContext } from "node:test";
import { startPriceSchedule } from "./price-schedule.ts";
import type { ScheduledRun } from "./update-prices.ts";

const hourMs = 3_600_000;
const start = Date.UTC(2026, 10, 28);

/** Runs the schedule for some hours. @returns The hours at which it updated the prices. */
async function hoursOfRuns(
  t: TestContext,
  about: { readonly storedAt?: number; readonly results?: readonly ScheduledRun["result"][] },
): Promise<readonly number[]> {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: start });
  t.after(() => mock.timers.reset());
  const runs: number[] = [];
  const updates = {
    storedAt: about.storedAt ?? null,
    run: async () => {
      const result = about.results?.[runs.length] ?? "unchanged";
      runs.push((Date.now() - start) / hourMs);
      return { at: Date.now(), result, message: "" };
    },
  };
  const stop = startPriceSchedule({
    updates,
    schedule: { from: "litellm", everyMs: 24 * hourMs, accept: [] },
    clock: { now: () => Date.now(), monotonic: () => Date.now() },
    random: () => 0.5,
  });
  for (let minutes = 0; minutes < 60 * 60; minutes += 6) {
    mock.timers.tick(6 * 60_000);
    await Promise.resolve();
    await Promise.resolve();
  }
  stop();
  const before = runs.length;
  mock.timers.tick(100 * hourMs);
  assert.equal(runs.length, before, "it has stopped");
  return runs;
}

test("the prices are updated at each interval, with up to a tenth added at random", async (t) => {
  assert.deepEqual(await hoursOfRuns(t, {}), [1.2, 26.4, 51.6]);
});

test("a restart waits for the rest of the interval", async (t) => {
  const runs = await hoursOfRuns(t, { storedAt: start - 20 * hourMs });
  assert.deepEqual(runs, [5.2, 30.4, 55.6]);
});

test("a failed update is repeated after an hour, a refused one at the next interval", async (t) => {
  const runs = await hoursOfRuns(t, { results: ["failed", "failed", "refused"] });
  assert.deepEqual(runs, [1.2, 3.4, 5.6, 30.8, 56]);
});
