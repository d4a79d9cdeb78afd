/** Corrections of charges by an administrator. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError, type ErrorCode } from "../error.ts";
import { pico } from "../money/money.ts";
import type { CorrectCommand } from "./command.ts";
import { aHold, anOutcome, Desk } from "./desk.test-kit.ts";

const hasCode = (code: ErrorCode) => (error: unknown) =>
  error instanceof PurserError && error.code === code;
const first = { at: 1, operationId: "a", attempt: 1, fingerprint: null } as const;

function correction(amount: bigint, more: Partial<CorrectCommand> = {}): CorrectCommand {
  const { cost: _, ...outcome } = anOutcome(amount);
  return {
    kind: "correct",
    at: 9,
    operationId: "a",
    attempt: 1,
    amount: pico(amount),
    outcome,
    reason: "billed so",
    fingerprint: `to ${amount}`,
    ...more,
  };
}

/** A call held at 50 and charged 40, in a budget of 100. */
function charged(status: "settled" | "estimated" | "unresolved" = "settled"): Desk {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.run(aHold("a", 50n));
  desk.run({ kind: "settle", ...first, outcome: anOutcome(40n, { status }) });
  return desk;
}

test("any charge can be corrected to any amount, repeatedly, and the budget follows", () => {
  for (const status of ["settled", "estimated", "unresolved"] as const) {
    const desk = charged(status);
    for (const amount of [70n, 0n, 25n]) {
      assert.equal(desk.run(correction(amount)).repeated, false);
      assert.deepEqual(desk.counter("all"), { spent: amount, held: 0n, overrun: 0n });
    }
    assert.equal(desk.journal.filter(({ kind }) => kind === "correction").length, 3);
  }
});

test("repeating a correction changes nothing", () => {
  const desk = charged();
  desk.run(correction(70n));
  const { length } = desk.journal;
  assert.equal(desk.run(correction(70n)).repeated, true);
  assert.equal(desk.journal.length, length);
});

test("token and request counts do not change", () => {
  const desk = charged();
  desk.budget({ budgetId: "tokens", currency: "tokens", amount: 100n });
  desk.run(aHold("b", 10n));
  desk.run({ kind: "settle", ...first, operationId: "b", outcome: anOutcome(10n) });
  desk.run(correction(1n, { operationId: "b" }));
  // The new budget counts the first call, too.
  assert.equal(desk.counter("tokens").spent, 40n + 10n);
});

test("a released call counts as one request once corrected, and a counted one still counts as one", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "requests", currency: "requests", amount: 100n });
  for (const operationId of ["a", "b"]) desk.run(aHold(operationId, 10n));
  desk.run({ kind: "release", at: 2, operationId: "a", attempt: 1, reason: "" });
  desk.run({ kind: "settle", ...first, operationId: "b", outcome: anOutcome(10n) });
  assert.equal(desk.counter("requests").spent, 1n);
  for (const operationId of ["a", "b"]) desk.run(correction(1n, { operationId }));
  assert.equal(desk.counter("requests").spent, 2n);
});

test("a correction past the limit is an overrun, and one back within it removes the overrun", () => {
  const desk = charged();
  desk.run(correction(5_000n));
  assert.deepEqual(desk.counter("all"), { spent: 5_000n, held: 0n, overrun: 4_900n });
  desk.run(correction(130n));
  assert.deepEqual(desk.counter("all"), { spent: 130n, held: 0n, overrun: 30n });
  desk.run(correction(20n));
  assert.deepEqual(desk.counter("all"), { spent: 20n, held: 0n, overrun: 0n });
  assert.equal(desk.run(aHold("next", 80n)).admitted, true);
});

test("a released or lapsed hold can be corrected, and then no longer settled", () => {
  for (const end of [
    { kind: "release", at: 2, operationId: "a", attempt: 1, reason: "" } as const,
    { kind: "expire", at: 100 } as const,
  ]) {
    const desk = new Desk();
    desk.budget({ budgetId: "all", amount: 100n });
    desk.run(aHold("a", 50n, { expiresAt: 100 }));
    desk.run(end);
    desk.run(correction(30n));
    assert.deepEqual(desk.counter("all"), { spent: 30n, held: 0n, overrun: 0n });
    assert.throws(
      () => desk.run({ kind: "settle", ...first, fingerprint: "late", outcome: anOutcome(10n) }),
      hasCode("conflict"),
    );
  }
});

test("a call in flight and an unknown call cannot be corrected", () => {
  const desk = new Desk();
  desk.run(aHold("a", 50n));
  assert.throws(() => desk.run(correction(1n)), hasCode("conflict"));
  assert.throws(() => desk.run(correction(1n, { operationId: "b" })), hasCode("not_found"));
});

test("a threshold crossed by a correction is reported", () => {
  const desk = charged();
  desk.budget({
    budgetId: "all",
    amount: 100n,
    thresholds: [{ partsPerMillion: 800_000, action: "notify" }],
  });
  assert.equal(desk.run(correction(90n)).crossed.length, 1);
});
