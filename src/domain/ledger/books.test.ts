/** Counters that leave memory and return. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Books } from "./books.ts";
import { aHold, anOutcome, Desk, noHistory } from "./desk.test-kit.ts";

test("a dropped counter is a single counter again, whichever key object finds it", () => {
  const books = new Books(noHistory);
  const key = {
    budgetId: "all",
    value: "main",
    windowStart: 0,
    windowEnd: 10,
    currency: "USD",
  } as const;
  books.counter(key);
  books.forgetIdleCounters(10);
  assert.deepEqual([...books.counters()], []);
  assert.equal(books.counter({ ...key }), books.counter(key));
});

test("a counter is kept while any hold is open on it, even past its window, and dropped when the last has ended", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "hourly", period: "hour", anchor: 0 });
  const kept = (): number => {
    desk.books.takeChanges();
    desk.books.forgetIdleCounters(Number.MAX_SAFE_INTEGER);
    return [...desk.books.counters()].length;
  };
  for (const id of ["settled", "released", "expired"])
    desk.run(aHold(id, 5n, { expiresAt: id === "expired" ? 10 : null }));
  assert.equal(kept(), 1);
  desk.run({
    kind: "settle",
    operationId: "settled",
    attempt: 1,
    at: 2,
    outcome: anOutcome(5n),
    fingerprint: null,
  });
  assert.equal(kept(), 1);
  desk.run({ kind: "release", operationId: "released", attempt: 1, at: 2, reason: "r" });
  assert.equal(kept(), 1);
  desk.run({ kind: "expire", at: 10 });
  assert.equal(kept(), 0);
});
