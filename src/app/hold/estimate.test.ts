/** Tests the upper bound of a call's cost. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Learned } from "../../domain/estimate/learned.ts";
import { pico } from "../../domain/money/money.ts";
import { makePriceBook } from "../../domain/price/book.ts";
import { definePrice } from "../../domain/price/text/override.ts";
import { plainFacts } from "../../wire/answer/feed.test-kit.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import type { RequestFacts } from "../../wire/wire.ts";
import type { CallLimits } from "../port/limits.ts";
import { aProvider } from "../port/parts.test-kit.ts";
import type { CountedInput } from "../port/token-counter.ts";
import { demandOf, estimate, isTextOnly, usefulOutput } from "./estimate.ts";

const limits = {
  maxOutputTokens: 2000,
  imageTokens: 1000,
  audioTokens: 100,
  fileTokens: 10_000,
  serverToolTokens: 500,
  contextTokens: 70_000,
  streamSliceTokens: 10,
} as CallLimits;

const wire = openaiWire();
const price = { input: "1", output: "10", request: "0.5", web_search: "0.01" };
const book = makePriceBook({
  sources: [],
  overrides: [
    definePrice({ provider: "p", model: "m", ...price }, { field: "prices[0]", source: "test" }),
  ],
  version: "test",
});
const sheet = book.sheet({ provider: "p", model: "m", at: 0 });

const tieredPrice = {
  provider: "p",
  model: "m",
  input: "3",
  input_image: "8",
  output: "15",
  context_tiers: [{ above: 200_000, input: "6", output: "22.5" }],
};
const tiered = makePriceBook({
  sources: [],
  overrides: [definePrice(tieredPrice, { field: "prices[0]", source: "test" })],
  version: "test",
}).sheet({ provider: "p", model: "m", at: 0 });

const facts: RequestFacts = { ...plainFacts, stream: false, textBytes: 100, addedTokens: 7 };

function estimateOf(
  change: Partial<RequestFacts> = {},
  {
    fit = true,
    path = "/chat/completions",
    counted = null as CountedInput | null,
    learned = new Learned(),
    priced = true,
    own = sheet,
  } = {},
) {
  const route = {
    provider: aProvider(),
    wire,
    wireName: "openai",
    endpoint: wire.endpoint("POST", path),
    url: "http://p",
    model: "m",
    title: "p/m",
  } as const;
  const call = { route, facts: { ...facts, ...change }, sheet: priced ? own : undefined, fit };
  return estimate({ learned, limits }, call, counted);
}

test("without a count, each byte of the input is a token, and what the provider adds comes on top", () => {
  assert.equal(estimateOf().inputTokens, 107);
});

test("a count replaces the bytes, unless it exceeds them", () => {
  assert.equal(estimateOf({}, { counted: { tokens: 30, digest: "d" } }).inputTokens, 37);
  assert.equal(estimateOf({}, { counted: { tokens: 900, digest: "d" } }).inputTokens, 107);
});

test("texts that were billed before are held at that bill, but not with media", () => {
  const learned = new Learned();
  learned.teach("p", "m").inputs.learn("d", 23);
  const counted = { tokens: 30, digest: "d" };
  assert.equal(estimateOf({}, { counted, learned }).inputTokens, 23);
  const media = { images: 1, audios: 0, files: 0 };
  assert.equal(estimateOf({ media }, { counted, learned }).inputTokens, 37 + 1000);
});

test("media, stored context and tools of the provider are held at their configured bounds", () => {
  const media = { images: 2, audios: 3, files: 1 };
  assert.equal(estimateOf({ media }).inputTokens, 107 + 2000 + 300 + 10_000);
  assert.equal(estimateOf({ serverToolCalls: 4 }).inputTokens, 107 + 2000);
  assert.equal(estimateOf({ storedContext: true }).inputTokens, 107 + 70_000);
});

test("input that the provider may add is held at the price of the context that it can reach", () => {
  const rateAt = (textBytes: number): bigint =>
    estimateOf({ textBytes }, { own: tiered }).rates?.input ?? assert.fail("it has a price");
  assert.equal(rateAt(190_000), 3_000_000n);
  assert.equal(rateAt(199_000), 6_000_000n);
});

test("stored context is held at the price of media, which it may contain", () => {
  const rateOf = (change: Partial<RequestFacts>): bigint =>
    estimateOf(change, { own: tiered }).rates?.input ?? assert.fail("it has a price");
  assert.equal(rateOf({}), 3_000_000n);
  assert.ok(rateOf({ storedContext: true }) >= 8_000_000n);
});

test("the output limit counts for every choice, and a missing one is assumed", () => {
  assert.equal(estimateOf({ maxOutputTokens: 300, choices: 4 }).ceiling, 1200);
  assert.equal(estimateOf({ maxOutputTokens: null, choices: 2 }).ceiling, 4000);
  assert.equal(estimateOf({}, { path: "/embeddings" }).ceiling, 0);
});

test("a stream holds a first slice, unless its output is hidden or must not be cut or shortened", () => {
  const stream = { stream: true, maxOutputTokens: 2000 };
  const counted = { tokens: 30, digest: "d" };
  assert.equal(estimateOf(stream, { counted }).firstSlice, 160);
  for (const whole of [
    estimateOf({ ...stream, hiddenOutput: true }, { counted }),
    estimateOf({ ...stream, uncuttable: true }, { counted }),
    estimateOf(stream, { counted, fit: false }),
    estimateOf({ ...stream, stream: false }, { counted }),
  ])
    assert.equal(whole.firstSlice, 2000);
});

test("an answer is not shortened below what is useful, and not at all if it must be whole", () => {
  assert.equal(estimateOf({ maxOutputTokens: 2000 }).least, 500);
  assert.equal(estimateOf({ maxOutputTokens: 2000, leastOutputTokens: 900 }).least, 900);
  assert.equal(estimateOf({ maxOutputTokens: 2000, uncuttable: true }).least, 2000);
  assert.equal(estimateOf({ maxOutputTokens: 2000 }, { fit: false }).least, 2000);
});

test("a useful answer is a quarter of the requested limit, or a short one, or as long as recent ones", () => {
  const useful = { ceiling: 2000, isAsked: true, choices: 1, expected: null };
  assert.equal(usefulOutput(useful), 500);
  assert.equal(usefulOutput({ ...useful, ceiling: 100 }), 64);
  assert.equal(usefulOutput({ ...useful, ceiling: 20 }), 20);
  assert.equal(usefulOutput({ ...useful, isAsked: false, choices: 2 }), 512);
  assert.equal(usefulOutput({ ...useful, expected: 30 }), 30);
  assert.equal(usefulOutput({ ...useful, expected: 0 }), 1);
});

test("the fee of a request and of each search is held, but nothing without a price", () => {
  assert.equal(estimateOf({ serverToolCalls: 3 }).fees, 530_000_000_000n);
  const unpriced = estimateOf({ serverToolCalls: 3 }, { priced: false });
  assert.deepEqual([unpriced.fees, unpriced.rates], [0n, null]);
});

test("a margin is held for what an unknown provider adds, until a call has shown it", () => {
  const learned = new Learned();
  assert.equal(estimateOf({}, { learned }).unknownInput, 4096);
  learned.teach("p", "m").added.learn({ bound: 107, billed: 100 });
  assert.equal(estimateOf({}, { learned }).unknownInput, 0);
});

test("only a request without media, tools or stored context is text only", () => {
  assert.equal(isTextOnly(facts), true);
  for (const media of ["images", "audios", "files"] as const)
    assert.equal(isTextOnly({ ...facts, media: { ...facts.media, [media]: 1 } }), false);
  assert.equal(isTextOnly({ ...facts, serverToolCalls: 1 }), false);
  assert.equal(isTextOnly({ ...facts, storedContext: true }), false);
});

test("a demand fixes the input, the fees and the request, and prices output by the token", () => {
  const rates = { input: pico(2n), output: pico(5n) };
  const amounts = { input: 10, output: 8, least: 3 };
  assert.deepEqual(demandOf({ rates, fees: pico(7n) }, amounts), {
    fixed: { usd: 27n, tokens: 10n, requests: 1n },
    perOutputToken: 5n,
    outputTokens: 8,
    leastOutputTokens: 3,
    inputTokens: 10,
  });
});
