/** Tests how calls are held: counted, shortened, made to wait, or refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../../domain/money/money.ts";
import { aHold, anOutcome, Desk } from "../../domain/ledger/desk.test-kit.ts";
import { hold, type HoldContext, type CallToHold } from "./hold.ts";
import { silentObserver } from "../port/parts.test-kit.ts";
import { Scouts } from "./scouts.ts";
import { Waiting } from "./waiting.ts";

const clock = { now: () => 1, monotonic: () => 1 };
const rates = { input: pico(1n), output: pico(1n) };

/** A call of 100 bytes of input and one token of output, at one pico-dollar a token. */
const request: CallToHold = {
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

function contextOf(amount: bigint, failures: string[], desk = new Desk()): HoldContext {
  desk.budget({ budgetId: "b", amount });
  const waiting = new Waiting();
  return {
    ledger: { commit: async (command) => desk.run(command) },
    clock,
    waiting,
    scouts: new Scouts(waiting),
    limits: { holdWaitMs: 0, totalMs: 60_000 },
    observer: { ...silentObserver, failed: (what) => void failures.push(what) },
  };
}

test("a call whose bytes do not fit is counted, and held by its token count", async () => {
  const failures: string[] = [];
  const held = await hold(contextOf(50n, failures), request);
  assert.ok(held.admitted);
  assert.deepEqual([held.answer.amount.usd, failures], [21n, []]);
});

test("a call that cannot be counted is held by its bytes or refused, but does not fail", async () => {
  const broken = { ...request, count: () => Promise.reject(new Error("the thread ended")) };
  const failures: string[] = [];
  const refused = await hold(contextOf(50n, failures), broken);
  assert.ok(!refused.admitted);
  assert.equal(refused.refusal.budgetId, "b");
  assert.deepEqual(failures, ["an input could not be counted and is held by its bytes"]);
  assert.ok((await hold(contextOf(200n, failures), broken)).admitted);
});

/** Asks for 40 tokens of output, of which 10 are worth having, with an input of 20. */
const long: CallToHold = {
  ...request,
  estimate: (at, counted) => ({
    ...request.estimate(at, counted),
    ceiling: 40,
    firstSlice: 40,
    least: 10,
  }),
};
const charge = (desk: Desk, operationId: string, usd: bigint) =>
  desk.run({
    kind: "settle",
    at: 1,
    operationId,
    attempt: 1,
    outcome: anOutcome(usd),
    fingerprint: null,
  });

test("money already spent shortens an answer down to the least worth having; below that the refusal is recorded", async () => {
  for (const [amount, output] of [
    [60n, 40],
    [59n, 39],
    [30n, 10],
    [29n, null],
  ] as const) {
    const desk = new Desk();
    const held = await hold(contextOf(amount, [], desk), long);
    assert.equal(held.admitted ? held.answer.outputTokens : null, output, String(amount));
    assert.deepEqual(
      desk.journal.map(({ kind }) => kind),
      ["budget", held.admitted ? "hold" : "refusal"],
      "a try in vain is not recorded",
    );
  }
});

test("a stream's first slice may be shorter than the least worth having of the whole", async () => {
  const stream: CallToHold = {
    ...long,
    estimate: (at, counted) => ({ ...long.estimate(at, counted), firstSlice: 5 }),
  };
  const held = await hold(contextOf(25n, []), stream);
  assert.ok(held.admitted);
  assert.deepEqual([held.answer.outputTokens, held.answer.amount.usd], [5, 25n]);
});

test("a call waits for amounts held by others rather than accept a shorter answer, and is shortened when the wait is over", async () => {
  const desk = new Desk();
  const context = { ...contextOf(100n, [], desk), limits: { holdWaitMs: 10_000, totalMs: 60_000 } };
  desk.run(aHold("other", 60n));
  const waits = hold(context, long);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(desk.books.holds.has("op"), false, "it waits");
  charge(desk, "other", 1n);
  context.waiting.roomMade();
  const { endings } = context.waiting;
  const held = await waits;
  assert.equal(held.admitted && held.answer.outputTokens, 40);
  assert.equal(context.waiting.endings, endings + 1, "the next in the queue may fit now");

  const later = new Desk();
  const impatient = contextOf(100n, [], later);
  later.run(aHold("other", 60n));
  const shortened = await hold(impatient, long);
  assert.equal(shortened.admitted && shortened.answer.outputTokens, 20);
});

test("a call that would not fit even if all others ended is refused at once", async () => {
  const desk = new Desk();
  const context = { ...contextOf(100n, [], desk), limits: { holdWaitMs: 60_000, totalMs: 60_000 } };
  desk.run(aHold("spent", 75n));
  charge(desk, "spent", 75n);
  desk.run(aHold("other", 5n));
  const refused = await hold(context, long);
  assert.equal(!refused.admitted && refused.refusal.reason, "budget_exhausted");
});

test("a call also waits for the shortest useful answer, and is then shortened", async () => {
  const desk = new Desk();
  const context = { ...contextOf(100n, [], desk), limits: { holdWaitMs: 10_000, totalMs: 60_000 } };
  desk.run(aHold("spent", 60n));
  charge(desk, "spent", 60n);
  desk.run(aHold("other", 20n));
  const waits = hold(context, long);
  await new Promise((resolve) => setTimeout(resolve, 20));
  charge(desk, "other", 1n);
  context.waiting.roomMade();
  const held = await waits;
  assert.equal(held.admitted && held.answer.outputTokens, 19);
});

test("with an unknown model, one call goes ahead without the margin for added input, and the others wait for it", async () => {
  const unknown: CallToHold = {
    ...request,
    estimate: (at, counted) => ({ ...request.estimate(at, counted), unknownInput: 1000 }),
  };
  const desk = new Desk();
  const context = { ...contextOf(200n, [], desk), limits: { holdWaitMs: 10_000, totalMs: 60_000 } };
  const first = await hold(context, unknown);
  assert.ok(first.admitted);
  assert.equal(first.answer.amount.usd, 21n);
  let isHeld = false;
  const second = hold(context, { ...unknown, operationId: "second" }).finally(
    () => (isHeld = true),
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(isHeld, false);
  first.ended();
  assert.ok((await second).admitted);
});

test("if there is room, the input that an unknown provider may add is held too", async () => {
  const unknown: CallToHold = {
    ...request,
    estimate: (at, counted) => ({ ...request.estimate(at, counted), unknownInput: 1000 }),
  };
  for (const [amount, usd] of [
    [10_000n, 1101n],
    [1100n, 1021n],
    [1020n, 21n],
  ] as const) {
    const held = await hold(contextOf(amount, []), unknown);
    assert.equal(held.admitted && held.answer.amount.usd, usd, String(amount));
  }
});

test("when an unknown model's call is refused, the next one goes ahead", async () => {
  const unknown: CallToHold = {
    ...request,
    estimate: (at, counted) => ({ ...request.estimate(at, counted), unknownInput: 1000 }),
  };
  const desk = new Desk();
  const context = contextOf(10n, [], desk);
  assert.equal((await hold(context, unknown)).admitted, false);
  desk.budget({ budgetId: "b", amount: 30n });
  assert.ok((await hold(context, { ...unknown, operationId: "next" })).admitted);
});

/** The long call, at a provider that may add a thousand tokens. */
const longUnknown: CallToHold = {
  ...long,
  estimate: (at, counted) => ({ ...long.estimate(at, counted), unknownInput: 1000 }),
};

test("an answer is not shortened to make room for input that an unknown provider may add", async () => {
  const held = await hold(contextOf(1050n, []), longUnknown);
  assert.deepEqual(held.admitted && [held.answer.outputTokens, held.answer.amount.usd], [40, 60n]);
});

test("a call that can no longer wait for the scout goes ahead too", async () => {
  const context = contextOf(200n, []);
  assert.ok((await hold(context, longUnknown)).admitted);
  const second = await hold(context, { ...longUnknown, operationId: "second" });
  assert.deepEqual(second.admitted && second.answer.amount.usd, 60n);
});
