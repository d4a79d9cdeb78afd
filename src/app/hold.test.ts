import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../domain/money/money.ts";
import { Desk } from "../domain/ledger/desk.test-kit.ts";
import { hold, type HoldContext, type HoldRequest } from "./hold.ts";
import { silentObserver } from "./parts.test-kit.ts";
import { Scouts } from "./scouts.ts";
import { Waiting } from "./waiting.ts";

const clock = { now: () => 1, monotonic: () => 1 };
const rates = { input: pico(1n), output: pico(1n) };

/** A call of 100 bytes and one token of output, at a pico-dollar a token. */
const request: HoldRequest = {
  at: 1,
  operationId: "op",
  repeat: "new",
  attribution: {},
  route: { provider: "p", model: "m", endpoint: "chat", keyId: null },
  budgets: [],
  estimate: (_at, counted) => ({
    inputTokens: counted?.tokens ?? 100,
    ceiling: 1,
    firstSlice: 1,
    unknownInput: 0,
    least: 1,
    rates,
    fees: pico(0n),
  }),
  count: async () => ({ tokens: 20, digest: "" }),
};

function contextOf(amount: bigint, failures: string[]): HoldContext {
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount });
  const waiting = new Waiting();
  return {
    ledger: { commit: async (command) => desk.run(command) },
    clock,
    waiting,
    scouts: new Scouts(waiting),
    limits: { holdWaitMs: 0 },
    observer: { ...silentObserver, failed: (what) => void failures.push(what) },
  };
}

test("a call whose bytes do not fit is counted, and held by its count", async () => {
  const failures: string[] = [];
  const held = await hold(contextOf(50n, failures), request);
  assert.ok(held.admitted);
  assert.deepEqual([held.answer.amount.usd, failures], [21n, []]);
});

test("a call that cannot be counted is held by its bytes, or refused, and does not fail", async () => {
  const broken = { ...request, count: () => Promise.reject(new Error("the thread ended")) };
  const failures: string[] = [];
  const refused = await hold(contextOf(50n, failures), broken);
  assert.ok(!refused.admitted);
  assert.equal(refused.refusal.budgetId, "b");
  assert.deepEqual(failures, ["an input could not be counted, and is held by its bytes"]);
  assert.ok((await hold(contextOf(200n, failures), broken)).admitted);
});
