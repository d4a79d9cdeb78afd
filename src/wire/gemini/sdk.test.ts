/** Tests that Google's official SDK reads what the Gemini format writes. */

import { ApiError, GoogleGenAI, type GenerateContentResponse } from "@google/genai";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { plainCut, plainFacts } from "../answer/feed.test-kit.ts";
import { geminiWire } from "./index.ts";

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body: Uint8Array | string;
}

async function withAnswer<T>(answer: Answer, use: (client: GoogleGenAI) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(answer.status ?? 200, {
      "content-type": answer.type ?? "text/event-stream",
    });
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    return await use(
      new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl: `http://127.0.0.1:${port}` } }),
    );
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const ask = { model: "gemini-2.5-pro", contents: "Hi" };
const chunk = {
  candidates: [{ content: { role: "model", parts: [{ text: "Once upon" }] }, index: 0 }],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 2, totalTokenCount: 11 },
  modelVersion: "gemini-2.5-pro",
  responseId: "r1",
};

/** A stream that passes `written`, is torn inside the next event, and is then ended. */
function cutStream(written: string, torn: string): Buffer {
  const meter = geminiWire.meter(
    { name: "generate_content", metering: "metered" },
    { stream: true, facts: plainFacts },
  );
  const passed = meter.push(Buffer.from(written + torn));
  meter.passed();
  return Buffer.concat([
    passed,
    meter.stop({
      ...plainCut,
      error: { ...plainCut.error, message: "the budget is used up\nat all" },
    }),
  ]);
}

async function readAll(body: Uint8Array): Promise<readonly GenerateContentResponse[]> {
  return withAnswer({ body }, async (client) => {
    const chunks: GenerateContentResponse[] = [];
    const stream = await client.models.generateContentStream(ask);
    const reading = (async () => {
      for await (const item of stream) chunks.push(item);
    })();
    await assert.rejects(
      reading,
      (error) => error instanceof ApiError && /the budget is used up/.test(error.message),
    );
    return chunks;
  });
}

test("a cut stream ends at MAX_TOKENS with the output so far and the usage charged, and raises the reason", async () => {
  const chunks = await readAll(
    cutStream(`data: ${JSON.stringify(chunk)}\n\n`, 'data: {"candidates": [{"con'),
  );
  const last = chunks.at(-1);
  assert.equal(chunks.map((item) => item.text).join(""), "Once upon");
  assert.equal(last?.candidates?.[0]?.finishReason, "MAX_TOKENS");
  assert.deepEqual(JSON.parse(JSON.stringify(last?.usageMetadata)), {
    promptTokenCount: 12,
    cachedContentTokenCount: 3,
    candidatesTokenCount: 7,
    totalTokenCount: 19,
  });
  assert.deepEqual([last?.modelVersion, last?.responseId], ["gemini-2.5-pro", "r1"]);
});

test("a stream cut before it began is one empty answer", async () => {
  const chunks = await readAll(cutStream("", 'data: {"can'));
  assert.deepEqual(
    chunks.map((item) => item.candidates?.[0]?.finishReason),
    ["MAX_TOKENS"],
  );
});

test("a cut array is closed as an array", () => {
  // The SDK omits the message for this API, so the test reads it itself.
  const [first, last, ...more] = JSON.parse(
    cutStream(`[${JSON.stringify(chunk)}`, ',\n{"candidates":[').toString(),
  ) as (typeof chunk)[];
  assert.deepEqual(first, chunk);
  const { finishReason, finishMessage } = (last?.candidates[0] ?? {}) as {
    finishReason?: string;
    finishMessage?: string;
  };
  assert.deepEqual([finishReason, finishMessage], ["MAX_TOKENS", "the budget is used up\nat all"]);
  assert.deepEqual(
    more.map((element) => (element as unknown as { error: { message: string } }).error.message),
    ["the budget is used up\nat all"],
  );
  const alone = JSON.parse(cutStream("", '[{"cand').toString()) as unknown[];
  assert.equal(alone.length, 2);
});

test("an answer that has ended is not ended again", () => {
  const ended = { ...chunk, candidates: [{ ...chunk.candidates[0], finishReason: "STOP" }] };
  const events = `data: ${JSON.stringify(ended)}\n\n`;
  assert.equal(cutStream(events, "").toString(), events);
  const array = `[${JSON.stringify(ended)}]`;
  assert.equal(cutStream(array, "").toString(), array);
});

test("a refusal reaches the caller as an ApiError with its status and Purser's reason", async () => {
  const body = geminiWire.error({
    status: 402,
    message: "used up",
    code: "budget_exhausted",
    param: null,
    purser: { budget_id: "all" },
  });
  await withAnswer({ status: 402, type: "application/json", body }, async (client) => {
    await assert.rejects(client.models.generateContent(ask), (error) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.status, 402);
      assert.match(error.message, /"budget_id":"all"/);
      return true;
    });
  });
});
