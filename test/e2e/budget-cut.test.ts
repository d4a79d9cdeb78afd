/** A stream cut by its budget ends cleanly in its own format, and its output is charged. */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { ApiError } from "@google/genai";
import OpenAI from "openai";
import { collect } from "./client.ts";
import type { Entry } from "./figures.ts";
import { openMarket, say, type Market, type Purse } from "./purse.ts";
import { assertBilledAlike } from "./reconcile.ts";

let market: Market;

before(async () => {
  market = await openMarket();
});

describe("a stream cut by its budget ends cleanly in its own format", () => {
  const long = "output=3000 gap_ms=2";

  /** Reads the first chunk, empties the budget, and reads on until the SDK raises the reason. */
  async function readWhilePoor<Item>(
    purse: Purse,
    amount: string,
    items: AsyncIterable<Item>,
  ): Promise<Item[]> {
    const all: Item[] = [];
    const reading = (async () => {
      for await (const item of items) {
        all.push(item);
        if (all.length > 1) continue;
        const changed = await market.gateway.api("PATCH", `/api/v1/budgets/${purse.name}`, {
          body: { amount },
        });
        assert.equal(changed.status, 200, JSON.stringify(changed.json));
      }
    })();
    await assert.rejects(reading, (error) => {
      assert.ok(
        error instanceof OpenAI.APIError ||
          error instanceof Anthropic.APIError ||
          error instanceof ApiError,
      );
      assert.match(
        error.message,
        new RegExp(`budget \\\\?"${purse.name}\\\\?" ended this answer.*raise the amount`),
      );
      return true;
    });
    return all;
  }

  /** Checks that the reported output is the charged output. */
  function assertReportedAsCharged(reported: number | null | undefined, { usage }: Entry): void {
    assert.equal(reported, usage.output);
  }

  /**
   * Checks that the output is charged and flagged, covers the provider's bill, and nothing is held.
   */
  async function assertCut(purse: Purse): Promise<Entry> {
    const [entry] = await market.gateway.entries(`project=${purse.name}`);
    assert.ok(entry);
    assert.ok(entry.flags.includes("cut"), JSON.stringify(entry));
    const [row] = await market.simulator.books(purse.name);
    assert.ok(row && row.cut_at !== null && row.cut_at < 3000);
    assert.ok((entry.usage.output ?? 0) > 0);
    const budget = await market.gateway.budget(purse.name);
    assert.deepEqual([budget["spent"], budget["held"]], [entry.cost_usd, "0"]);
    return entry;
  }

  test("OpenAI chat: finish_reason length, with usage if requested", async () => {
    for (const include_usage of [true, false]) {
      const purse = await market.makePurse("1");
      const stream = await market.openai(purse).chat.completions.create({
        model: "sim-small",
        stream: true,
        stream_options: { include_usage },
        messages: [{ role: "user", content: say(purse, long) }],
      });
      const chunks = await readWhilePoor(purse, "0.0001", stream);
      const reasons = chunks.flatMap(({ choices }) =>
        choices.map((choice) => choice.finish_reason),
      );
      assert.deepEqual(
        reasons.filter((reason) => reason !== null),
        ["length"],
      );
      assert.equal(chunks.filter(({ usage }) => Boolean(usage)).length, include_usage ? 1 : 0);
      const entry = await assertCut(purse);
      if (include_usage) assertReportedAsCharged(chunks.at(-1)?.usage?.completion_tokens, entry);
      assert.deepEqual([entry.status, entry.model], ["estimated", "sim-small"]);
    }
  });

  test("OpenAI responses: an incomplete item with the text so far", async () => {
    const purse = await market.makePurse("1");
    const stream = await market
      .openai(purse)
      .responses.create({ model: "sim-small", input: say(purse, long), stream: true });
    const events = await readWhilePoor(purse, "0.0001", stream);
    const deltas = events
      .map((event) => (event.type === "response.output_text.delta" ? event.delta : ""))
      .join("");
    const last = events.at(-1);
    assert.ok(last?.type === "response.output_item.done" && last.item.type === "message");
    assert.equal(last.item.status, "incomplete");
    assert.ok(deltas.length > 0 && last.item.content[0]?.type === "output_text");
    assert.equal(last.item.content[0].text, deltas);
    await assertCut(purse);
  });

  test("Anthropic: stop_reason max_tokens, gathered by the stream helper", async () => {
    const purse = await market.makePurse("1");
    const stream = market.anthropic(purse).messages.stream({
      model: "sim-large",
      max_tokens: 4000,
      messages: [{ role: "user", content: say(purse, long) }],
    });
    await readWhilePoor(purse, "0.003", stream);
    const message = stream.currentMessage;
    assert.equal(message?.stop_reason, "max_tokens");
    assert.ok(message.content[0]?.type === "text" && message.content[0].text.length > 0);
    assertReportedAsCharged(message.usage.output_tokens, await assertCut(purse));
  });

  test("Gemini: finishReason MAX_TOKENS", async () => {
    const purse = await market.makePurse("1");
    const stream = await market
      .gemini(purse)
      .models.generateContentStream({ model: "sim-small", contents: say(purse, long) });
    const chunks = await readWhilePoor(purse, "0.0005", stream);
    assert.equal(chunks.at(-1)?.candidates?.[0]?.finishReason, "MAX_TOKENS");
    assertReportedAsCharged(
      chunks.at(-1)?.usageMetadata?.candidatesTokenCount,
      await assertCut(purse),
    );
  });
});

interface CutFormat {
  readonly name: string;
  readonly path: string;
  readonly unifiedPath: string;
  /** The model's provider prefix on a unified path. */
  readonly body: (text: string, provider?: string) => object;
  /** The output tokens last reported in the events of a stream. */
  readonly reported: (events: readonly Json[]) => number | undefined;
}

type Json = { readonly [field: string]: Json } & number;

const messagesOf = (content: string): readonly object[] => [{ role: "user", content }];
const inUsage = (field: string) => (events: readonly Json[]) =>
  events.findLast(({ usage }) => Boolean(usage))?.["usage"]?.[field];
const chatOptions = { stream: true, stream_options: { include_usage: true } };

const cutFormats: readonly CutFormat[] = [
  {
    name: "chat",
    path: "/openai/v1/chat/completions",
    unifiedPath: "/v1/chat/completions",
    body: (text, provider = "") => ({
      model: `${provider}sim-small`,
      ...chatOptions,
      messages: messagesOf(text),
    }),
    reported: inUsage("completion_tokens"),
  },
  {
    name: "completions",
    path: "/openai/v1/completions",
    unifiedPath: "/v1/completions",
    body: (text, provider = "") => ({
      model: `${provider}sim-small`,
      ...chatOptions,
      prompt: text,
      max_tokens: 4000,
    }),
    reported: inUsage("completion_tokens"),
  },
  {
    name: "responses",
    path: "/openai/v1/responses",
    unifiedPath: "/v1/responses",
    body: (text, provider = "") => ({ model: `${provider}sim-small`, stream: true, input: text }),
    reported: (events) =>
      events.findLast(({ response }) => Boolean(response))?.["response"]?.["usage"]?.[
        "output_tokens"
      ],
  },
  {
    name: "messages",
    path: "/anthropic/v1/messages",
    unifiedPath: "/v1/messages",
    body: (text, provider = "") => ({
      model: `${provider}sim-large`,
      max_tokens: 4000,
      stream: true,
      messages: messagesOf(text),
    }),
    reported: inUsage("output_tokens"),
  },
  {
    name: "content",
    path: "/gemini/v1beta/models/sim-small:streamGenerateContent?alt=sse",
    unifiedPath: "/v1beta/models/gemini%2Fsim-small:streamGenerateContent?alt=sse",
    body: (text) => ({ contents: [{ role: "user", parts: [{ text }] }] }),
    reported: (events) =>
      events.findLast((event) => Boolean(event["usageMetadata"]))?.["usageMetadata"]?.[
        "candidatesTokenCount"
      ],
  },
];

/** SDKs merge some events and drop those after the error, so this reads the raw stream. */
async function cutEvents(purse: Purse, path: string, body: object): Promise<readonly Json[]> {
  const headers = {
    authorization: `Bearer ${purse.key}`,
    "content-type": "application/json",
    "anthropic-version": "2023-06-01",
  };
  const response = await fetch(market.gateway.url + path, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  let text = "";
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    if (text === "")
      await market.gateway.api("PATCH", `/api/v1/budgets/${purse.name}`, {
        body: { amount: "0.0001" },
      });
    text += piece;
  }
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice("data: ".length)) as Json);
}

for (const { name, path, unifiedPath, body, reported } of cutFormats) {
  for (const place of [path, unifiedPath]) {
    test(`${name} at ${place}: the usage reported in a cut is the charged one, and close to what was sent`, async () => {
      const purse = await market.makePurse("1");
      const provider = place === unifiedPath ? `${path.split("/")[1]}/` : undefined;
      const events = await cutEvents(
        purse,
        place,
        body(say(purse, "output=3000 gap_ms=2"), provider),
      );
      const [entry] = await market.gateway.entries(`project=${purse.name}`);
      const [row] = await market.simulator.books(purse.name);
      assert.ok(entry && row);
      assert.ok(entry.flags.includes("cut"), JSON.stringify(entry.flags));
      const charged = entry.usage.output ?? 0;
      assert.equal(reported(events), charged);
      assert.ok(
        charged >= row.output && charged <= 1.25 * row.output + 64,
        `${charged} are charged for ${row.output}`,
      );
    });
  }
}

test("streams that are read to the end hold nothing afterwards, however many slices they took", async () => {
  const purse = await market.makePurse("1");
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: "user", content: say(purse, "output=900") },
  ];
  await collect(
    await market
      .openai(purse)
      .chat.completions.create({ model: "sim-small", stream: true, messages }),
  );
  const [row] = await market.simulator.books(purse.name);
  const [entry] = await market.gateway.entries(`project=${purse.name}`);
  assert.ok(row && entry);
  assertBilledAlike(entry, row);
  assert.equal((await market.gateway.budget(purse.name))["held"], "0");
});

test("a provider that ignores max_tokens is cut once that is certain, and the charge is flagged", async () => {
  const purse = await market.makePurse("0.0015");
  const stream = await market.openai(purse).chat.completions.create({
    model: "sim-small",
    stream: true,
    messages: [
      {
        role: "user",
        content: say(purse, "output=20000 tokens_per_chunk=20 gap_ms=2 fault=ignore_max"),
      },
    ],
  });
  await assert.rejects(collect(stream), /ended this answer/);
  const [entry] = await market.gateway.entries(`project=${purse.name}`);
  assert.ok(entry);
  assert.ok(
    entry.flags.includes("cut") && entry.flags.includes("over_ceiling"),
    JSON.stringify(entry.flags),
  );
  // 0.0015 USD pays for 2,446 tokens at the test's price: the excess is bounded, far below the
  // 20,000 sent.
  assert.ok((entry.usage.output ?? 0) < 6000, JSON.stringify(entry.usage));
});

for (const query of ["?alt=sse", ""]) {
  test(`a provider that ignores its ceiling and reports its own count is cut by that count, not by an estimate (Gemini${query})`, async () => {
    // 0.008 USD pays for some 3,180 tokens at the test's price.
    const purse = await market.makePurse("0.008");
    const contents = [
      {
        role: "user",
        parts: [{ text: say(purse, "output=8000 tokens_per_chunk=20 gap_ms=2 fault=ignore_max") }],
      },
    ];
    const response = await fetch(
      `${market.gateway.url}/gemini/v1beta/models/sim-small:streamGenerateContent${query}`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${purse.key}`, "content-type": "application/json" },
        body: JSON.stringify({ contents }),
      },
    );
    const text = await response.text();
    assert.match(text, /MAX_TOKENS/);
    const [entry] = await market.gateway.entries(`project=${purse.name}`);
    assert.ok(entry);
    assert.ok(entry.flags.includes("cut"), JSON.stringify(entry.flags));
    const output = entry.usage.output ?? 0;
    assert.ok(output > 1000 && output <= 3240, `${output} were charged`);
  });
}
