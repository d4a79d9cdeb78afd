/** A loose hold (far above the likely bill) leaves room for holds based on counted tokens. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../money/money.ts";
import { aHold, anOutcome, Desk, quantities } from "./desk.test-kit.ts";

const loose = (usd: bigint) => ({
  demand: {
    fixed: quantities(usd),
    perOutputToken: pico(0n),
    outputTokens: 0,
    leastOutputTokens: 0,
    inputTokens: 0,
    loose: true,
  },
});

test("loose holds take at most half of the unspent amount, including what is held", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 120n });
  desk.run(aHold("spent", 20n));
  desk.run({
    kind: "settle",
    operationId: "spent",
    attempt: 1,
    at: 1,
    outcome: anOutcome(20n),
    fingerprint: null,
  });
  assert.equal(desk.run(aHold("a", 0n, loose(20n))).admitted, true);
  const crowded = desk.run(aHold("b", 0n, loose(31n)));
  assert.deepEqual(!crowded.admitted && [crowded.refusal.reason, crowded.refusal.needed], [
    "budget_held",
    31n,
  ]);
  assert.equal(desk.run(aHold("c", 0n, loose(30n))).admitted, true);
  assert.equal(desk.run(aHold("d", 50n)).admitted, true, "one that was counted has the rest");
});

test("a soft budget keeps no room free", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n, policy: "soft" });
  assert.equal(desk.run(aHold("a", 0n, loose(90n))).admitted, true);
});

test("a loose top-up takes half, too", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.run(aHold("a", 20n));
  const topUp = (usd: bigint, isLoose: boolean) =>
    desk.run({
      kind: "top_up",
      operationId: "a",
      attempt: 1,
      at: 2,
      amount: quantities(usd),
      loose: isLoose,
    });
  const crowded = topUp(31n, true);
  assert.deepEqual(!crowded.admitted && [crowded.refusal.reason, crowded.refusal.needed], [
    "budget_held",
    31n,
  ]);
  assert.equal(topUp(30n, true).admitted, true);
  assert.equal(topUp(50n, false).admitted, true);
});
