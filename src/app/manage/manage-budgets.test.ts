/** Tests how budgets are created, changed, deleted and shown. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { aHold, anOutcome } from "../../domain/ledger/desk.test-kit.ts";
import { LedgerBench, refusedAs } from "../port/ledger.test-kit.ts";
import {
  changeBudget,
  createBudget,
  deleteBudget,
  findBudget,
  observeBudget,
} from "./manage-budgets.ts";

const day = { budget_id: "b", budget_type: "platform", amount: "1", period: "day" };
const dollar = 10n ** 12n;

/** Charges a call in full, in every budget that applies. */
async function charge(
  { ledger, clock }: LedgerBench,
  operationId: string,
  { usd, project }: { readonly usd: bigint; readonly project?: string },
): Promise<void> {
  const at = clock.now();
  const attribution = project === undefined ? {} : { project };
  await ledger.commit(aHold(operationId, usd, { at, attribution }));
  const outcome = anOutcome(usd);
  const call = { operationId, attempt: 1 };
  await ledger.commit({ kind: "settle", at, ...call, outcome, fingerprint: null });
}

test("a created budget is in the ledger, and its id cannot be created again", async (t) => {
  const bench = await LedgerBench.open(t);
  const made = await createBudget(bench, day);
  assert.deepEqual([made.budgetId, made.amount, made.period], ["b", dollar, "day"]);
  assert.deepEqual(findBudget(bench.ledger, "b"), made);
  await assert.rejects(createBudget(bench, { ...day, amount: "2" }), { code: "conflict" });
  assert.equal(findBudget(bench.ledger, "b").amount, dollar);
});

test("an invalid budget is refused with its field, and an unknown parent too", async (t) => {
  const bench = await LedgerBench.open(t);
  await assert.rejects(
    createBudget(bench, { ...day, amount: "-1" }),
    refusedAs("invalid_request", "amount"),
  );
  await assert.rejects(createBudget(bench, { ...day, parent_budget_id: "none" }), {
    code: "invalid_request",
  });
  assert.deepEqual(bench.ledger.budgets(), []);
});

test("a budget that names no providers ignores simulated calls if those are kept apart", async (t) => {
  const bench = await LedgerBench.open(t);
  const { ledger, clock, waiting, observer } = bench;
  const apart = { ledger, clock, waiting, observer, simulatedApart: true };
  assert.equal((await createBudget(bench, day)).providers, null);
  assert.deepEqual((await createBudget(apart, { ...day, budget_id: "c" })).providers, ["!sim"]);
  assert.deepEqual((await changeBudget(apart, "b", { amount: "2" })).providers, ["!sim"]);
  const named = { ...day, budget_id: "d", providers: ["p"] };
  assert.deepEqual((await createBudget(apart, named)).providers, ["p"]);
});

test("a change keeps what it does not name, and the amounts spent and held", async (t) => {
  const bench = await LedgerBench.open(t);
  await createBudget(bench, { ...day, thresholds: [{ at: 0.9 }] });
  await charge(bench, "a", { usd: 7n });
  await bench.ledger.commit(aHold("c", 5n, { at: bench.clock.now() }));
  const changed = await changeBudget(bench, "b", { amount: "2" });
  assert.deepEqual(
    [changed.amount, changed.period, changed.thresholds.map((each) => each.partsPerMillion)],
    [2n * dollar, "day", [900_000]],
  );
  assert.deepEqual(await bench.amounts("b"), { b: [7n, 5n] });
});

test("null resets a field to its default", async (t) => {
  const bench = await LedgerBench.open(t);
  await createBudget(bench, { ...day, time_zone: "Europe/Berlin" });
  assert.equal((await changeBudget(bench, "b", { time_zone: null })).timeZone, "UTC");
});

test("a synonym replaces the field under its other name", async (t) => {
  const bench = await LedgerBench.open(t);
  await createBudget(bench, { ...day, time_zone: "Europe/Berlin", thresholds: [{ at: 0.9 }] });
  const changed = await changeBudget(bench, "b", {
    timezone: "Asia/Tokyo",
    warning_threshold: 0.5,
  });
  assert.equal(changed.timeZone, "Asia/Tokyo");
  assert.deepEqual(
    changed.thresholds.map(({ partsPerMillion }) => partsPerMillion),
    [500_000],
  );
});

test("another period takes its own default anchor, and the same period keeps its anchor", async (t) => {
  const bench = await LedgerBench.open(t);
  await createBudget(bench, { ...day, period: "month", anchor: 15 });
  assert.equal((await changeBudget(bench, "b", { period: "month" })).anchor, 15);
  assert.equal((await changeBudget(bench, "b", { period: "week" })).anchor, 1);
});

test("an id cannot change, and an unknown budget cannot be changed", async (t) => {
  const bench = await LedgerBench.open(t);
  await createBudget(bench, day);
  await assert.rejects(
    changeBudget(bench, "b", { budget_id: "c" }),
    refusedAs("invalid_request", "budget_id"),
  );
  assert.equal(
    (await changeBudget(bench, "b", { budget_id: "b", amount: "3" })).amount,
    3n * dollar,
  );
  await assert.rejects(changeBudget(bench, "none", { amount: "2" }), { code: "not_found" });
});

test("a deleted budget is gone and limits nothing, and one with children stays", async (t) => {
  const bench = await LedgerBench.open(t);
  await createBudget(bench, { ...day, amount: "0" });
  const child = { ...day, budget_id: "c", budget_type: "project", resource_id: "x" };
  await createBudget(bench, { ...child, parent_budget_id: "b" });
  await assert.rejects(deleteBudget(bench, "b"), { code: "conflict" });
  await deleteBudget(bench, "c");
  await deleteBudget(bench, "b");
  assert.throws(() => findBudget(bench.ledger, "b"), { code: "not_found" });
  await charge(bench, "a", { usd: 7n });
  await assert.rejects(deleteBudget(bench, "b"), { code: "not_found" });
});

test("each change of a budget wakes the calls that wait for room", async (t) => {
  const bench = await LedgerBench.open(t);
  const woken: number[] = [];
  const { waiting } = bench;
  for (const act of [
    () => createBudget(bench, day),
    () => changeBudget(bench, "b", { amount: "2" }),
    () => deleteBudget(bench, "b"),
  ]) {
    const before = waiting.endings;
    await act();
    woken.push(waiting.endings - before);
  }
  assert.deepEqual(woken, [1, 1, 1]);
});

test("a threshold that past calls have crossed is announced when its budget is created or changed", async (t) => {
  const bench = await LedgerBench.open(t);
  await charge(bench, "a", { usd: dollar });
  const crossed = (): readonly string[] => bench.crossed.map(({ counter }) => counter.budgetId);
  await createBudget(bench, { ...day, amount: "1.5", thresholds: [{ at: 0.5 }] });
  assert.deepEqual(crossed(), ["b"]);
  await createBudget(bench, { ...day, budget_id: "c", amount: "4", thresholds: [{ at: 0.5 }] });
  assert.deepEqual(crossed(), ["b"]);
  await changeBudget(bench, "c", { amount: "1" });
  assert.deepEqual(crossed(), ["b", "c"]);
});

test("a budget's state has its window, what was spent and held, and what is left", async (t) => {
  const bench = await LedgerBench.open(t);
  const budget = await createBudget(bench, { ...day, amount: "0.000000000100" });
  await charge(bench, "a", { usd: 30n });
  await bench.ledger.commit(aHold("c", 20n, { at: bench.clock.now() }));
  const { window, sums, counters } = await observeBudget(bench, budget, null);
  assert.deepEqual(sums, { spent: 30n, held: 20n, overrun: 0n, available: 50n, granted: 0n });
  assert.deepEqual(counters, []);
  const midnight = bench.clock.now();
  assert.deepEqual(window, { start: midnight, end: midnight + 86_400_000 });
});

test("a budget whose only window is over has no window", async (t) => {
  const bench = await LedgerBench.open(t);
  const end = new Date(bench.clock.now() + 1000).toISOString();
  const budget = await createBudget(bench, { ...day, period: "once", end });
  assert.notEqual((await observeBudget(bench, budget, null)).window, null);
  bench.pass(2000);
  assert.equal((await observeBudget(bench, budget, null)).window, null);
});

test("a budget for every value lists its counters, most used first, and no counter may use another's rest", async (t) => {
  const bench = await LedgerBench.open(t);
  const each = { ...day, budget_type: "project", resource_id: "*" };
  const budget = await createBudget(bench, each);
  await charge(bench, "a", { usd: 5n, project: "small" });
  await charge(bench, "c", { usd: 9n, project: "large" });
  await charge(bench, "d", { usd: 5n, project: "same" });
  const { sums, counters } = await observeBudget(bench, budget, null);
  assert.deepEqual(
    counters.map(({ counter }) => counter.value),
    ["large", "same", "small"],
  );
  assert.deepEqual([sums.spent, sums.available], [19n, null]);
  const one = await observeBudget(bench, budget, "small");
  assert.deepEqual([one.sums.spent, one.sums.available], [5n, dollar - 5n]);
  assert.deepEqual(
    one.counters.map(({ counter }) => counter.value),
    ["small"],
  );
});
