/** Late settles and overruns. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "./decide.ts";
import { aHold, anOutcome, Desk } from "./desk.test-kit.ts";

const first = { operationId: "a", attempt: 1, at: 2, fingerprint: null };

test("a hold that expired before a budget was created is charged to it too when settled late", () => {
  const desk = new Desk();
  desk.run(aHold("a", 40n, { expiresAt: 10 }));
  desk.run({ kind: "expire", at: 10 });
  desk.budget({ budgetId: "later", amount: 100n });
  desk.run({ kind: "settle", ...first, at: 20, outcome: anOutcome(25n) });
  assert.deepEqual(desk.counter("later"), { spent: 25n, held: 0n, overrun: 0n });
});

test("an entry without overruns has none", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.run(aHold("a", 40n));
  const { entries } = decide(desk.books, { kind: "settle", ...first, outcome: anOutcome(25n) });
  for (const entry of entries)
    desk.books.apply(entry.kind === "settle" ? { ...entry, overruns: [] } : entry);
  assert.deepEqual(desk.counter("all"), { spent: 25n, held: 0n, overrun: 0n });
});
