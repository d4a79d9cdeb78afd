/** Limits of self-reported holds and charges. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError, type ErrorCode } from "../error.ts";
import { aHold, anOutcome, Desk, quantities } from "./desk.test-kit.ts";
import type { HoldCommand, SettleCommand } from "./command.ts";

const hasCode = (code: ErrorCode) => (error: unknown) =>
  error instanceof PurserError && error.code === code;
const route = { provider: "p", model: "m", endpoint: "api", keyId: "k1" };
const share = { keyId: "k1", attribution: { project: "p1" }, percent: 50, mostHolds: 3 };
const attribution = share.attribution;

function byCaller(operationId: string, usd: bigint, more: Partial<HoldCommand> = {}): HoldCommand {
  return aHold(operationId, usd, {
    repeat: "only",
    route,
    attribution,
    expiresAt: 100,
    share,
    ...more,
  });
}

function settle(
  operationId: string,
  usd: bigint,
  more: Partial<SettleCommand> = {},
): SettleCommand {
  return {
    kind: "settle",
    at: 2,
    operationId,
    attempt: 1,
    outcome: anOutcome(usd),
    fingerprint: null,
    selfReported: true,
    ...more,
  };
}

test("a self-reported charge takes at most what was held and what is left", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.budget({ budgetId: "soft", amount: 1n, policy: "soft" });
  desk.run(aHold("other", 30n));
  desk.run(byCaller("a", 10n));
  assert.throws(() => desk.run(settle("a", 71n)), hasCode("forbidden"));
  assert.deepEqual(desk.counter("all"), { spent: 0n, held: 40n, overrun: 0n });
  desk.run(settle("a", 70n));
  assert.deepEqual(desk.counter("all"), { spent: 70n, held: 30n, overrun: 0n });
});

test("the held amount can always be charged, even if nothing is left or it had lapsed", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  for (const id of ["a", "b"]) desk.run(byCaller(id, 10n));
  desk.budget({ budgetId: "all", amount: 5n });
  desk.run(settle("a", 10n));
  desk.run({ kind: "expire", at: 100 });
  assert.throws(() => desk.run(settle("b", 11n, { at: 101 })), hasCode("forbidden"));
  desk.run(settle("b", 10n, { at: 101 }));
  assert.equal(desk.counter("all").spent, 20n);
});

test("the refusal of a charge names the amounts held and left", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.run(byCaller("a", 10n));
  assert.throws(
    () => desk.run(settle("a", 101n)),
    /that are held and the 0\.00000000009 USD that budget "all" has left/,
  );
  desk.run({ kind: "expire", at: 100 });
  assert.throws(
    () => desk.run(settle("a", 111n, { at: 101 })),
    /that were held and the 0\.0000000001 USD that budget "all" has left/,
  );
});

test("an unlimited caller settles at any cost", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  desk.run(byCaller("a", 10n));
  const { selfReported: _, ...unbound } = settle("a", 500n);
  desk.run(unbound);
  assert.deepEqual(desk.counter("all"), { spent: 500n, held: 0n, overrun: 400n });
});

test("holds and top-ups of one key together are limited to its share of a shared budget", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 101n });
  desk.run(byCaller("a", 40n));
  assert.throws(() => desk.run(byCaller("b", 12n)), hasCode("forbidden"));
  assert.equal(desk.run(byCaller("b", 5n)).admitted, true);
  const topUp = {
    kind: "top_up",
    at: 2,
    operationId: "a",
    attempt: 1,
    amount: { ...quantities(6n), requests: 0n },
    share,
  } as const;
  assert.equal(desk.run(topUp).admitted, true);
  assert.throws(
    () => desk.run({ ...topUp, amount: { ...quantities(1n), requests: 0n } }),
    hasCode("forbidden"),
  );
  assert.equal(
    desk.run(
      byCaller("c", 49n, { route: { ...route, keyId: "k2" }, share: { ...share, keyId: "k2" } }),
    ).admitted,
    true,
  );
});

test("an ended hold frees its share", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "all", amount: 100n });
  for (const id of ["a", "b", "c"]) {
    desk.run(byCaller(id, 50n));
    if (id === "a") desk.run({ kind: "release", at: 2, operationId: id, attempt: 1, reason: "" });
    if (id === "b") desk.run(settle(id, 0n));
  }
  desk.run({ kind: "expire", at: 100 });
  assert.equal(desk.run(byCaller("d", 50n)).admitted, true);
});

test("a key may hold all of its own budget, and of a soft one", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "p1", amount: 100n, budgetType: "project", resourceId: "p1" });
  desk.budget({ budgetId: "each", amount: 100n, budgetType: "project", resourceId: "*" });
  desk.budget({ budgetId: "soft", amount: 10n, policy: "soft" });
  assert.equal(desk.run(byCaller("a", 100n)).admitted, true);
});

test("the open holds of one key are limited, whatever they hold, not counting those of others", () => {
  const desk = new Desk();
  const next = (id: string, more: Partial<HoldCommand> = {}) => desk.run(byCaller(id, 0n, more));
  for (const id of ["a", "b", "c"]) next(id);
  assert.throws(() => next("d"), hasCode("forbidden"));
  assert.partialDeepStrictEqual(next("c"), { admitted: true, repeated: true });
  desk.run(aHold("at the gateway", 0n, { route }));
  assert.equal(
    next("d", { route: { ...route, keyId: "k2" }, share: { ...share, keyId: "k2" } }).admitted,
    true,
  );
  for (const end of [
    settle("a", 0n),
    { kind: "release", at: 2, operationId: "b", attempt: 1, reason: "" } as const,
  ])
    desk.run(end);
  for (const id of ["e", "f"]) next(id);
  assert.throws(() => next("g"), hasCode("forbidden"));
  desk.run({ kind: "expire", at: 100 });
  assert.equal(next("g").admitted, true);
});

test("a budget of one request can be held", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "one", amount: 1n, currency: "requests" });
  assert.equal(desk.run(byCaller("a", 100n)).admitted, true);
});
