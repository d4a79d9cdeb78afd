/** Tests how holds are settled and released: who learns of it, and what it teaches. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Learned } from "../../domain/estimate/learned.ts";
import { aHold, anOutcome, Desk } from "../../domain/ledger/desk.test-kit.ts";
import type { Outcome } from "../../domain/ledger/entry.ts";
import { pico } from "../../domain/money/money.ts";
import type { Rate } from "../../domain/price/row/rate.ts";
import { plainFacts } from "../../wire/answer/feed.test-kit.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import { aProvider, silentObserver } from "../port/parts.test-kit.ts";
import type { Slices } from "../hold/slices.ts";
import { Waiting } from "../hold/waiting.ts";
import { release, settle, type CallToSettle, type SettleContext } from "./settle.ts";

const wire = openaiWire();
const endpoint = wire.endpoint("POST", "/chat/completions");
const whole = { asked: 1000, sent: 1000 };

function aCall(change: Partial<CallToSettle> = {}): CallToSettle {
  return {
    call: { operationId: "op", attempt: 1 },
    route: {
      provider: aProvider(),
      wire,
      endpoint,
      url: "http://p",
      model: "m",
      title: "p/m",
    },
    facts: { ...plainFacts, stream: false },
    ceiling: whole,
    slices: null,
    input: { counted: null },
    ...change,
  };
}

/** A call of 200 tokens of output, whose hold is open. */
function begin() {
  const desk = new Desk();
  const thresholds = [{ partsPerMillion: 500_000, action: "notify" }] as const;
  desk.budget({ budgetId: "b", amount: 100n, thresholds });
  desk.run(aHold("op", 20n));
  const reported: string[] = [];
  const learned = new Learned();
  const waiting = new Waiting();
  const context: SettleContext = {
    ledger: { decide: async (command) => desk.run(command) },
    clock: { now: () => 2, monotonic: () => 2 },
    waiting,
    learned,
    observer: {
      ...silentObserver,
      callEnded: ({ provider, model }) => void reported.push(`ended ${provider}/${model}`),
      callUnpriced: ({ provider, model }) => void reported.push(`unpriced ${provider}/${model}`),
      thresholdCrossed: ({ counter }) => void reported.push(`crossed ${counter.budgetId}`),
    },
  };
  const outcome = (change: Partial<Outcome> = {}, usd = 10n): Outcome =>
    anOutcome(usd, { usage: { input: 10, output: 200 }, ...change });
  return { desk, context, reported, waiting, learned, outcome };
}

test("a settled hold is charged, reported once with the model that answered, and wakes waiting calls", async () => {
  const { desk, context, reported, waiting, outcome } = begin();
  const answer = await settle(context, aCall(), outcome({ model: "m-2026" }));
  assert.equal(answer.cost.usd, 10n);
  assert.deepEqual(desk.counter("b"), { spent: 10n, held: 0n, overrun: 0n });
  assert.deepEqual([reported, waiting.endings], [["ended p/m-2026"], 1]);
});

test("the thresholds that a charge crosses are announced", async () => {
  const { context, reported, outcome } = begin();
  await settle(context, aCall(), outcome({}, 60n));
  assert.deepEqual(reported, ["crossed b", "ended p/m"]);
});

test("a call without a price is reported as such, unless a fallback rate or the provider priced it", async () => {
  const rate = { provider: "p", model: "m" } as Rate;
  const line = { model: "m", meter: "input", quantity: 1, cost: pico(0n) } as const;
  for (const [change, expected] of [
    [{ flags: ["unpriced"], charges: [{ ...line, rate }] }, ["ended p/m", "unpriced p/m"]],
    [{ flags: ["unpriced"], charges: [line] }, ["ended p/m"]],
    [{ flags: [], charges: [{ ...line, rate }] }, ["ended p/m"]],
  ] as const) {
    const { context, reported, outcome } = begin();
    await settle(context, aCall(), outcome(change));
    assert.deepEqual(reported, expected);
  }
});

test("a released hold charges nothing, wakes waiting calls, and is not reported as ended", async () => {
  const { desk, context, reported, waiting } = begin();
  await release(context, aCall(), "the provider was not reached");
  assert.deepEqual(desk.counter("b"), { spent: 0n, held: 0n, overrun: 0n });
  assert.deepEqual([reported, waiting.endings], [[], 1]);
  const entry = desk.journal.at(-1);
  assert.equal(entry?.kind === "release" && entry.reason, "the provider was not reached");
});

/** @returns Tokens that the next call with this ceiling is expected to need; null if unknown. */
async function expectedAfter(
  change: Partial<Outcome>,
  call: Partial<CallToSettle> = {},
): Promise<number | null> {
  const { context, learned, outcome } = begin();
  const { ceiling = whole } = call;
  await settle(context, aCall(call), outcome(change));
  return learned.of("p", "m").output.expected(ceiling.asked);
}

test("an answer contributes its length, shortened or not", async () => {
  assert.equal(await expectedAfter({}), 200);
  assert.equal(await expectedAfter({}, { ceiling: { asked: 1000, sent: 500 } }), 200);
  assert.equal(await expectedAfter({}, { ceiling: { asked: 200, sent: 200 } }), 200);
});

test("an answer that used all of its shortened limit might have needed more, and teaches no length", async () => {
  assert.equal(await expectedAfter({}, { ceiling: { asked: 1000, sent: 200 } }), null);
});

test("estimates, errors, implausible usage and requests with media teach nothing", async () => {
  assert.equal(await expectedAfter({ status: "estimated" }), null);
  assert.equal(await expectedAfter({ flags: ["provider_error"] }), null);
  assert.equal(await expectedAfter({ flags: ["usage_implausible"] }), null);
  const media = { images: 1, audios: 0, files: 0 };
  assert.equal(await expectedAfter({}, { facts: { ...plainFacts, media } }), null);
});

test("the billed input of a counted text is known for the next call with that text", async () => {
  const { context, learned, outcome } = begin();
  const input = { counted: { tokens: 12, digest: "text" } };
  await settle(context, aCall({ input }), outcome());
  const ofModel = learned.of("p", "m");
  assert.deepEqual([ofModel.inputs.of("text"), ofModel.added.isKnown], [10, true]);
});

test("a stream teaches how much arrives at once, and the most that bytes bounded it at", async () => {
  const { context, learned, outcome } = begin();
  const slices = { burstBytes: 90, mostBytes: 700 } as Slices;
  await settle(context, aCall({ slices }), outcome());
  const ofModel = learned.of("p", "m");
  assert.equal(ofModel.burst.most, 90);
  assert.equal(ofModel.streamed.expected(whole.asked), 700);
});
