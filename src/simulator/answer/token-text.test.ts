/** Texts of each kind: real tokens, unbroken characters, billed in every format. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import OpenAI from "openai";
import type { BookRow } from "../books.ts";
import { startSimulator } from "../simulator.ts";
import { textKinds } from "./text-kind.ts";
import { speakerOf } from "./token-text.ts";

const simulator = await startSimulator();
after(() => simulator.close());
const openai = new OpenAI({ apiKey: "none", baseURL: `${simulator.url}/openai/v1`, maxRetries: 0 });
const anthropic = new Anthropic({
  apiKey: "none",
  baseURL: `${simulator.url}/anthropic`,
  maxRetries: 0,
});
const gemini = new GoogleGenAI({
  apiKey: "none",
  httpOptions: { baseUrl: `${simulator.url}/gemini` },
});

const say = (content: string) => [{ role: "user" as const, content }];

function lastRow(): BookRow {
  const row = simulator.books.rows().at(-1);
  assert.ok(row, "a call is in the books");
  return row;
}

for (const kind of textKinds) {
  test(`${kind}: the tokenizer counts as many tokens as were generated, wherever the text ends with a character`, async () => {
    const speak = await speakerOf(kind);
    for (const tokens of [1, 2, 3, 12, 100, 777, 5000]) {
      const whole = speak(6000).boundary?.(tokens) ?? tokens;
      assert.equal(encode(speak(whole).slice(0, whole)).length, whole, `${whole} tokens`);
    }
  });

  for (const size of [1, 12, 500]) {
    test(`${kind}: chunks of ${size} tokens have only whole characters, are never empty, and add up to the text`, async () => {
      const stream = await openai.chat.completions.create({
        model: "m",
        messages: say(`[[sim text=${kind} output=1200 tokens_per_chunk=${size}]]`),
        stream: true,
        stream_options: { include_usage: true },
      });
      const chunks: string[] = [];
      let output: number | undefined;
      for await (const chunk of stream) {
        if (chunk.choices[0]?.delta.content) chunks.push(chunk.choices[0].delta.content);
        output = chunk.usage?.completion_tokens ?? output;
      }
      const speak = await speakerOf(kind);
      assert.equal(output, 1200);
      assert.equal(chunks.join(""), speak(1200).slice(0, 1200));
      for (const chunk of chunks)
        assert.ok(chunk.isWellFormed() && !chunk.includes("\ufffd"), chunk);
      assert.equal(lastRow().output, 1200);
    });
  }
}

test("every format sends the text, whole and streamed, and bills its tokens", async () => {
  const prompt = "[[sim text=emoji output=90 tokens_per_chunk=7]]";
  const text = (await speakerOf("emoji"))(90).slice(0, 90);

  const response = await openai.responses.create({ model: "m", input: prompt });
  assert.deepEqual(
    [response.output_text, response.usage?.output_tokens, lastRow().output],
    [text, 90, 90],
  );

  const message = await anthropic.messages.create({
    model: "m",
    max_tokens: 200,
    messages: say(prompt),
  });
  assert.deepEqual(
    [
      message.content[0]?.type === "text" ? message.content[0].text : "",
      message.usage.output_tokens,
    ],
    [text, 90],
  );
  const streamed = await anthropic.messages
    .stream({ model: "m", max_tokens: 200, messages: say(prompt) })
    .finalMessage();
  assert.deepEqual(
    [streamed.content[0]?.type === "text" ? streamed.content[0].text : "", lastRow().output],
    [text, 90],
  );

  const content = await gemini.models.generateContent({ model: "m", contents: prompt });
  assert.deepEqual([content.text, content.usageMetadata?.candidatesTokenCount], [text, 90]);
  let pieces = "";
  const counts: number[] = [];
  for await (const chunk of await gemini.models.generateContentStream({
    model: "m",
    contents: prompt,
  })) {
    pieces += chunk.text ?? "";
    counts.push(chunk.usageMetadata?.candidatesTokenCount ?? 0);
  }
  assert.equal(pieces, text);
  assert.equal(counts.at(-1), 90);
  assert.deepEqual(
    counts,
    counts.toSorted((one, other) => one - other),
    "counts grow",
  );
});

test("max_tokens ends the text within a character, which is billed but not shown; ignore_max goes beyond it", async () => {
  const ask = async (fault: string) =>
    openai.chat.completions.create({
      model: "m",
      max_tokens: 10,
      messages: say(`[[sim text=cjk output=40 fault=${fault}]]`),
    });
  const speak = await speakerOf("cjk");
  const cut = await ask("none");
  assert.deepEqual(
    [cut.choices[0]?.message.content, cut.choices[0]?.finish_reason, cut.usage?.completion_tokens],
    [speak(10).slice(0, 10), "length", 10],
  );
  const passed = await ask("ignore_max");
  assert.deepEqual(
    [passed.choices[0]?.message.content, passed.usage?.completion_tokens],
    [speak(40).slice(0, 40), 40],
  );
  assert.equal(lastRow().output, 40);
});

test("an aborted stream is billed the tokens it generated", async () => {
  const stream = await openai.chat.completions.create({
    model: "m",
    messages: say("[[sim text=hex output=400 tokens_per_chunk=50 fault=reset_after:3]]"),
    stream: true,
  });
  let text = "";
  await assert.rejects(async () => {
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
  });
  assert.equal(encode(text).length, 150);
  assert.deepEqual([lastRow().output, lastRow().cut_at], [150, 150]);
});

test("an unknown kind is refused with a list of the kinds", async () => {
  await assert.rejects(
    async () => openai.chat.completions.create({ model: "m", messages: say("[[sim text=latin]]") }),
    /english\|code\|json\|csv\|hex\|cjk\|emoji/,
  );
});
