/**
 * Hard budgets bound the bill for any kind of text: nothing is overspent, and nearly the whole
 * budget is usable.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { textKinds } from "../../src/simulator/answer/text-kind.ts";
import { Bounds, boundWires, rates, type CrowdOptions } from "./bounds.ts";

const crowd = {
  wire: "openai",
  text: "english",
  chunk: 12,
  calls: 20,
  output: 1500,
  stream: true,
  room: 7,
} as const;

let bounds: Bounds;

before(async () => {
  bounds = await Bounds.open();
});

/** Checks that the bill is within the budget, the ledger covers the bill, and little is left. */
async function assertExact(
  options: CrowdOptions,
  { leastUsed }: { readonly leastUsed: bigint },
): Promise<void> {
  const result = await bounds.run(options);
  const { limit, spent, held, overrun, billed } = result;
  const shown = JSON.stringify(result, (_key, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
  assert.ok(billed <= limit, `the provider billed more than the budget had: ${shown}`);
  assert.ok(spent >= billed, `the ledger has less than the provider billed: ${shown}`);
  assert.ok(spent <= limit, `the budget is overspent: ${shown}`);
  assert.deepEqual({ held, overrun }, { held: 0n, overrun: 0n }, shown);
  assert.ok(spent * 100n >= limit * leastUsed, `too little of the budget could be used: ${shown}`);
}

for (const text of textKinds) {
  test(`streams of ${text} use a budget up and do not overspend it`, async () => {
    await assertExact({ ...crowd, text }, { leastUsed: text === "english" ? 95n : 85n });
  });
}

for (const wire of boundWires) {
  test(`streams of the ${wire} provider, a token at a time, use a budget up and do not overspend it`, async () => {
    await assertExact({ ...crowd, wire, chunk: 1, output: 300 }, { leastUsed: 95n });
  });

  test(`whole answers of the ${wire} provider use a budget up and do not overspend it`, async () => {
    await assertExact({ ...crowd, wire, text: "json", stream: false }, { leastUsed: 85n });
  });
}

for (const text of ["english", "csv", "cjk"] as const) {
  test(`streams of ${text} in pieces of 500 tokens do not overspend a budget`, async () => {
    await assertExact({ ...crowd, text, chunk: 500 }, { leastUsed: 85n });
  });
}

test("200 streams at once do not overspend a budget", async () => {
  await assertExact({ ...crowd, calls: 200, output: 400 }, { leastUsed: 95n });
});

const taught = [
  { wire: "openai", text: "csv" },
  { wire: "openai", text: "json" },
  { wire: "openai", text: "hex" },
  { wire: "house", text: "csv" },
  { wire: "anthropic", text: "cjk" },
  { wire: "gemini", text: "json" },
] as const;

for (const [course, { wire, text }] of taught.entries()) {
  test(`streams of ${text} with a high ceiling from the ${wire} provider are bounded, regardless of what English taught`, async () => {
    await bounds.teach({ wire, course, output: 60 });
    await assertExact({ ...crowd, wire, course, text, asked: 16_000 }, { leastUsed: 85n });
  });

  test(`prompts of ${text} to the ${wire} provider are bounded, regardless of what English taught`, async () => {
    const prompt = { text, bytes: 100_000 };
    await bounds.teach({ wire, course, output: 1500, prompt });
    await assertExact(
      { ...crowd, wire, course, output: 20, stream: false, prompt },
      { leastUsed: 85n },
    );
  });
}

test("a stored conversation is held at the model's whole context", async () => {
  const responses = {
    path: "/openai/v1/responses",
    body: { model: "gpt-4o-bound-0", max_output_tokens: 16, input: "a" as unknown },
  };
  const messages = {
    model: "claude-haiku-4-bound-0",
    max_tokens: 16,
    messages: [{ role: "user", content: "a" }],
  };
  const contents = {
    contents: [{ parts: [{ text: "a" }] }],
    generationConfig: { maxOutputTokens: 16 },
  };
  const gemini = "/gemini/v1beta/models/gemini-2.0-bound-0:generateContent";
  const kept: readonly { readonly path: string; readonly body: object }[] = [
    { ...responses, body: { ...responses.body, previous_response_id: "resp_1" } },
    { ...responses, body: { ...responses.body, conversation: "conv_1" } },
    { ...responses, body: { ...responses.body, prompt: { id: "pmpt_1" } } },
    { ...responses, body: { ...responses.body, input: [{ type: "item_reference", id: "msg_1" }] } },
    {
      ...responses,
      body: { ...responses.body, input: [{ type: "reasoning", id: "rs_1", summary: [] }] },
    },
    {
      path: "/v1/responses",
      body: { ...responses.body, model: "openai/gpt-4o-bound-0", previous_response_id: "resp_1" },
    },
    { path: "/anthropic/v1/messages", body: { ...messages, container: "container_1" } },
    {
      path: "/anthropic/v1/messages",
      body: { ...messages, thread: { type: "continue", previous_message_id: "msg_1" } },
    },
    { path: gemini, body: { ...contents, cachedContent: "cachedContents/c1" } },
  ];
  // These models have no known context, so a million tokens are assumed: 0.5 USD at this price.
  for (const call of kept) assert.equal(await bounds.ask("0.4", call), 402, JSON.stringify(call));
  const own = [
    responses,
    { path: "/anthropic/v1/messages", body: messages },
    { path: gemini, body: contents },
  ];
  for (const call of own) assert.equal(await bounds.ask("0.4", call), 200, JSON.stringify(call));
});

/**
 * A pace at which at most one chunk is in transit during a cut; still ten times that of real
 * providers.
 */
const liars = [
  ...(["english", "json", "hex", "cjk"] as const).map(
    (text) => ({ wire: "openai", text }) as const,
  ),
  ...(["house", "anthropic", "gemini"] as const).map(
    (wire) => ({ wire, text: "english" }) as const,
  ),
];

for (const { wire, text } of liars) {
  test(`the ${wire} provider, which ignores max_tokens, is cut within one chunk of the budget, with ${text}`, async () => {
    const { limit, spent, held, served } = await bounds.run({
      ...crowd,
      wire,
      text,
      lying: true,
      gapMs: 20,
    });
    const pieces = BigInt(served * crowd.chunk) * rates.output;
    assert.equal(held, 0n);
    assert.ok(spent <= limit + pieces, `${spent} of ${limit} were spent, with ${served} streams`);
  });
}
