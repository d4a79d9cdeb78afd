/** The ledger from hold to settle: limits, windows, thresholds and repeats. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../error.ts";
import { pico } from "../money/money.ts";
import { aHold, anOutcome, Desk, quantities } from "./desk.test-kit.ts";

const hour = 3_600_000;
const first = { operationId: "a", attempt: 1, at: 2, fingerprint: null };

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof PurserError && error.code === code;
}

test("a hold is held in every budget that applies and all their ancestors, or in none", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.budget({
    budgetId: "team",
    parentBudgetId: "all",
    budgetType: "team",
    resourceId: "t1",
    amount: 30n,
  });
  const attribution = { team: "t1" };
  assert.equal(desk.run(aHold("a", 20n, { attribution })).admitted, true);
  const refused = desk.run(aHold("b", 20n, { attribution }));
  assert.equal(refused.admitted, false);
  assert.equal(!refused.admitted && refused.refusal.budgetId, "team");
  assert.equal(desk.counter("all").held, 20n);
  assert.equal(desk.counter("team").held, 20n);
});

test("a call draws on ancestors that it does not name", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "other-project", budgetType: "project", resourceId: "p9", amount: 10n });
  desk.budget({
    budgetId: "task",
    parentBudgetId: "other-project",
    budgetType: "task",
    resourceId: "t",
    amount: 100n,
  });
  const refused = desk.run(aHold("a", 11n, { attribution: { task: "t", project: "p1" } }));
  assert.equal(!refused.admitted && refused.refusal.budgetId, "other-project");
});

test("a settle replaces the hold by the cost, once", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all" });
  desk.run(aHold("a", 50n));
  desk.run({ kind: "settle", ...first, outcome: anOutcome(30n) });
  assert.deepEqual(desk.counter("all"), { spent: 30n, held: 0n, overrun: 0n });
  assert.throws(
    () => desk.run({ kind: "settle", ...first, outcome: anOutcome(30n) }),
    hasCode("conflict"),
  );
  assert.deepEqual(desk.counter("all"), { spent: 30n, held: 0n, overrun: 0n });
});

test("a settle repeated with its fingerprint gives the same answer and no second charge", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all" });
  desk.run(aHold("a", 50n));
  const settle = { kind: "settle", ...first, fingerprint: "f", outcome: anOutcome(30n) } as const;
  assert.equal(desk.run(settle).repeated, false);
  const again = desk.run({ ...settle, at: 9 });
  assert.equal(again.repeated, true);
  assert.equal(again.cost.usd, 30n);
  assert.equal(desk.counter("all").spent, 30n);
});

test("a cost past the limit is recorded as an overrun, and blocks the next call", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.run(aHold("a", 90n));
  desk.run({ kind: "settle", ...first, outcome: anOutcome(130n) });
  assert.deepEqual(desk.counter("all"), { spent: 130n, held: 0n, overrun: 30n });
  assert.equal(desk.run(aHold("b", 1n)).admitted, false);
});

test("a cost above the hold but within the limit is no overrun", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.run(aHold("a", 10n));
  desk.run({ kind: "settle", ...first, outcome: anOutcome(20n) });
  assert.equal(desk.counter("all").overrun, 0n);
});

test("an expired hold releases its amount, and is still charged when settled late", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.run(aHold("a", 40n, { expiresAt: 10 }));
  assert.deepEqual(desk.run({ kind: "expire", at: 9 }).expired, []);
  assert.equal(desk.run({ kind: "expire", at: 10 }).expired.length, 1);
  assert.equal(desk.counter("all").held, 0n);
  desk.run({ kind: "settle", ...first, at: 20, outcome: anOutcome(25n) });
  assert.deepEqual(desk.counter("all"), { spent: 25n, held: 0n, overrun: 0n });
});

test("a released hold charges nothing and cannot be settled", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all" });
  desk.run(aHold("a", 40n));
  const release = { kind: "release", operationId: "a", attempt: 1, at: 2, reason: "r" } as const;
  assert.equal(desk.run(release).repeated, false);
  assert.equal(desk.run(release).repeated, true);
  assert.throws(
    () => desk.run({ kind: "settle", ...first, outcome: anOutcome(1n) }),
    hasCode("conflict"),
  );
  assert.deepEqual(desk.counter("all"), { spent: 0n, held: 0n, overrun: 0n });
});

test("an operation in flight is refused; once it has ended, a repeat is a new attempt", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all" });
  desk.run(aHold("a", 10n));
  assert.throws(() => desk.run(aHold("a", 10n)), hasCode("conflict"));
  desk.run({ kind: "settle", ...first, outcome: anOutcome(10n) });
  const second = desk.run(aHold("a", 10n));
  assert.equal(second.admitted && second.call.attempt, 2);
});

test("a hold made over the API gets the same answer for the same body, and a conflict for another", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all" });
  const command = aHold("a", 10n, { repeat: "only", fingerprint: "f" });
  desk.run(command);
  const again = desk.run(command);
  assert.equal(again.admitted && again.repeated, true);
  assert.throws(() => desk.run({ ...command, fingerprint: "g" }), hasCode("conflict"));
  desk.run({ kind: "settle", ...first, outcome: anOutcome(10n) });
  const later = desk.run(command);
  assert.equal(later.admitted && later.repeated, true);
  assert.equal(desk.counter("all").held, 0n);
});

test("the output is fitted to what the tightest budget can pay, but not below the minimum", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  const demand = {
    fixed: quantities(10n),
    perOutputToken: pico(2n),
    outputTokens: 100,
    leastOutputTokens: 45,
    inputTokens: 5,
  };
  const fitted = desk.run(aHold("a", 0n, { demand }));
  assert.equal(fitted.admitted && fitted.outputTokens, 45);
  assert.equal(desk.counter("all").held, 100n);
  const other = new Desk();
  other.budget({ budgetId: "all", amount: 99n });
  const refused = other.run(aHold("a", 0n, { demand }));
  assert.equal(!refused.admitted && refused.refusal.needed, 100n);
});

test("the budget with the least room for output decides, regardless of order", () => {
  for (const [narrow, wide] of [
    [60n, 100n],
    [100n, 60n],
  ] as const) {
    const desk = new Desk();
    desk.budget({ budgetId: "wide", amount: wide });
    desk.budget({ budgetId: "narrow", amount: narrow, parentBudgetId: "wide" });
    const demand = {
      fixed: quantities(10n),
      perOutputToken: pico(2n),
      outputTokens: 100,
      leastOutputTokens: 1,
      inputTokens: 5,
    };
    const fitted = desk.run(aHold("a", 0n, { demand }));
    assert.equal(fitted.admitted && fitted.outputTokens, 25);
  }
});

test("a refusal says whether waiting for others may help", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.run(aHold("a", 60n));
  const held = desk.run(aHold("b", 50n));
  assert.equal(!held.admitted && held.refusal.reason, "budget_held");
  const exhausted = desk.run(aHold("c", 101n));
  assert.equal(!exhausted.admitted && exhausted.refusal.reason, "budget_exhausted");
});

test("a threshold fires once in a window, however often it is crossed", () => {
  const desk = new Desk();
  desk.budget({
    budgetId: "all",
    amount: 100n,
    thresholds: [
      { partsPerMillion: 500_000, action: "notify" },
      { partsPerMillion: 900_000, action: "notify" },
    ],
  });
  const crossed = ["a", "b", "c", "d"].map((operationId) => {
    desk.run(aHold(operationId, 25n));
    const answer = desk.run({ kind: "settle", ...first, operationId, outcome: anOutcome(25n) });
    return answer.crossed.map(({ partsPerMillion }) => partsPerMillion);
  });
  assert.deepEqual(crossed, [[], [500_000], [], [900_000]]);
});

test("a pausing threshold refuses every further call of the window", () => {
  const desk = new Desk();
  desk.budget({
    budgetId: "all",
    amount: 100n,
    thresholds: [{ partsPerMillion: 500_000, action: "pause" }],
  });
  desk.run(aHold("a", 60n));
  desk.run({ kind: "settle", ...first, outcome: anOutcome(60n) });
  const refused = desk.run(aHold("b", 1n));
  assert.equal(!refused.admitted && refused.refusal.reason, "budget_paused");
});

test("one pausing threshold among several is enough, and a notifying one refuses nothing", () => {
  const desk = new Desk();
  const notify = { partsPerMillion: 500_000, action: "notify" } as const;
  const pause = { partsPerMillion: 700_000, action: "pause" } as const;
  desk.budget({
    budgetId: "all",
    amount: 100n,
    thresholds: [notify, pause, { ...notify, partsPerMillion: 900_000 }],
  });
  desk.run(aHold("a", 60n));
  desk.run({ kind: "settle", ...first, outcome: anOutcome(60n) });
  assert.equal(desk.run(aHold("b", 10n)).admitted, true);
  desk.run({ kind: "settle", ...first, operationId: "b", outcome: anOutcome(10n) });
  const refused = desk.run(aHold("c", 1n));
  assert.equal(!refused.admitted && refused.refusal.reason, "budget_paused");
});

test("an overrun by a call without a value does not refuse others without one, in a budget for every value or its parent", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 1000n });
  desk.budget({
    budgetId: "each",
    parentBudgetId: "all",
    budgetType: "user",
    resourceId: "*",
    amount: 10n,
  });
  desk.budget({
    budgetId: "p1",
    parentBudgetId: "each",
    budgetType: "project",
    resourceId: "p1",
    amount: 1000n,
  });
  for (const [name, attribution] of [
    ["nobody", {}],
    ["of a child", { project: "p1" }],
  ] as const) {
    assert.equal(desk.run(aHold(name, 50n, { attribution })).admitted, true);
    desk.run({ kind: "settle", ...first, operationId: name, outcome: anOutcome(90n) });
    assert.equal(desk.run(aHold(`next ${name}`, 50n, { attribution })).admitted, true);
  }
  assert.equal(desk.run(aHold("named", 11n, { attribution: { user: "u1" } })).admitted, false);
});

test("each value of a budget for every value has its own counter, as do counted calls without a value", () => {
  const desk = new Desk();
  desk.budget({
    budgetId: "each",
    budgetType: "user",
    resourceId: "*",
    unattributed: "count",
    amount: 10n,
  });
  assert.equal(desk.run(aHold("a", 10n, { attribution: { user: "u1" } })).admitted, true);
  assert.equal(desk.run(aHold("b", 1n, { attribution: { user: "u1" } })).admitted, false);
  assert.equal(desk.run(aHold("c", 10n, { attribution: { user: "u2" } })).admitted, true);
  assert.equal(desk.run(aHold("d", 10n, { attribution: {} })).admitted, true);
  assert.equal(desk.run(aHold("e", 1n, { attribution: {} })).admitted, false);
});

test("a clock set back returns to the window of that time", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "hourly", period: "hour", amount: 100n });
  const admits = (operationId: string, at: number): boolean =>
    desk.run(aHold(operationId, 40n, { at })).admitted;
  assert.deepEqual([admits("a", 1), admits("b", 2), admits("c", 3)], [true, true, false]);
  assert.equal(admits("d", hour + 1), true);
  assert.equal(admits("e", 4), false);
});

test("a budget that is over reopens when the clock is set back", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "launch", period: "once", start: hour, end: 2 * hour, amount: 100n });
  const admits = (operationId: string, at: number): boolean =>
    desk.run(aHold(operationId, 40n, { at })).admitted;
  assert.deepEqual(
    [admits("a", 2 * hour), admits("b", hour), admits("c", 0), admits("d", hour)],
    [false, true, false, true],
  );
});

test("a hold belongs to the window in which it was made, even if settled in the next", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "hourly", period: "hour", anchor: 0, amount: 100n });
  desk.run(aHold("a", 80n, { at: hour - 1 }));
  assert.equal(desk.run(aHold("b", 80n, { at: hour })).admitted, true);
  desk.run({ kind: "settle", ...first, at: hour + 1, outcome: anOutcome(70n) });
  const spent = [...desk.books.counters()].map(({ key, spent }) => [key.windowStart, spent]);
  assert.deepEqual(spent, [
    [0, 70n],
    [hour, 0n],
  ]);
});

test("a model without a price is blocked only by a hard budget in USD", () => {
  const demand = {
    fixed: { usd: pico(0n), tokens: 5n, requests: 1n },
    perOutputToken: null,
    outputTokens: 7,
    leastOutputTokens: 7,
    inputTokens: 5,
  };
  const desk = new Desk();
  desk.budget({ budgetId: "tokens", currency: "tokens", amount: 20n });
  assert.equal(desk.run(aHold("a", 0n, { demand })).admitted, true);
  assert.equal(desk.counter("tokens").held, 12n);
  desk.budget({ budgetId: "usd" });
  const blocked = desk.run(aHold("b", 0n, { demand }));
  assert.equal(!blocked.admitted && blocked.refusal.reason, "unpriced");
});

test("a model without a price is held at the highest fallback rates", () => {
  const demand = {
    fixed: { usd: pico(0n), tokens: 5n, requests: 1n },
    perOutputToken: null,
    outputTokens: 7,
    leastOutputTokens: 7,
    inputTokens: 5,
  };
  const allow = (input: bigint, output: bigint) =>
    ({ policy: "allow", fallback: { input: pico(input), output: pico(output) } }) as const;
  const desk = new Desk();
  desk.budget({ budgetId: "one", unpriced: allow(2n, 1n) });
  desk.budget({ budgetId: "two", unpriced: allow(1n, 3n) });
  desk.run(aHold("a", 0n, { demand }));
  assert.equal(desk.counter("one").held, 5n * 2n + 7n * 3n);
});

test("an unresolved charge is corrected to the actual cost", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all" });
  desk.run(aHold("a", 50n));
  desk.run({ kind: "settle", ...first, outcome: anOutcome(50n, { status: "unresolved" }) });
  desk.run({ kind: "settle", ...first, at: 5, fingerprint: "f", outcome: anOutcome(20n) });
  assert.equal(desk.counter("all").spent, 20n);
  assert.equal(desk.journal.at(-1)?.kind, "correction");
  assert.throws(
    () => desk.run({ kind: "settle", ...first, at: 6, fingerprint: "g", outcome: anOutcome(1n) }),
    hasCode("conflict"),
  );
});

test("a correction upwards past the limit is an overrun", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.run(aHold("a", 50n));
  desk.run({ kind: "settle", ...first, outcome: anOutcome(50n, { status: "unresolved" }) });
  desk.run({ kind: "settle", ...first, at: 5, fingerprint: "f", outcome: anOutcome(130n) });
  assert.deepEqual(desk.counter("all"), { spent: 130n, held: 0n, overrun: 30n });
});

test("a top-up is held in all budgets of the call or in none", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.budget({ budgetId: "each", budgetType: "user", resourceId: "*", amount: 30n });
  desk.run(aHold("a", 20n, { attribution: { user: "u" } }));
  const topUp = { kind: "top_up", at: 2, operationId: "a", attempt: 1 } as const;
  assert.equal(desk.run({ ...topUp, amount: { ...quantities(10n), requests: 0n } }).admitted, true);
  assert.equal(desk.run({ ...topUp, amount: { ...quantities(1n), requests: 0n } }).admitted, false);
  assert.equal(desk.counter("all").held, 30n);
});

test("a budget cannot become its own ancestor, have an unknown parent, or be deleted while it has children", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "a" });
  desk.budget({ budgetId: "b", parentBudgetId: "a" });
  assert.throws(
    () => desk.budget({ budgetId: "a", parentBudgetId: "b" }),
    hasCode("invalid_request"),
  );
  assert.throws(
    () => desk.budget({ budgetId: "c", parentBudgetId: "missing" }),
    hasCode("invalid_request"),
  );
  assert.throws(
    () => desk.run({ kind: "delete_budget", at: 1, budgetId: "a" }),
    hasCode("conflict"),
  );
});

test("a budget recreated in another unit does not inherit the old counts", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.run(aHold("a", 90n));
  desk.budget({ budgetId: "all", amount: 100n, currency: "requests" });
  assert.equal(desk.run(aHold("b", 90n)).admitted, true);
  desk.run({ kind: "settle", ...first, outcome: anOutcome(90n) });
  assert.equal(desk.books.holds.size, 1);
});

test("the first attempt of an operation is number one, repeatable or not", () => {
  for (const repeat of ["new", "next"] as const) {
    const desk = new Desk();
    desk.budget({ budgetId: "b" });
    const held = desk.run(aHold("op", 1n, { repeat }));
    assert.equal(held.admitted && held.call.attempt, 1, repeat);
  }
});
