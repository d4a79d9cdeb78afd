/** Tests that the hold of a stream stays ahead of its output. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { tokenizerOf } from "../../domain/estimate/tokenizer.ts";
import { aHold, anOutcome, Desk } from "../../domain/ledger/desk.test-kit.ts";
import { pico } from "../../domain/money/money.ts";
import { ThreadCounter } from "../../tokenizer/thread-counter.ts";
import { PassedOutput } from "../../wire/answer/passed-output.ts";
import type { Progress } from "../../wire/wire.ts";
import { Slices, type SlicesOptions } from "./slices.ts";

const counter = new ThreadCounter();
after(() => counter.close());

/** Words of one token each, including the leading space. */
const words = (count: number): string => " word".repeat(count);

interface Stream {
  readonly desk: Desk;
  readonly slices: Slices;
  readonly output: PassedOutput;
  /** Receives a piece of text. @returns Whether the hold covers it. */
  readonly take: (text: string) => boolean;
}

/** A stream that holds 10 input and 100 output tokens at one unit each, in a budget of `limit`. */
function begin(limit: bigint, fields: Partial<SlicesOptions> = {}): Stream {
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: limit });
  desk.run(aHold("op", 110n));
  const output = new PassedOutput();
  const slices = new Slices({
    ledger: { decide: (command) => Promise.resolve(desk.run(command)) },
    clock: { now: () => 1, monotonic: () => 1 },
    call: { operationId: "op", attempt: 1 },
    inputTokens: 10,
    rates: { input: pico(1n), output: pico(1n) },
    heldOutput: 100,
    ceiling: 4000,
    sliceTokens: 40,
    meter: { progress: { inputTokens: null, outputTokens: 0 } },
    output,
    counter,
    tokenizer: tokenizerOf({ family: "openai", model: "gpt-4o" }),
    observer: { failed: assert.fail },
    ...fields,
  });
  const take = (text: string): boolean => {
    const written = Buffer.from(text);
    output.addText(written, 0, written.length);
    return slices.takesPiece();
  };
  return { desk, slices, output, take };
}

test("if a budget has room, each byte is held as a token, with a reserve of two more pieces", async () => {
  const { desk, slices, take } = begin(10_000n);
  assert.equal(take("x".repeat(33)), true);
  assert.equal(take("x".repeat(33)), false);
  assert.equal(await slices.cover(), null);
  assert.equal(desk.counter("b").held, 110n + 160n);
});

test("if a budget has no room for bytes, the text is counted and the hold follows the count", async () => {
  const { desk, slices, take } = begin(200n);
  assert.equal(take(words(40)), false);
  assert.equal(await slices.cover(), null);
  // 40 tokens have arrived, and twice as many with a margin may be on their way: 140 are held in
  // slices of 40.
  assert.equal(desk.counter("b").held, 110n + 40n);
  assert.equal(await slices.charged({ closed: false }), 40);
});

test("a stream is refused before the tokens still to come could exceed the budget", async () => {
  const { desk, slices, take } = begin(150n);
  take(words(60));
  const refusal = await slices.cover();
  assert.equal(refusal?.reason, "budget_held");
  assert.equal(desk.counter("b").held, 110n);
  assert.equal(slices.isPaid, true);
  assert.ok((await slices.charged({ closed: true })) <= 140);
});

test("a piece larger than the hold is not paid for", async () => {
  const { slices, take } = begin(110n);
  take(words(101));
  assert.ok(await slices.cover());
  assert.equal(slices.isPaid, false);
});

test("dense text is held by its own token count, not by that of prose", async () => {
  const { slices, take } = begin(120n);
  take("\u9f98\u9750\u9f49".repeat(20));
  const refusal = await slices.cover();
  assert.ok(refusal);
  assert.ok((await slices.charged({ closed: false })) > 60);
});

test("no more than the ceiling is held while the provider keeps to it", async () => {
  const { desk, slices, take } = begin(110n, { ceiling: 100 });
  take(words(99));
  assert.equal(await slices.cover(), null);
  assert.equal(desk.counter("b").held, 110n);
  assert.equal(await slices.charged({ closed: true }), 100);
});

test("a provider that has certainly passed its ceiling must be covered like any other, and is charged in full", async () => {
  const { desk, slices, take } = begin(160n, { ceiling: 100 });
  take(words(101));
  assert.equal(await slices.cover(), null, "one token may be a matter of rounding");
  take(words(9));
  assert.ok(await slices.cover());
  assert.equal(desk.counter("b").held, 110n);
  assert.equal(await slices.charged({ closed: false }), 110);
});

test("a count reported by the provider is exact: the stream is cut by it and not by bytes", async () => {
  const { slices, output } = begin(110n, { ceiling: 100 });
  output.report(99);
  assert.equal(slices.takesPiece(), true);
  output.report(102);
  assert.equal(slices.takesPiece(), false);
  assert.ok(await slices.cover());
  assert.equal(await slices.charged({ closed: false }), 102);
});

test("pieces that arrive during a top-up are covered too", async () => {
  const { desk, slices, take } = begin(10_000n);
  take("x".repeat(60));
  const covering = slices.cover();
  take("x".repeat(300));
  assert.equal(await covering, null);
  assert.equal(slices.takesPiece(), true);
  assert.ok(desk.counter("b").held >= 110n + 860n);
});

test("a call that ends during a top-up is not refused", async () => {
  const { desk, slices, take } = begin(111n);
  take(words(60));
  const covering = slices.cover();
  slices.end();
  desk.run({ kind: "release", at: 2, operationId: "op", attempt: 1, reason: "it ended" });
  assert.equal(await covering, null);
});

test("a budget that shrinks ends a stream within its first slice, even if the whole stream is held", async () => {
  const { desk, slices, take } = begin(10_000n, { heldOutput: 4000 });
  assert.equal(take(words(20)), true);
  desk.budget({ budgetId: "b", amount: 50n });
  assert.equal(take(words(20)), false);
  const refusal = await slices.cover();
  assert.deepEqual([refusal?.reason, slices.isPaid], ["budget_exhausted", true]);
});

test("a stream with a hold continues when another call overruns its budget", async () => {
  const { desk, slices, take } = begin(1000n, { heldOutput: 4000 });
  desk.run(aHold("other", 10n));
  desk.run({
    kind: "settle",
    at: 2,
    operationId: "other",
    attempt: 1,
    outcome: anOutcome(5000n),
    fingerprint: null,
  });
  assert.equal(take(words(40)), false);
  assert.equal(await slices.cover(), null);
});

test("input that the provider reports above the estimate is held too", async () => {
  const progress: Progress = { inputTokens: 25, outputTokens: 1 };
  const { desk, slices } = begin(10_000n, { meter: { progress } });
  assert.equal(slices.takesPiece(), false);
  assert.equal(await slices.cover(), null);
  assert.equal(desk.counter("b").held, 110n + 15n + 160n);
});

test("if counting fails, bytes remain the bound", async () => {
  const failures: string[] = [];
  const lost: SlicesOptions["counter"] = {
    warm: () => undefined,
    countText: () => Promise.reject(new Error("no thread")),
    countInput: () => assert.fail(),
  };
  const { slices, take } = begin(110n, {
    counter: lost,
    observer: { failed: (what) => void failures.push(what) },
  });
  take(words(40));
  assert.ok(await slices.cover());
  assert.equal(await slices.charged({ closed: false }), 100);
  assert.ok(failures.length > 0);
});
