/**
 * Failed answers: the reported usage and the delivered output are charged; an error instead of an
 * answer costs nothing.
 */

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { before, test } from "node:test";
import type { Entry } from "./figures.ts";
import { startGateway, type GatewayProcess } from "./process.ts";
import { startRecorder, type Recorded } from "./recording.ts";
import { always } from "./settings.ts";

let gateway: GatewayProcess;
let key: string;

/** The events of a stream, a body, or a connection closed before any byte. */
type Answer = readonly object[] | { readonly body: string } | "reset";

let answer: Answer = "reset";

function give(request: Recorded, response: ServerResponse): void {
  if (answer === "reset") return void response.socket?.destroy();
  if ("body" in answer)
    return void response.writeHead(200, { "content-type": "application/json" }).end(answer.body);
  assert.match(request.body + request.url, /stream/i);
  const events = answer.map(
    (event) =>
      `${"type" in event ? `event: ${String(event.type)}\n` : ""}data: ${JSON.stringify(event)}\n\n`,
  );
  response.writeHead(200, { "content-type": "text/event-stream" }).end(events.join(""));
}

const recorder = await startRecorder(give);

before(async () => {
  const openai = { base_url: `${recorder.url}/v1`, api_key: "k" };
  const other = { base_url: recorder.url, api_key: "k" };
  gateway = await startGateway({ providers: { openai, anthropic: other, gemini: other } });
  await gateway.makeBudget({
    budget_id: "all",
    budget_type: "platform",
    resource_id: "main",
    amount: "1000",
    ...always,
  });
  ({ key } = await gateway.makeKey());
});

let calls = 0;

/** @param call.status The status that the caller gets. */
async function charged(
  path: string,
  call: { readonly body: object; readonly answered: Answer; readonly status?: number },
): Promise<Entry> {
  const { body, answered, status = 200 } = call;
  answer = answered;
  const id = `failed-${++calls}`;
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "x-purser-operation-id": id,
  };
  const response = await fetch(gateway.url + path, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, status, text);
  const [entry] = await gateway.entries(`operation_id=${id}`);
  const { held } = await gateway.budget("all");
  assert.equal(held, "0");
  return entry ?? assert.fail(`${id} has no entry`);
}

const words = "Some text that passed before the error came.";
const exhausted = {
  error: { code: 429, message: "Resource has been exhausted", status: "RESOURCE_EXHAUSTED" },
};
const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };

function gemini(answered: Answer): Promise<Entry> {
  const contents = [{ role: "user", parts: [{ text: "Where?" }] }];
  return charged("/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", {
    body: { contents },
    answered,
  });
}

function chunk(usageMetadata?: object): object {
  const candidates = [{ content: { role: "model", parts: [{ text: words }] }, index: 0 }];
  return { candidates, modelVersion: "gemini-2.5-flash", ...(usageMetadata && { usageMetadata }) };
}

test("Gemini's 429 in the middle of a stream charges the reported usage and the delivered output, but no unreported reasoning", async () => {
  const reported = await gemini([
    chunk({
      promptTokenCount: 10,
      candidatesTokenCount: 8,
      thoughtsTokenCount: 90,
      totalTokenCount: 108,
    }),
    exhausted,
  ]);
  // 10 × 0.30 + 98 × 2.50 USD per million.
  assert.deepEqual(
    [reported.cost_usd, reported.status, reported.usage.output],
    ["0.000248", "estimated", 98],
  );
  const unreported = await gemini([chunk(), exhausted]);
  assert.deepEqual(
    [unreported.status, unreported.flags.toSorted()],
    ["estimated", ["provider_error", "usage_missing"]],
  );
  const output = unreported.usage.output ?? 0;
  assert.ok(output >= 5 && output <= words.length, `${output} tokens for ${words.length} bytes`);
});

test("an error instead of a stream costs nothing, in each of Gemini's formats", async () => {
  for (const answered of [
    [exhausted],
    { body: JSON.stringify(exhausted) },
    { body: JSON.stringify([exhausted]) },
  ]) {
    const entry = await gemini(answered);
    assert.deepEqual(
      [entry.cost_usd, entry.status, entry.flags.toSorted()],
      ["0", "settled", ["provider_error", "unbilled"]],
    );
  }
});

test("Anthropic's error event alone costs nothing; after a message start, the reported usage and delivered output are charged", async () => {
  const ask = (answered: Answer): Promise<Entry> =>
    charged("/anthropic/v1/messages", {
      body: {
        model: "claude-sonnet-4-6",
        max_tokens: 4096,
        stream: true,
        messages: [{ role: "user", content: "Hi" }],
      },
      answered,
    });
  const message = {
    id: "m",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-4-6",
    content: [],
    usage: { input_tokens: 900, output_tokens: 1 },
  };
  const start = { type: "message_start", message };
  const delta = {
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: words },
  };
  const alone = await ask([{ type: "ping" }, overloaded]);
  assert.deepEqual(
    [alone.cost_usd, alone.status, alone.flags.toSorted()],
    ["0", "settled", ["provider_error", "unbilled"]],
  );
  const begun = await ask([start, overloaded]);
  // 900 × 3 + 1 × 15 USD per million.
  assert.deepEqual([begun.cost_usd, begun.status], ["0.002715", "estimated"]);
  const later = await ask([start, delta, overloaded]);
  assert.deepEqual(
    [later.usage.input, later.status, later.flags.toSorted()],
    [900, "estimated", ["provider_error", "usage_missing"]],
  );
  assert.ok((later.usage.output ?? 0) >= 5);
});

test("a failed response without usage is charged for the delivered text only", async () => {
  const response = {
    id: "r",
    object: "response",
    model: "gpt-5",
    status: "in_progress",
    output: [],
    usage: null,
    error: null,
  };
  const created = { type: "response.created", response };
  const delta = {
    type: "response.output_text.delta",
    item_id: "m",
    output_index: 0,
    content_index: 0,
    delta: words,
  };
  const failed = {
    type: "response.failed",
    response: { ...response, status: "failed", error: { code: "server_error", message: "no" } },
  };
  const ask = (answered: Answer): Promise<Entry> =>
    charged("/openai/v1/responses", {
      body: { model: "gpt-5", input: "Hi", stream: true, max_output_tokens: 1000 },
      answered,
    });
  for (const end of [failed, { type: "error", code: "server_error", message: "no", param: null }]) {
    const entry = await ask([created, end]);
    assert.deepEqual(
      [entry.cost_usd, entry.status, entry.flags.toSorted()],
      ["0", "settled", ["provider_error", "unbilled"]],
    );
    const later = await ask([created, delta, end]);
    assert.deepEqual(
      [later.status, later.flags.toSorted()],
      ["estimated", ["provider_error", "usage_missing"]],
    );
    const output = later.usage.output ?? 0;
    assert.ok(output >= 5 && output <= words.length, `${output} tokens for ${words.length} bytes`);
  }
});

test("a reset before the first byte charges the hold until the bill is known", async () => {
  const body = {
    model: "gpt-4o-mini",
    max_tokens: 1000,
    messages: [{ role: "user", content: "Hi" }],
  };
  const entry = await charged("/openai/v1/chat/completions", {
    body,
    answered: "reset",
    status: 502,
  });
  assert.deepEqual(
    [entry.status, entry.flags, entry.charges.map(({ meter }) => meter)],
    ["unresolved", ["usage_missing"], ["hold"]],
  );
  assert.ok(
    Number(entry.cost_usd) >= 0.0006,
    "a thousand tokens of output at 0.60 USD per million",
  );
});

const choices = [
  { index: 0, message: { role: "assistant", content: words }, finish_reason: "stop" },
];
const usage = { prompt_tokens: 9, completion_tokens: 363, total_tokens: 372 };

function answeredBy(model: string): { readonly body: object; readonly answered: Answer } {
  const body = { model, max_tokens: 400, messages: [{ role: "user", content: "Hi" }] };
  return { body, answered: { body: JSON.stringify({ id: "c", model, choices, usage }) } };
}

test("a model that searches in every call has a price", async () => {
  const entry = await charged("/openai/v1/chat/completions", answeredBy("gpt-5-search-api"));
  // 9 × 1.25 + 363 × 10 USD per million, and a search.
  assert.deepEqual([entry.cost_usd, entry.flags], ["0.01364125", []]);
});

test("calls without a user do not share a counter of a per-user budget", async () => {
  await gateway.makeBudget({
    budget_id: "each",
    budget_type: "user",
    resource_id: "*",
    amount: "0.01",
    ...always,
  });
  for (let call = 0; call < 6; call++) {
    const { cost_usd } = await charged("/openai/v1/chat/completions", answeredBy("gpt-4o"));
    assert.equal(cost_usd, "0.0036525");
  }
});
