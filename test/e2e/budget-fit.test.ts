/**
 * If a budget cannot pay for a full answer, the answer is shortened and the caller informed; if
 * shortening would spoil it, it is refused.
 */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type Anthropic from "@anthropic-ai/sdk";
import type OpenAI from "openai";
import { picoOf } from "./figures.ts";
import { openMarket, say, type Market, type Purse } from "./purse.ts";
import { assertBilledAlike } from "./reconcile.ts";

let market: Market;

before(async () => {
  market = await openMarket();
});

describe("an answer is shortened to what the budget can pay", () => {
  /** The answer, in a common form. */
  interface Shortened {
    readonly header: string | null;
    readonly reason: string | null | undefined;
    readonly output: number | undefined;
  }

  const ways: readonly {
    readonly name: string;
    /** Pays for roughly 800 tokens. */
    readonly amount: string;
    readonly reason: string;
    readonly ask: (purse: Purse) => Promise<Shortened>;
  }[] = [
    {
      name: "OpenAI chat, with max_tokens",
      amount: "0.0005",
      reason: "length",
      ask: async (purse) => {
        const messages: OpenAI.ChatCompletionMessageParam[] = [
          { role: "user", content: say(purse, "output=3000") },
        ];
        const request = { model: "sim-small", max_tokens: 2000, messages };
        const { data, response } = await market
          .openai(purse)
          .chat.completions.create(request)
          .withResponse();
        return {
          header: response.headers.get("x-purser-max-tokens"),
          reason: data.choices[0]?.finish_reason,
          output: data.usage?.completion_tokens,
        };
      },
    },
    {
      name: "OpenAI chat, without any ceiling of its own",
      amount: "0.0005",
      reason: "length",
      ask: async (purse) => {
        const messages: OpenAI.ChatCompletionMessageParam[] = [
          { role: "user", content: say(purse, "output=3000") },
        ];
        const { data, response } = await market
          .openai(purse)
          .chat.completions.create({ model: "sim-small", messages })
          .withResponse();
        return {
          header: response.headers.get("x-purser-max-tokens"),
          reason: data.choices[0]?.finish_reason,
          output: data.usage?.completion_tokens,
        };
      },
    },
    {
      name: "an OpenAI response",
      amount: "0.0005",
      reason: "max_output_tokens",
      ask: async (purse) => {
        const request = {
          model: "sim-small",
          max_output_tokens: 2000,
          input: say(purse, "output=3000"),
        };
        const { data, response } = await market
          .openai(purse)
          .responses.create(request)
          .withResponse();
        return {
          header: response.headers.get("x-purser-max-tokens"),
          reason: data.incomplete_details?.reason,
          output: data.usage?.output_tokens,
        };
      },
    },
    {
      name: "an Anthropic message",
      amount: "0.0125",
      reason: "max_tokens",
      ask: async (purse) => {
        const messages: Anthropic.MessageParam[] = [
          { role: "user", content: say(purse, "output=3000") },
        ];
        const { data, response } = await market
          .anthropic(purse)
          .messages.create({ model: "sim-large", max_tokens: 2000, messages })
          .withResponse();
        return {
          header: response.headers.get("x-purser-max-tokens"),
          reason: data.stop_reason,
          output: data.usage.output_tokens,
        };
      },
    },
    {
      name: "Gemini content",
      amount: "0.0021",
      reason: "MAX_TOKENS",
      ask: async (purse) => {
        const request = {
          model: "sim-small",
          contents: say(purse, "output=3000"),
          config: { maxOutputTokens: 2000 },
        };
        const answer = await market.gemini(purse).models.generateContent(request);
        return {
          header: answer.sdkHttpResponse?.headers?.["x-purser-max-tokens"] ?? null,
          reason: answer.candidates?.[0]?.finishReason,
          output: answer.usageMetadata?.candidatesTokenCount,
        };
      },
    },
  ];

  for (const { name, amount, reason, ask } of ways) {
    test(name, async () => {
      const purse = await market.makePurse(amount);
      const shortened = await ask(purse);
      assert.equal(shortened.reason, reason);
      assert.ok(
        Number(shortened.header) > 500 && Number(shortened.header) < 2000,
        String(shortened.header),
      );
      assert.equal(shortened.output, Number(shortened.header));

      const [row] = await market.simulator.books(purse.name);
      const [entry] = await market.gateway.entries(`project=${purse.name}`);
      assert.ok(row && entry);
      assertBilledAlike(entry, row);
      const budget = await market.gateway.budget(purse.name);
      assert.ok(picoOf(String(budget["spent"])) <= picoOf(amount));
      assert.deepEqual(
        [budget["spent"], budget["held"], budget["overrun"]],
        [entry.cost_usd, "0", "0"],
      );
    });
  }

  test("x-purser-fit: off asks for a refusal instead, and values other than on and off are rejected", async () => {
    const purse = await market.makePurse("0.0005");
    const ask = (by: Purse, fit: string, stream: boolean) =>
      market.openai(by, { "x-purser-fit": fit }).chat.completions.create({
        model: "sim-small",
        max_tokens: 2000,
        stream,
        messages: [{ role: "user", content: say(by, "") }],
      });
    await assert.rejects(ask(purse, "off", false), { status: 402, code: "budget_exhausted" });
    await market.assertRefusedOnce(purse);
    await assert.rejects(ask(purse, "perhaps", false), { status: 400, param: "x-purser-fit" });

    const streaming = await market.makePurse("0.0005");
    await assert.rejects(ask(streaming, "off", true), { status: 402, code: "budget_exhausted" });
    await market.assertRefusedOnce(streaming);
  });

  test("a structured answer, and a thinking budget above what can be paid, are refused and not cut", async () => {
    const structured = await market.makePurse("0.0005");
    await assert.rejects(
      market.openai(structured).chat.completions.create({
        model: "sim-small",
        max_tokens: 2000,
        messages: [{ role: "user", content: say(structured, "") }],
        response_format: {
          type: "json_schema",
          json_schema: { name: "a", schema: { type: "object" } },
        },
      }),
      { status: 402 },
    );
    await market.assertRefusedOnce(structured);

    const thinking = await market.makePurse("0.0125");
    await assert.rejects(
      market.anthropic(thinking).messages.create({
        model: "sim-large",
        max_tokens: 2000,
        thinking: { type: "enabled", budget_tokens: 1500 },
        messages: [{ role: "user", content: say(thinking, "") }],
      }),
      { status: 402 },
    );
    await market.assertRefusedOnce(thinking);
  });
});

test("the answer's headers show what is left of the tightest budget", async () => {
  const purse = await market.makePurse("0.5");
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: "user", content: say(purse, "input=1000 output=100") },
  ];
  const { response } = await market
    .openai(purse)
    .chat.completions.create({ model: "sim-small", max_tokens: 100, messages })
    .withResponse();
  const cost = picoOf(response.headers.get("x-purser-cost-usd") ?? "");
  assert.equal(
    picoOf(response.headers.get("x-purser-budget-remaining-usd") ?? ""),
    picoOf("0.5") - cost,
  );
});
