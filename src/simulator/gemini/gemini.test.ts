/** The Gemini wire, driven by the official SDK. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { GoogleGenAI } from "@google/genai";
import type { BookRow } from "../books.ts";
import { startSimulator } from "../simulator.ts";

const simulator = await startSimulator();
after(() => simulator.close());
const client = new GoogleGenAI({
  apiKey: "none",
  httpOptions: { baseUrl: `${simulator.url}/gemini` },
});

function lastRow(): BookRow {
  const row = simulator.books.rows(simulator.books.size - 1)[0];
  assert.ok(row);
  return row;
}

test("a whole answer counts cached tokens in the prompt, and thoughts outside the candidates", async () => {
  const answer = await client.models.generateContent({
    model: "m",
    contents: "[[sim input=9 cached=20 output=28 reasoning=8]]",
  });
  const usage = answer.usageMetadata;
  assert.deepEqual(
    [usage?.promptTokenCount, usage?.cachedContentTokenCount, usage?.candidatesTokenCount],
    [29, 20, 20],
  );
  assert.deepEqual([usage?.thoughtsTokenCount, usage?.totalTokenCount], [8, 57]);
  assert.equal(answer.text?.split(" ").length, 20);
  assert.deepEqual(
    [lastRow().id, lastRow().input, lastRow().cache_read, lastRow().output],
    [answer.responseId, 9, 20, 28],
  );
});

test("a stream repeats its growing usage, and ends with the billed one", async () => {
  const stream = await client.models.generateContentStream({
    model: "m",
    contents: "[[sim input=9 output=10 reasoning=4]]",
  });
  const chunks = await Array.fromAsync(stream);
  const said = chunks.map((chunk) => chunk.usageMetadata?.candidatesTokenCount ?? 0);
  assert.deepEqual(said, [1, 2, 3, 4, 5, 6, 6]);
  assert.equal(chunks.at(-1)?.candidates?.[0]?.finishReason, "STOP");
  assert.equal(chunks.at(-1)?.usageMetadata?.totalTokenCount, 19);
  assert.deepEqual([lastRow().output, lastRow().reasoning, lastRow().finished], [10, 4, true]);
});

test("without alt=sse a stream is one JSON list", async () => {
  const body = JSON.stringify({ contents: [{ parts: [{ text: "[[sim output=3]]" }] }] });
  const answer = await fetch(`${simulator.url}/v1beta/models/m:streamGenerateContent`, {
    method: "POST",
    body,
  });
  const list = (await answer.json()) as { usageMetadata: { candidatesTokenCount: number } }[];
  assert.equal(list.length, 4);
  assert.equal(list.at(-1)?.usageMetadata.candidatesTokenCount, 3);
});

test("maxOutputTokens ends an answer, and every candidate is billed", async () => {
  const config = { maxOutputTokens: 5, candidateCount: 2 };
  const answer = await client.models.generateContent({ model: "m", contents: "hi", config });
  assert.deepEqual(
    answer.candidates?.map((candidate) => candidate.finishReason),
    ["MAX_TOKENS", "MAX_TOKENS"],
  );
  assert.equal(answer.usageMetadata?.candidatesTokenCount, 10);
  assert.equal(lastRow().output, 10);
});

test("an offered function is called, whole and streamed, and its result gets a text answer", async () => {
  const config = {
    tools: [
      {
        functionDeclarations: [
          {
            name: "weather",
            parametersJsonSchema: { type: "object", properties: { city: { type: "string" } } },
          },
        ],
      },
    ],
  };
  const whole = await client.models.generateContent({ model: "m", contents: "hi", config });
  assert.deepEqual(
    [whole.functionCalls?.[0]?.name, whole.functionCalls?.[0]?.args],
    ["weather", { city: "sample" }],
  );
  const chunks = await Array.fromAsync(
    await client.models.generateContentStream({ model: "m", contents: "hi", config }),
  );
  assert.equal(chunks[0]?.functionCalls?.[0]?.name, "weather");
  const contents = [
    {
      role: "user",
      parts: [{ functionResponse: { name: "weather", response: { output: "sunny" } } }],
    },
  ];
  const second = await client.models.generateContent({ model: "m", contents, config });
  assert.equal(second.functionCalls, undefined);
});

test("a function is accepted in snake_case too, as by Google's servers", async () => {
  const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const body = {
    contents: [{ parts: [{ text: "hi" }] }],
    tools: [{ function_declarations: [{ name: "weather", parameters_json_schema: schema }] }],
  };
  const response = await fetch(`${simulator.url}/gemini/v1beta/models/m:generateContent`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-goog-api-key": "k" },
    body: JSON.stringify(body),
  });
  assert.match(await response.text(), /"name":"weather","args":\{"city":"sample"\}/);
});

test("countTokens returns the input that an answer would be billed, and bills nothing", async () => {
  const before = simulator.books.size;
  const { totalTokens } = await client.models.countTokens({
    model: "m",
    contents: "how many tokens is this",
  });
  assert.equal(simulator.books.size, before);
  const answer = await client.models.generateContent({
    model: "m",
    contents: "how many tokens is this",
  });
  assert.equal(answer.usageMetadata?.promptTokenCount, totalTokens);
});
