/**
 * A budget refusal as an agent sees it: a 402 in its format, raised by its SDK as a native error.
 */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { ApiError } from "@google/genai";
import OpenAI from "openai";
import { openaiAt } from "./client.ts";
import { picoOf } from "./figures.ts";
import { openMarket, say, type Market, type Purse } from "./purse.ts";

let market: Market;

before(async () => {
  market = await openMarket();
});

/** Checks the fields of a refusal, which are the same in every format. */
function assertRefusal(purser: unknown, { name }: Purse): void {
  const refusal = purser as Readonly<Record<string, unknown>>;
  assert.deepEqual(
    [
      refusal["reason"],
      refusal["budget_id"],
      refusal["limit"],
      refusal["spent"],
      refusal["held"],
      refusal["available"],
    ],
    ["budget_exhausted", name, "0.000001", "0", "0", "0.000001"],
  );
  assert.ok(picoOf(String(refusal["needed"])) > picoOf("0.000001"));
  assert.equal(refusal["resets_at"], "2100-01-01T00:00:00Z");
  assert.match(String(refusal["remedy"]), /raise the amount/);
}

describe("a refusal is a 402 that the SDK raises as its own error, without retrying", () => {
  test("OpenAI: chat, streamed chat, and responses", async () => {
    const asks = [
      (client: OpenAI, text: string) =>
        client.chat.completions.create({
          model: "sim-small",
          max_tokens: 500,
          messages: [{ role: "user", content: text }],
        }),
      (client: OpenAI, text: string) =>
        client.chat.completions.create({
          model: "sim-small",
          stream: true,
          messages: [{ role: "user", content: text }],
        }),
      (client: OpenAI, text: string) =>
        client.responses.create({ model: "sim-small", input: text }),
    ];
    for (const ask of asks) {
      const purse = await market.makePurse("0.000001");
      const error = await ask(market.openai(purse), say(purse, "")).then(
        () => assert.fail("it was admitted"),
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof OpenAI.APIError);
      assert.deepEqual(
        [error.status, error.code, error.type],
        [402, "budget_exhausted", "insufficient_quota"],
      );
      assert.match(error.message, new RegExp(`${purse.name}.*needed.*available`));
      assertRefusal((error.error as { purser: unknown }).purser, purse);
      await market.assertRefusedOnce(purse);
    }
  });

  test("Anthropic: whole and streamed", async () => {
    const asks = [
      (client: Anthropic, text: string) =>
        client.messages.create({
          model: "sim-large",
          max_tokens: 500,
          messages: [{ role: "user", content: text }],
        }),
      (client: Anthropic, text: string) =>
        client.messages
          .stream({
            model: "sim-large",
            max_tokens: 500,
            messages: [{ role: "user", content: text }],
          })
          .finalMessage(),
    ];
    for (const ask of asks) {
      const purse = await market.makePurse("0.000001");
      const error = await ask(market.anthropic(purse), say(purse, "")).then(
        () => assert.fail("it was admitted"),
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof Anthropic.APIError);
      assert.equal(error.status, 402);
      const body = error.error as {
        readonly error: { readonly type: string };
        readonly purser: unknown;
      };
      assert.equal(body.error.type, "billing_error");
      assertRefusal(body.purser, purse);
      await market.assertRefusedOnce(purse);
    }
  });

  test("Gemini: whole and streamed", async () => {
    for (const stream of [false, true]) {
      const purse = await market.makePurse("0.000001");
      const request = { model: "sim-small", contents: say(purse, "") };
      const { models } = market.gemini(purse);
      const error = await (
        stream ? models.generateContentStream(request) : models.generateContent(request)
      ).then(
        () => assert.fail("it was admitted"),
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof ApiError);
      assert.equal(error.status, 402);
      const body = JSON.parse(error.message) as {
        readonly error: { readonly code: number };
        readonly purser: unknown;
      };
      assert.equal(body.error.code, 402);
      assertRefusal(body.purser, purse);
      await market.assertRefusedOnce(purse);
    }
  });
});

test("a soft budget refuses nothing, and shows its overrun", async () => {
  const purse = await market.makePurse("0.00001", { policy: "soft" });
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: "user", content: say(purse, "input=1000 output=100") },
  ];
  await market.openai(purse).chat.completions.create({ model: "sim-small", messages });
  const [entry] = await market.gateway.entries(`project=${purse.name}`);
  const budget = await market.gateway.budget(purse.name);
  assert.equal(budget["spent"], entry?.cost_usd);
  assert.ok(picoOf(String(budget["available"])) < 0n);
});

test("budgets in requests and in tokens count in their own unit", async () => {
  const requests = await market.makePurse("2", { currency: "requests" });
  const ask = (purse: Purse) =>
    market.openai(purse).chat.completions.create({
      max_tokens: 100,
      // Not the model above, where Purser has learned that these prompts have a thousand tokens.
      model: "sim-large",
      messages: [{ role: "user", content: say(purse, "input=70 output=30") }],
    });
  await ask(requests);
  await ask(requests);
  await assert.rejects(ask(requests), { status: 402, code: "budget_exhausted" });

  const tokens = await market.makePurse("280", { currency: "tokens" });
  await ask(tokens);
  await ask(tokens);
  await assert.rejects(ask(tokens), { status: 402 });
  const budget = await market.gateway.budget(tokens.name);
  assert.deepEqual([budget["spent"], budget["held"]], ["200", "0"]);
});

test("a model without a price is refused by a hard budget; without one it is counted at cost 0", async () => {
  const purse = await market.makePurse("5");
  const ask = (client: OpenAI) =>
    client.chat.completions.create({
      model: "nobody-priced-this",
      messages: [{ role: "user", content: say(purse, "output=9") }],
    });
  await assert.rejects(ask(market.openai(purse)), {
    status: 402,
    code: "unpriced",
    message:
      /openai\/nobody-priced-this has no price\. .*`prices` in purser\.yaml.*POST \/api\/v1\/prices/,
  });
  await market.assertRefusedOnce(purse);

  const { key } = await market.gateway.makeKey({ project: "no-budget" });
  await ask(openaiAt(market.gateway, { key, path: "/openai" }));
  const [entry] = await market.gateway.entries("project=no-budget");
  assert.deepEqual([entry?.cost_usd, entry?.usage.output, entry?.flags], ["0", 9, ["unpriced"]]);
});
