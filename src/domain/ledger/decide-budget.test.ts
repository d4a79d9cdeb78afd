/** Budgets that are created or changed while calls are in flight. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Budget } from "../budget/budget.ts";
import { aBudget, aHold, anOutcome, Desk, quantities } from "./desk.test-kit.ts";

/** A budget of 100 with a call in flight that holds 40. */
function underWay(): { readonly desk: Desk; readonly budget: Budget } {
  const desk = new Desk();
  const budget = aBudget({ budgetId: "all", amount: 100n });
  desk.put(budget, 0);
  desk.run(aHold("open", 40n));
  return { desk, budget };
}

function topUp(desk: Desk, usd: bigint): string {
  const answer = desk.run({
    kind: "top_up",
    operationId: "open",
    attempt: 1,
    at: 9,
    amount: quantities(usd),
  });
  return answer.admitted ? "admitted" : answer.refusal.reason;
}

test("a call in flight gets no more from a budget lowered below what is spent and held", () => {
  const { desk, budget } = underWay();
  assert.equal(topUp(desk, 1n), "admitted");
  desk.put({ ...budget, amount: 41n }, 5);
  assert.equal(topUp(desk, 1n), "budget_held");
  desk.put({ ...budget, amount: 0n }, 6);
  assert.equal(topUp(desk, 1n), "budget_exhausted");
});

test("a call in flight gets no more from a child whose parent was lowered", () => {
  const desk = new Desk();
  const parent = aBudget({ budgetId: "all", amount: 100n });
  desk.put(parent, 0);
  desk.put(
    aBudget({ budgetId: "team", parentBudgetId: "all", budgetType: "team", resourceId: "t1" }),
    0,
  );
  desk.run(aHold("open", 40n, { attribution: { team: "t1" } }));
  desk.put({ ...parent, amount: 40n }, 5);
  assert.equal(topUp(desk, 1n), "budget_held");
});

test("a new pause threshold below what is spent pauses at once, and calls in flight get no more", () => {
  const { desk, budget } = underWay();
  desk.run(aHold("ended", 50n));
  desk.run({
    kind: "settle",
    operationId: "ended",
    attempt: 1,
    at: 3,
    outcome: anOutcome(50n),
    fingerprint: null,
  });
  desk.put({ ...budget, thresholds: [{ partsPerMillion: 500_000, action: "pause" }] }, 5);
  assert.deepEqual(
    desk.journal
      .filter(({ kind }) => kind === "threshold")
      .map((entry) => entry.kind === "threshold" && [entry.at, entry.spent]),
    [[5, 50n]],
  );
  assert.equal(topUp(desk, 1n), "budget_paused");
});

test("a soft budget that becomes hard refuses calls in flight more than it has", () => {
  const { desk, budget } = underWay();
  desk.put({ ...budget, policy: "soft", amount: 10n }, 4);
  assert.equal(topUp(desk, 1n), "admitted");
  desk.put({ ...budget, policy: "hard", amount: 10n }, 5);
  assert.equal(topUp(desk, 1n), "budget_held");
});

test("a new budget refuses calls in flight more than it has, and a threshold already passed fires", () => {
  const { desk } = underWay();
  desk.run(aHold("ended", 9n));
  desk.run({
    kind: "settle",
    operationId: "ended",
    attempt: 1,
    at: 3,
    outcome: anOutcome(9n),
    fingerprint: null,
  });
  desk.put(
    aBudget({
      budgetId: "late",
      amount: 10n,
      thresholds: [{ partsPerMillion: 800_000, action: "notify" }],
    }),
    5,
  );
  const late = [...desk.books.counters()].find(({ key }) => key.budgetId === "late");
  assert.deepEqual([late?.spent, late?.held, late?.fired], [9n, 40n, [800_000]]);
  assert.equal(topUp(desk, 1n), "budget_held");
});

test("changing only the amount recounts nothing and moves nothing", () => {
  const { desk, budget } = underWay();
  desk.put({ ...budget, amount: 50n }, 5);
  const last = desk.journal.at(-1);
  assert.deepEqual(last?.kind === "budget" && last.recounts, []);
});

test("a hold keeps its budgets narrowest first when one is inserted between them", () => {
  const desk = new Desk();
  desk.put(aBudget({ budgetId: "all" }), 0);
  desk.put(
    aBudget({ budgetId: "user", parentBudgetId: "all", budgetType: "user", resourceId: "u1" }),
    0,
  );
  desk.run(aHold("open", 40n, { attribution: { user: "u1", team: "t1" } }));
  desk.put(
    aBudget({ budgetId: "team", parentBudgetId: "all", budgetType: "team", resourceId: "t1" }),
    5,
  );
  assert.deepEqual(
    desk.books.holds.get("open")?.keys.map(({ budgetId }) => budgetId),
    ["team", "user", "all"],
  );
});

test("a soft budget that is not open admits calls and does not count them", () => {
  const desk = new Desk();
  desk.put(
    aBudget({ budgetId: "later", policy: "soft", period: "once", anchor: 0, start: 100, end: 200 }),
    0,
  );
  assert.equal(desk.run(aHold("early", 5n)).admitted, true);
  assert.deepEqual(
    [...desk.books.counters()].map(({ held }) => held),
    [0n],
  );
});

test("a one-time budget counts the calls of its only window (future, open or over), and all earlier ones if it has no start", () => {
  for (const at of [1, 15, 30]) {
    for (const [start, counted] of [
      [10, 5n],
      [null, 12n],
    ] as const) {
      const desk = new Desk();
      for (const [operationId, held, usd] of [
        ["before", 9, 7n],
        ["within", 10, 5n],
        ["behind", 20, 3n],
      ] as const) {
        desk.run(aHold(operationId, usd, { at: held }));
        desk.run({
          kind: "settle",
          operationId,
          attempt: 1,
          at: held,
          outcome: anOutcome(usd),
          fingerprint: null,
        });
      }
      desk.put(aBudget({ budgetId: "launch", period: "once", anchor: 0, start, end: 20 }), at);
      assert.equal(desk.counter("launch").spent, counted, `at ${at} from ${start}`);
    }
  }
});

test("`create` needs an unused id, `replace` an existing one, and `put` accepts both", () => {
  const desk = new Desk();
  const budget = aBudget({ budgetId: "a" });
  const put = (when: "create" | "replace" | "put", amount: bigint) =>
    desk.run({ kind: "put_budget", at: 0, budget: { ...budget, amount }, when, counted: [] });
  assert.throws(() => put("replace", 1n), { code: "not_found", message: 'no budget "a"' });
  put("create", 1n);
  assert.throws(() => put("create", 2n), { code: "conflict", message: 'budget "a" exists' });
  put("replace", 3n);
  put("put", 4n);
  assert.equal(desk.books.budgets.get("a")?.amount, 4n);
});

test("a budget whose window is over or in the future fires no threshold, however much it has spent", () => {
  const thresholds = [{ partsPerMillion: 500_000, action: "notify" }] as const;
  const launch = aBudget({
    budgetId: "launch",
    period: "once",
    anchor: 0,
    start: 10,
    end: 20,
    amount: 100n,
    thresholds,
  });
  for (const [at, fired] of [
    [5, 0],
    [15, 1],
    [25, 0],
  ] as const) {
    const desk = new Desk();
    desk.run(aHold("a", 60n, { at: 12 }));
    desk.run({
      kind: "settle",
      operationId: "a",
      attempt: 1,
      at: 12,
      outcome: anOutcome(60n),
      fingerprint: null,
    });
    desk.put(launch, at);
    assert.equal(desk.journal.filter(({ kind }) => kind === "threshold").length, fired, String(at));
  }
});

test("a call continues after another overran its budget, but not after the limit was lowered below what is spent and held", () => {
  const desk = new Desk();
  const budget = aBudget({ budgetId: "all", amount: 100n });
  desk.put(budget, 0);
  for (const [id, usd] of [
    ["open", 40n],
    ["other", 50n],
  ] as const)
    desk.run(aHold(id, usd));
  desk.run({
    kind: "settle",
    operationId: "other",
    attempt: 1,
    at: 2,
    outcome: anOutcome(90n),
    fingerprint: null,
  });
  assert.equal(desk.counter("all").overrun, 30n);
  const look = {
    kind: "top_up",
    operationId: "open",
    attempt: 1,
    at: 9,
    amount: { ...quantities(0n), requests: 0n },
  } as const;
  assert.equal(desk.run(look).admitted, true);
  desk.put({ ...budget, amount: 99n }, 5);
  const refused = desk.run(look);
  assert.equal(!refused.admitted && refused.refusal.reason, "budget_exhausted");
});

test("a budget moved under another adds the calls of its window, and leaves them when it moves away", () => {
  const desk = new Desk();
  const org = aBudget({ budgetId: "org", budgetType: "org", resourceId: "o1" });
  const team = aBudget({ budgetId: "team", budgetType: "team", resourceId: "t1" });
  desk.put(org, 0);
  desk.put(team, 0);
  const spend = (operationId: string): void => {
    desk.run(aHold(operationId, 5n, { attribution: { team: "t1" } }));
    desk.run({
      kind: "settle",
      operationId,
      attempt: 1,
      at: 2,
      outcome: anOutcome(5n),
      fingerprint: null,
    });
  };
  spend("before");
  desk.put({ ...team, parentBudgetId: "org" }, 3);
  assert.equal(desk.counter("org").spent, 5n);
  spend("under it");
  desk.put({ ...team, parentBudgetId: null }, 4);
  spend("behind");
  assert.deepEqual([desk.counter("org").spent, desk.counter("team").spent], [10n, 15n]);
});

test("answers to holds and charges name the hard USD budget with the least left afterwards", () => {
  const desk = new Desk();
  desk.put(aBudget({ budgetId: "wide", amount: 100n }), 0);
  desk.put(aBudget({ budgetId: "narrow", amount: 70n }), 0);
  desk.put(aBudget({ budgetId: "soft", amount: 10n, policy: "soft" }), 0);
  desk.put(aBudget({ budgetId: "tokens", amount: 40n, currency: "tokens" }), 0);
  const held = desk.run(aHold("a", 30n));
  assert.deepEqual(held.admitted && held.tightest, { budgetId: "narrow", available: 40n });
  const settled = desk.run({
    kind: "settle",
    operationId: "a",
    attempt: 1,
    at: 2,
    outcome: anOutcome(10n),
    fingerprint: null,
  });
  assert.deepEqual(settled.tightest, { budgetId: "narrow", available: 60n });
  const none = new Desk();
  none.put(aBudget({ budgetId: "soft", amount: 10n, policy: "soft" }), 0);
  const free = none.run(aHold("a", 30n));
  assert.equal(free.admitted && free.tightest, null);
});
