/** Tests what people do with budgets in use: pause, resume, extend. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../error.ts";
import { noControls } from "./counter.ts";
import { Counters } from "./counters.ts";
import { Books } from "./books.ts";
import type { HoldCommand } from "./command.ts";
import { aHold, anOutcome, Desk, quantities } from "./desk.test-kit.ts";
import { noHistory } from "./past.ts";

const year = 366 * 24 * 3_600_000;
const control = { at: 1, budgetId: "b", value: null, by: "admin", reason: null } as const;

function reasonOf(
  desk: Desk,
  operationId: string,
  { usd = 1n, ...command }: Partial<HoldCommand> & { readonly usd?: bigint } = {},
): string {
  const answer = desk.run(aHold(operationId, usd, command));
  return answer.admitted ? "admitted" : answer.refusal.reason;
}

function spend(desk: Desk, operationId: string, usd: bigint): void {
  desk.run(aHold(operationId, usd));
  const call = { operationId, attempt: 1, at: 1 } as const;
  desk.run({ kind: "settle", ...call, outcome: anOutcome(usd), fingerprint: null });
}

function refusedFor(field: string): (error: unknown) => boolean {
  return (error) => error instanceof PurserError && error.detail.field === field;
}

test("a paused budget refuses new calls in every window until it is resumed; calls under way go on", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "b" });
  assert.equal(reasonOf(desk, "before"), "admitted");
  assert.deepEqual(desk.run({ kind: "pause_budget", ...control }), { repeated: false });
  assert.deepEqual(desk.run({ kind: "pause_budget", ...control }), { repeated: true });
  assert.equal(reasonOf(desk, "now"), "budget_paused");
  assert.equal(reasonOf(desk, "later", { at: 3 * year }), "budget_paused");
  const call = { operationId: "before", attempt: 1, at: 2 } as const;
  for (const amount of [quantities(5n), { ...quantities(0n), requests: 0n }])
    assert.equal(desk.run({ kind: "top_up", ...call, amount }).admitted, true);
  assert.deepEqual(desk.run({ kind: "resume_budget", ...control }), { repeated: false });
  assert.deepEqual(desk.run({ kind: "resume_budget", ...control }), { repeated: true });
  assert.equal(reasonOf(desk, "after"), "admitted");
});

test("a pause refuses calls of a soft budget, of the children of the budget, and of a replayed journal", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "b", policy: "soft" });
  desk.budget({ budgetId: "child", parentBudgetId: "b", budgetType: "team", resourceId: "t" });
  desk.run({ kind: "pause_budget", ...control, reason: "r" });
  assert.equal(reasonOf(desk, "one", { attribution: { team: "t" } }), "budget_paused");
  const replayed = new Books(noHistory);
  for (const entry of desk.journal) replayed.apply(entry);
  assert.deepEqual(replayed.pausesOf("b"), desk.books.pausesOf("b"));
});

test("one value of a budget for every value is paused and resumed on its own", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "b", budgetType: "user", resourceId: "*" });
  const [ann, bob] = [{ attribution: { user: "ann" } }, { attribution: { user: "bob" } }];
  desk.run({ kind: "pause_budget", ...control, value: "ann" });
  assert.deepEqual(
    [reasonOf(desk, "a1", ann), reasonOf(desk, "b1", bob)],
    ["budget_paused", "admitted"],
  );
  desk.run({ kind: "pause_budget", ...control });
  assert.equal(reasonOf(desk, "b2", bob), "budget_paused");
  const resume = { kind: "resume_budget", ...control } as const;
  assert.throws(() => desk.run({ ...resume, value: "ann" }), refusedFor("value"));
  desk.run(resume);
  assert.equal(reasonOf(desk, "a2", ann), "admitted");
});

test("a resumed threshold pauses no more in its window, and the next one does", () => {
  const desk = new Desk();
  const thresholds = [500_000, 900_000].map((partsPerMillion) => ({
    partsPerMillion,
    action: "pause" as const,
  }));
  desk.budget({ budgetId: "b", amount: 100n, thresholds });
  spend(desk, "half", 50n);
  assert.equal(reasonOf(desk, "paused"), "budget_paused");
  desk.run({ kind: "resume_budget", ...control });
  spend(desk, "more", 10n);
  assert.equal(reasonOf(desk, "resumed"), "admitted");
  spend(desk, "most", 30n);
  assert.equal(reasonOf(desk, "again"), "budget_paused");
});

test("an extension raises the limit of its window only, and thresholds are shares of the new limit", () => {
  const desk = new Desk();
  const thresholds = [{ partsPerMillion: 800_000, action: "notify" as const }];
  desk.budget({ budgetId: "b", amount: 100n, thresholds });
  const extend = { kind: "extend_budget", ...control, amount: 50n } as const;
  const { balance } = desk.run(extend);
  assert.deepEqual([balance.limit, balance.granted, balance.available], [150n, 50n, 150n]);
  spend(desk, "most", 110n);
  assert.equal(desk.journal.filter(({ kind }) => kind === "threshold").length, 0);
  spend(desk, "mark", 10n);
  assert.equal(desk.journal.filter(({ kind }) => kind === "threshold").length, 1);
  assert.equal(reasonOf(desk, "over", { usd: 31n }), "budget_exhausted");
  assert.equal(reasonOf(desk, "exact", { usd: 30n }), "admitted");
  assert.equal(reasonOf(desk, "next", { usd: 101n, at: year }), "budget_exhausted");
});

test("an extension needs a value where each has a counter, an open window, and a value that exists", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "b", budgetType: "user", resourceId: "*" });
  desk.budget({ budgetId: "one" });
  desk.budget({ budgetId: "over", period: "once", start: 0, end: 1 });
  const extend = { kind: "extend_budget", ...control, amount: 5n } as const;
  assert.throws(() => desk.run(extend), refusedFor("value"));
  assert.throws(() => desk.run({ ...extend, budgetId: "one", value: "x" }), refusedFor("value"));
  assert.throws(() => desk.run({ ...extend, budgetId: "over" }), refusedFor("budget_id"));
  assert.throws(() => desk.run({ ...extend, budgetId: "none" }), refusedFor("budget_id"));
  assert.equal(desk.run({ ...extend, value: "ann" }).balance.granted, 5n);
});

test("a budget that is deleted and created again is not paused and has no extension", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: 10n });
  desk.run({ kind: "extend_budget", ...control, amount: 5n });
  desk.run({ kind: "pause_budget", ...control });
  desk.run({ kind: "delete_budget", at: 1, budgetId: "b" });
  desk.budget({ budgetId: "b", amount: 10n });
  assert.equal(reasonOf(desk, "over", { usd: 11n }), "budget_exhausted");
  assert.equal(reasonOf(desk, "fits", { usd: 10n }), "admitted");
});

test("a decision about one value reads the controls of that value's counters only", () => {
  const read: string[] = [];
  const counters = new Counters({ counter: () => undefined }, ({ budgetId, value }) => {
    read.push(`${budgetId} ${value}`);
    return noControls;
  });
  const window = { windowStart: 0, windowEnd: 9, currency: "USD" } as const;
  for (const budgetId of ["a", "b"])
    for (const value of ["x", "y"]) counters.of({ budgetId, value, ...window });
  counters.of({ budgetId: "a", value: "x", ...window, windowStart: 9, windowEnd: 99 });
  const readAgain = (value: string | null): readonly string[] => {
    read.length = 0;
    counters.control("a", value);
    return read;
  };
  assert.deepEqual(readAgain("x"), ["a x", "a x"]);
  counters.forgetIdle(9);
  assert.deepEqual(readAgain("x"), []);
  counters.of({ budgetId: "a", value: "x", ...window });
  counters.of({ budgetId: "a", value: "y", ...window });
  assert.deepEqual(readAgain("x"), ["a x"]);
  assert.deepEqual(readAgain(null), ["a x", "a y"]);
});

test("the pause of the whole budget goes before that of a value, and both end together", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "u", budgetType: "user", resourceId: "*", amount: 10n });
  const by = { by: "admin", reason: null };
  const pause = (value: string | null) =>
    desk.run({ kind: "pause_budget", at: 1, budgetId: "u", value, ...by });
  const paused = (value: string | null) => desk.books.pauseOf("u", value)?.value;
  pause("ann");
  pause("bob");
  assert.deepEqual([paused(null), paused("ann"), paused("eve")], [undefined, "ann", undefined]);
  desk.run({ kind: "resume_budget", at: 2, budgetId: "u", value: "ann", ...by });
  assert.deepEqual([paused("ann"), paused("bob")], [undefined, "bob"]);
  pause(null);
  assert.deepEqual([paused("ann"), paused("bob")], [null, null]);
  assert.deepEqual(
    desk.books.pausesOf("u").map(({ value }) => value),
    ["bob", null],
  );
  desk.run({ kind: "resume_budget", at: 3, budgetId: "u", value: null, ...by });
  assert.deepEqual([paused(null), paused("bob")], [undefined, undefined]);
});
