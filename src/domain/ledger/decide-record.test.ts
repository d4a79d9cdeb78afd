/** Tests records of money that was spent without a hold. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../error.ts";
import { Books } from "./books.ts";
import type { RecordCommand } from "./command.ts";
import { aBudget, aHold, anOutcome, Desk } from "./desk.test-kit.ts";
import { noHistory } from "./past.ts";

const dayMs = 86_400_000;

function aRecord(id: string, usd: bigint, change: Partial<RecordCommand> = {}): RecordCommand {
  return {
    kind: "record",
    at: 10,
    startedAt: 10,
    operationId: id,
    attribution: { team: "t1" },
    route: { provider: "p", model: "m", endpoint: "usage", keyId: null },
    budgets: [],
    outcome: anOutcome(usd),
    fingerprint: `${id} ${usd}`,
    ...change,
  };
}

const refusedAs = (code: string, field: string) => (error: unknown) =>
  error instanceof PurserError && error.code === code && error.detail.field === field;

test("a record is spent in every budget that applies, and nothing stays held", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all" });
  desk.budget({ budgetId: "t1", budgetType: "team", resourceId: "t1", parentBudgetId: "all" });
  const answer = desk.run(aRecord("a", 7n));
  assert.deepEqual(
    [answer.repeated, answer.cost.usd, answer.tightest?.available],
    [false, 7n, 993n],
  );
  for (const id of ["all", "t1"])
    assert.deepEqual(desk.counter(id), { spent: 7n, held: 0n, overrun: 0n });
  assert.equal(desk.books.holds.size, 0);
});

test("the same body is charged once; another body with the same id is a conflict", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all" });
  desk.run(aRecord("a", 7n));
  const again = desk.run(aRecord("a", 7n));
  assert.deepEqual([again.repeated, again.cost.usd], [true, 7n]);
  assert.throws(() => desk.run(aRecord("a", 8n)), refusedAs("conflict", "operation_id"));
  assert.equal(desk.counter("all").spent, 7n);
});

test("the id of a call in flight, or of one that was held, is a conflict", () => {
  const desk = new Desk();
  desk.run(aHold("a", 5n));
  assert.throws(() => desk.run(aRecord("a", 7n)), refusedAs("conflict", "operation_id"));
  desk.run({ kind: "release", operationId: "a", attempt: 1, at: 2, reason: "r" });
  assert.throws(() => desk.run(aRecord("a", 7n)), refusedAs("conflict", "operation_id"));
});

test("what goes past the limit is an overrun, and crosses thresholds when it is recorded", () => {
  const desk = new Desk();
  const thresholds = [{ partsPerMillion: 1_000_000, action: "notify" }] as const;
  desk.budget({ budgetId: "all", amount: 5n, thresholds });
  const { crossed } = desk.run(aRecord("a", 7n, { at: 90, startedAt: 10 }));
  assert.deepEqual(
    crossed.map(({ at, spent }) => [at, spent]),
    [[90, 7n]],
  );
  assert.deepEqual(desk.counter("all"), { spent: 7n, held: 0n, overrun: 2n });
});

test("a self-reported record is limited to what its budgets have left", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 5n });
  const own = { selfReported: true } as const;
  assert.throws(() => desk.run(aRecord("a", 6n, own)), refusedAs("forbidden", "amount"));
  desk.run(aRecord("a", 5n, own));
  assert.equal(desk.counter("all").spent, 5n);
});

test("a budget counts a record if its current window includes the time of the record", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "day", period: "day", anchor: 0 });
  desk.budget({ budgetId: "year", period: "year" });
  const at = 3 * dayMs + 50;
  desk.run(aRecord("now", 1n, { at, startedAt: 3 * dayMs }));
  desk.run(aRecord("before", 2n, { at, startedAt: 3 * dayMs - 1 }));
  const spent = [...desk.books.counters()]
    .filter((counter) => counter.spent > 0n)
    .map((counter) => [counter.key.budgetId, counter.key.windowStart, counter.spent]);
  assert.deepEqual(spent, [
    ["day", 3 * dayMs, 1n],
    ["year", 0, 3n],
  ]);
});

test("a correction follows the record: to the counters it is on, and to no window that was over", () => {
  const desk = new Desk();
  desk.put(aBudget({ budgetId: "day", period: "day", anchor: 0 }), 10);
  desk.budget({ budgetId: "year", period: "year" });
  const at = 3 * dayMs + 50;
  desk.run(aRecord("a", 2n, { at, startedAt: 2 * dayMs }));
  const { cost, ...outcome } = anOutcome(9n);
  const correction = { kind: "correct", operationId: "a", attempt: 1, amount: cost.usd } as const;
  desk.run({ ...correction, at: at + 1, outcome, reason: "r", fingerprint: "c" });
  const spent = [...desk.books.counters()].filter((counter) => counter.spent > 0n);
  assert.deepEqual(
    spent.map((counter) => [counter.key.budgetId, counter.spent]),
    [["year", 9n]],
  );
  assert.equal(desk.run(aRecord("a", 2n, { at, startedAt: 2 * dayMs })).cost.usd, 9n);
});

test("a budget that is put later counts the records of its window", () => {
  const desk = new Desk();
  const at = 3 * dayMs + 50;
  desk.run(aRecord("a", 2n, { at, startedAt: 2 * dayMs }));
  desk.run(aRecord("b", 3n, { at, startedAt: 3 * dayMs }));
  desk.put(aBudget({ budgetId: "day", period: "day", anchor: 0 }), at);
  assert.equal(desk.counter("day").spent, 3n);
  desk.put(aBudget({ budgetId: "year", period: "year" }), at);
  assert.equal(desk.counter("year").spent, 5n);
});

test("the journal of records gives the same books", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 5n });
  for (const id of ["a", "b"]) desk.run(aRecord(id, 4n));
  const replayed = new Books(noHistory);
  for (const entry of desk.journal) replayed.apply(entry);
  const amounts = ({ spent, held, overrun }: { spent: bigint; held: bigint; overrun: bigint }) => ({
    spent,
    held,
    overrun,
  });
  assert.deepEqual([...replayed.counters()].map(amounts), [...desk.books.counters()].map(amounts));
  assert.equal(replayed.past("a")[0]?.recordedAt, 10);
});

test("a charge that was held with its call takes over its part of the hold", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 10n });
  desk.run(aHold("call", 10n));
  const held = { operationId: "call", attempt: 1 };
  assert.throws(
    () => desk.run(aRecord("other", 4n, { selfReported: true })),
    refusedAs("forbidden", "amount"),
  );
  const charge = aRecord("call/charge/search", 4n, { selfReported: true, coveredBy: held });
  const { cost, crossed } = desk.run(charge);
  assert.deepEqual([cost.usd, crossed], [4n, []]);
  assert.deepEqual(desk.counter("all"), { spent: 4n, held: 6n, overrun: 0n });
  desk.run({ kind: "settle", ...held, at: 11, outcome: anOutcome(5n), fingerprint: null });
  assert.deepEqual(desk.counter("all"), { spent: 9n, held: 0n, overrun: 0n });
});

test("a second attempt that held its charge again gives it back", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all" });
  for (const attempt of [1, 2]) {
    desk.run({ ...aHold("call", 10n), repeat: "next" });
    const held = { operationId: "call", attempt };
    const charge = desk.run(aRecord("call/charge/search", 4n, { coveredBy: held }));
    assert.deepEqual([charge.repeated, desk.counter("all").held], [attempt === 2, 6n]);
    desk.run({ kind: "release", ...held, at: 11, reason: "r" });
  }
  assert.deepEqual(desk.counter("all"), { spent: 4n, held: 0n, overrun: 0n });
});

test("a budget of the charge alone has to have its cost left", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all" });
  desk.budget({ budgetId: "tools", amount: 3n, providers: ["p"] });
  desk.run({ ...aHold("call", 10n), route: { ...aRecord("x", 1n).route, provider: "other" } });
  const charge = aRecord("c", 4n, { coveredBy: { operationId: "call", attempt: 1 } });
  assert.throws(() => desk.run(charge), refusedAs("forbidden", "amount"));
  assert.deepEqual(desk.counter("all").held, 10n);
});
