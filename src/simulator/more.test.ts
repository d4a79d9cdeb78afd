/**
 * Provider features other than chat: JSON output, legacy completions, Gemini embeddings, model
 * lists.
 */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { z } from "zod";
import type { BookRow } from "./books.ts";
import { startSimulator } from "./simulator.ts";

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

function lastRow(): BookRow {
  const row = simulator.books.rows().at(-1);
  assert.ok(row);
  return row;
}

const say = (content: string) => [{ role: "user" as const, content }];
const Report = z.object({
  title: z.string(),
  score: z.int().min(3),
  sections: z.array(z.object({ text: z.string() })),
});
const schema = z.toJSONSchema(Report);

test("structured output matches its schema in each format, whole and streamed, and is billed as reported", async () => {
  const named = {
    type: "json_schema" as const,
    json_schema: { name: "report", schema, strict: true },
  };
  const chat = await openai.chat.completions.create({
    model: "m",
    messages: say("a"),
    response_format: named,
  });
  assert.ok(Report.safeParse(JSON.parse(chat.choices[0]?.message.content ?? "")).success);
  assert.equal(lastRow().output, chat.usage?.completion_tokens);

  const format = { type: "json_schema" as const, name: "report", schema };
  const response = await openai.responses.create({ model: "m", input: "a", text: { format } });
  assert.ok(Report.safeParse(JSON.parse(response.output_text)).success);

  const output = { output_config: { format: { type: "json_schema" as const, schema } } };
  const message = await anthropic.messages
    .stream({ model: "m", max_tokens: 500, messages: say("a"), ...output })
    .finalMessage();
  assert.ok(
    Report.safeParse(JSON.parse(message.content[0]?.type === "text" ? message.content[0].text : ""))
      .success,
  );
  assert.equal(lastRow().output, message.usage.output_tokens);

  const config = { responseMimeType: "application/json", responseJsonSchema: schema };
  const content = await gemini.models.generateContent({ model: "m", contents: "a", config });
  assert.ok(Report.safeParse(JSON.parse(content.text ?? "")).success);
  assert.equal(lastRow().output, content.usageMetadata?.candidatesTokenCount);
});

test("JSON mode without a schema gives a non-empty object", async () => {
  const filled = (text: string | null | undefined): boolean =>
    Object.keys(JSON.parse(text ?? "{}") as object).length > 0;
  const chat = await openai.chat.completions.create({
    model: "m",
    messages: say("a"),
    response_format: { type: "json_object" },
  });
  assert.ok(filled(chat.choices[0]?.message.content));
  assert.ok(
    filled(
      (
        await openai.responses.create({
          model: "m",
          input: "a",
          text: { format: { type: "json_object" } },
        })
      ).output_text,
    ),
  );
  const config = { responseMimeType: "application/json" };
  assert.ok(
    filled((await gemini.models.generateContent({ model: "m", contents: "a", config })).text),
  );
});

test("a legacy completion answers each prompt, with 16 tokens by default, and bills all choices", async () => {
  const one = await openai.completions.create({ model: "m", prompt: "twelve bytes" });
  assert.deepEqual(
    [one.choices.length, one.choices[0]?.finish_reason, one.usage?.prompt_tokens],
    [1, "length", 3],
  );
  assert.equal(one.choices[0]?.text.split(" ").length, 16);
  const many = await openai.completions.create({
    model: "m",
    prompt: ["a", "[[sim output=5]]"],
    n: 2,
    max_tokens: 50,
  });
  assert.deepEqual(
    [many.choices.length, many.usage?.completion_tokens, many.choices[3]?.finish_reason],
    [4, 20, "stop"],
  );
  const row = lastRow();
  assert.deepEqual([row.endpoint, row.output, row.id], ["completions", 20, many.id]);
  assert.equal(
    (await openai.completions.create({ model: "m", prompt: [[1, 2, 3], [4]] })).usage
      ?.prompt_tokens,
    4,
  );
  await assert.rejects(openai.completions.create({ model: "m", prompt: [] }), /prompt/);
});

test("a legacy completion streams, and reports its usage on request", async () => {
  const stream = await openai.completions.create({
    model: "m",
    prompt: "[[sim output=6 tokens_per_chunk=2]]",
    max_tokens: 9,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await Array.fromAsync(stream);
  assert.equal(
    chunks
      .flatMap(({ choices }) => choices.map(({ text }) => text))
      .join("")
      .split(" ").length,
    6,
  );
  assert.equal(chunks.at(-1)?.usage?.completion_tokens, 6);
  assert.deepEqual([lastRow().output, lastRow().finished], [6, true]);
});

test("Gemini embeddings have the requested dimensions, one per content, and bill their tokens", async () => {
  const embedded = await gemini.models.embedContent({
    model: "e",
    contents: ["one", "two"],
    config: { outputDimensionality: 12 },
  });
  assert.deepEqual(
    embedded.embeddings?.map(({ values }) => values?.length),
    [12, 12],
  );
  assert.deepEqual(
    [lastRow().endpoint, lastRow().model, lastRow().input, lastRow().output],
    ["embeddings", "e", 2, 0],
  );
  const answer = await fetch(`${simulator.url}/gemini/v1beta/models/e:embedContent`, {
    method: "POST",
    body: JSON.stringify({ content: { parts: [{ text: "twelve bytes" }] } }),
  });
  const body = (await answer.json()) as { embedding: { values: number[] }; usageMetadata: object };
  assert.deepEqual(
    [body.embedding.values.length, body.usageMetadata],
    [256, { promptTokenCount: 3, totalTokenCount: 3 }],
  );
  assert.equal(lastRow().input, 3);
  const wrong = await fetch(`${simulator.url}/gemini/v1beta/models/e:embedContent`, {
    method: "POST",
    body: "{}",
  });
  assert.equal(wrong.status, 400);
});

test("every SDK lists the models and retrieves one", async () => {
  const listed = [];
  for await (const model of openai.models.list()) listed.push(model.id);
  for await (const model of anthropic.models.list()) listed.push(model.id);
  for await (const model of await gemini.models.list()) listed.push(model.name);
  assert.deepEqual(listed, [
    "sim-small",
    "sim-large",
    "sim-small",
    "sim-large",
    "models/sim-small",
    "models/sim-large",
  ]);
  assert.equal((await openai.models.retrieve("vendor/any")).id, "vendor/any");
  assert.equal((await anthropic.models.retrieve("any")).id, "any");
  assert.equal((await gemini.models.get({ model: "any" })).name, "models/any");
});

test("each word is one token in the tokenizer that bills it", async () => {
  const { encode } = await import("gpt-tokenizer/encoding/o200k_base");
  const answer = await openai.chat.completions.create({
    model: "m",
    messages: say("[[sim output=500]]"),
  });
  assert.equal(encode(answer.choices[0]?.message.content ?? "").length, 500);
});
