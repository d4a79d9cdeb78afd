import assert from "node:assert/strict";
import { test } from "node:test";
import { aHold, Desk, quantities } from "../domain/ledger/desk.test-kit.ts";
import { pico } from "../domain/money/money.ts";
import type { Estimate } from "./estimate.ts";
import { Slices } from "./slices.ts";

const rates = { input: pico(1n), output: pico(2n) };
const estimate: Estimate = {
  inputTokens: 10,
  ceiling: 4000,
  firstSlice: 100,
  caution: null,
  least: 1,
  passedFactor: 1,
  rates,
  fees: pico(0n),
};

/** A stream that holds 10 tokens of input and 100 of output, in a budget of `limit`. */
function begin(limit: bigint, fields: Partial<Estimate> = {}): { readonly desk: Desk; readonly slices: Slices } {
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: limit });
  desk.run(aHold("op", 210n));
  const slices = new Slices({
    ledger: { decide: (command) => Promise.resolve(desk.run(command)) },
    clock: { now: () => 1, monotonic: () => 1 },
    call: { operationId: "op", attempt: 1 },
    estimate: { ...estimate, ...fields },
    heldOutput: 100,
    ceiling: 4000,
    sliceTokens: 40,
  });
  return { desk, slices };
}

const passed = (outputTokens: number) => ({ inputTokens: null, outputTokens });

test("the hold grows by a slice before what passed comes near it, and by the rest of the money when that is less", async () => {
  const { desk, slices } = begin(300n);
  assert.equal(slices.isNeeded(passed(90)), false);
  assert.equal(slices.isNeeded(passed(91)), true);
  assert.equal(await slices.topUp(() => passed(91)), null);
  assert.equal(desk.counter("b").held, 210n + 80n);
  assert.equal(slices.isNeeded(passed(131)), true);
  assert.equal(await slices.topUp(() => passed(131)), null);
  assert.equal(desk.counter("b").held, 210n + 80n + 2n);
});

test("what passes while more is asked for is held too", async () => {
  const { desk, slices } = begin(250n);
  let outputTokens = 91;
  const asked = slices.topUp(() => passed(outputTokens));
  outputTokens = 105;
  assert.equal(await asked, null);
  assert.equal(desk.counter("b").held, 210n + 30n);
});

test("a top-up that no budget pays is refused, and changes nothing", async () => {
  const { desk, slices } = begin(210n);
  assert.equal((await slices.topUp(() => passed(100)))?.reason, "budget_held");
  assert.equal(desk.counter("b").held, 210n);
});

test("a call that ends while it asks for more is not refused", async () => {
  const { desk, slices } = begin(211n);
  const asked = slices.topUp(() => passed(91));
  slices.end();
  desk.run({ kind: "release", at: 2, operationId: "op", attempt: 1, reason: "it ended" });
  assert.equal(await asked, null);
});

test("input that the provider reports beyond the estimate is held too", async () => {
  const { desk, slices } = begin(1000n);
  const progress = { inputTokens: 25, outputTokens: 1 };
  assert.equal(slices.isNeeded(progress), true);
  await slices.topUp(() => progress);
  assert.equal(desk.counter("b").held, quantities(210n).usd + 15n + 80n);
});

test("what passed is judged by what such bytes were billed, and taken for the hold where that is in doubt", () => {
  const { slices } = begin(1000n, { passedFactor: 0.9 });
  assert.equal(slices.judge(100), 90);
  assert.equal(slices.judge(150), 100);
  assert.equal(slices.judge(400), 240);
});
