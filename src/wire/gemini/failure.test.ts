/** Tests errors in Gemini answers with status 200, and how the text received is measured. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { feed, plainFacts } from "../answer/feed.test-kit.ts";
import type { Reading } from "../wire.ts";
import { geminiWire } from "./index.ts";

const endpoint = { name: "generate_content", metering: "metered" } as const;
const failure = {
  error: {
    code: 429,
    message: "Resource has been exhausted ".repeat(20),
    status: "RESOURCE_EXHAUSTED",
  },
};

function read(answer: string, stream: boolean): Reading {
  return feed(geminiWire.meter(endpoint, { stream, facts: { ...plainFacts, stream } }), answer)
    .reading;
}

function sse(...chunks: readonly object[]): string {
  return chunks.map((item) => `data: ${JSON.stringify(item)}\r\n\r\n`).join("");
}

function chunk(text: string, usageMetadata?: object): object {
  const content = { role: "model", parts: text === "" ? [] : [{ text }] };
  return {
    candidates: [{ content, index: 0 }],
    ...(usageMetadata && { usageMetadata }),
    modelVersion: "gemini-2.5-flash",
  };
}

test("an error is recognised in a body, a list, an event and a streamed list, and has no text", () => {
  const answers: readonly (readonly [string, boolean])[] = [
    [JSON.stringify(failure), false],
    [JSON.stringify([failure]), false],
    [sse(failure), true],
    [JSON.stringify([failure], null, 2), true],
    [JSON.stringify(failure, null, 2), true],
    [JSON.stringify({ error: "exhausted" }), false],
  ];
  for (const [answer, stream] of answers) {
    const { flags, parts, passedBytes } = read(answer, stream);
    assert.deepEqual(
      [flags, parts, passedBytes],
      [["usage_missing", "provider_error"], [], 0],
      answer,
    );
  }
});

test("an error in mid-stream keeps the counts so far, and is flagged", () => {
  const { flags, parts, partial, passedBytes } = read(
    sse(chunk("word", { promptTokenCount: 9, candidatesTokenCount: 1 }), failure),
    true,
  );
  assert.deepEqual(
    [flags, parts[0]?.usage, partial],
    [["provider_error"], { input: 9, output: 1 }, true],
  );
  assert.ok(passedBytes >= 4);
});

test("an object that arrives instead of a stream is read, and passes unchanged", () => {
  const whole = chunk("word", { promptTokenCount: 9, candidatesTokenCount: 1 });
  for (const answer of [
    JSON.stringify(whole),
    JSON.stringify(whole, null, 2),
    JSON.stringify(failure),
  ]) {
    const meter = geminiWire.meter(endpoint, {
      stream: true,
      facts: { ...plainFacts, stream: true },
    });
    const passed = Array.from(Buffer.from(answer), (byte) =>
      Buffer.from(meter.push(Buffer.of(byte))),
    );
    assert.equal(Buffer.concat([...passed, meter.end().rest]).toString(), answer);
  }
  assert.deepEqual(read(JSON.stringify(whole), true).parts[0]?.usage, { input: 9, output: 1 });
});

test("text without a count is measured, as is its absence", () => {
  const none = { promptTokenCount: 0, candidatesTokenCount: 0 };
  assert.equal(read(sse(chunk("four", none), chunk("five!", none)), true).passedBytes, 9);
  assert.equal(read(JSON.stringify(chunk("", none)), false).passedBytes, 0);
});
