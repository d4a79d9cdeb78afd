/** Tests where a corrected charge is booked after its budget's definition has changed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { aBudget, aHold, anOutcome, Desk } from "./desk.test-kit.ts";

const hold = (desk: Desk, id: string, at: number): void =>
  void desk.run(aHold(id, 10n, { at, attribution: { team: "t1", user: "u1" } }));

function settle(
  desk: Desk,
  id: string,
  end: { readonly cost: bigint; readonly at: number; readonly status: "settled" | "estimated" },
): void {
  const outcome = anOutcome(end.cost, { status: end.status });
  desk.run({ kind: "settle", operationId: id, attempt: 1, at: end.at, outcome, fingerprint: null });
}

const spentOf = (desk: Desk): Record<string, bigint> =>
  Object.fromEntries(
    [...desk.books.counters()].map(({ key, spent }) => [
      `${key.value} ${key.windowStart}-${key.windowEnd}`,
      spent,
    ]),
  );

const year = Date.UTC(1971, 0);

test("a charge that only an earlier definition counted is corrected on no counter in use", () => {
  const desk = new Desk();
  const budget = aBudget({ budgetId: "b", amount: 1000n, policy: "soft" });
  desk.put(budget, 0);
  hold(desk, "one", 1);
  settle(desk, "one", { cost: 7n, at: 2, status: "estimated" });
  const ofUsers = { ...budget, budgetType: "user", resourceId: "*" } as const;
  desk.put(ofUsers, 3);
  desk.put({ ...ofUsers, period: "once", start: 4, end: 50 }, 4);
  hold(desk, "two", 5);
  settle(desk, "two", { cost: 3n, at: 6, status: "estimated" });
  settle(desk, "one", { cost: 0n, at: 7, status: "settled" });
  assert.deepEqual(spentOf(desk), {
    [`main 0-${year}`]: 0n,
    [`u1 0-${year}`]: 7n,
    "u1 4-50": 3n,
  });
});

test("a charge that no recount moved is corrected where it was made", () => {
  const desk = new Desk();
  const budget = aBudget({ budgetId: "b", amount: 1000n, policy: "soft" });
  desk.put(budget, 0);
  hold(desk, "one", 1);
  settle(desk, "one", { cost: 7n, at: 2, status: "estimated" });
  desk.put({ ...budget, period: "once", start: 4, end: 50 }, 4);
  settle(desk, "one", { cost: 2n, at: 7, status: "settled" });
  assert.deepEqual(spentOf(desk), { [`main 0-${year}`]: 2n });
});
