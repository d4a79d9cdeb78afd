/** Tests that implausible usage is detected, and what is charged instead. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatUsd } from "../../domain/money/money.ts";
import {
  chat,
  counts,
  created,
  gemini,
  messages,
  responses,
  settle,
  usd,
  type Scene,
} from "./price-answer.test-kit.ts";

test("a count far above the ceiling is charged at the ceiling, unless the text received supports it", () => {
  const absurd = settle(chat({ prompt_tokens: 100, completion_tokens: 1_000_000_000 }));
  assert.deepEqual([absurd.usage, absurd.status], [{ input: 100, output: 1000 }, "estimated"]);
  assert.equal(usd(absurd), "0.0101");
  assert.deepEqual(absurd.flags, ["over_ceiling", "usage_implausible"]);

  const honest = settle(chat({ prompt_tokens: 100, completion_tokens: 3000 }, "x".repeat(9000)));
  assert.deepEqual(
    [honest.usage, honest.status, honest.flags],
    [{ input: 100, output: 3000 }, "settled", ["over_ceiling"]],
  );
  const slack = settle(chat({ prompt_tokens: 100, completion_tokens: 1100 }, "x"));
  assert.deepEqual([slack.usage.output, slack.flags], [1100, ["over_ceiling"]]);
});

test("hidden output and thoughts are bounded like any other", () => {
  const hidden = settle(
    chat({ prompt_tokens: 100, completion_tokens: 10, total_tokens: 900_000_000 }, "x"),
  );
  assert.deepEqual([hidden.usage.output, hidden.flags.includes("usage_implausible")], [1000, true]);
  const answer = { candidates: [{ content: { parts: [{ text: "x" }] }, finishReason: "STOP" }] };
  const usageMetadata = {
    promptTokenCount: 5,
    candidatesTokenCount: 1,
    thoughtsTokenCount: 900_000_000,
  };
  const thought = settle({ ...answer, usageMetadata }, { ...gemini, ceiling: 500 });
  assert.deepEqual(
    [(thought.usage.output ?? 0) <= 2_000_000, thought.flags.includes("usage_implausible")],
    [true, true],
  );
});

test("an input far above the context window is charged at the window, unless that much was sent", () => {
  const absurd = settle(chat({ prompt_tokens: 1_000_000_000, completion_tokens: 10 }));
  assert.deepEqual([absurd.usage, absurd.status], [{ input: 2_000_000, output: 10 }, "estimated"]);
  assert.ok(absurd.flags.includes("usage_implausible"));
  const written = settle(
    chat({
      prompt_tokens: 900_000_000,
      completion_tokens: 10,
      prompt_tokens_details: { cached_tokens: 800_000_000 },
    }),
  );
  assert.deepEqual(written.usage, { input: 2_000_000, cache_read: 0, output: 10 });
});

test("each provider-side tool call makes the model read again, which explains more input", () => {
  const usage = { input_tokens: 5_000_000, output_tokens: 10, total_tokens: 5_000_010 };
  const call = (id: string): object => ({
    type: "mcp_call",
    id,
    status: "completed",
    name: "find",
  });
  const output = [
    call("a"),
    call("b"),
    { type: "message", content: [{ type: "output_text", text: "word" }] },
  ];
  const looped = settle({ model: "m", output, usage }, responses);
  assert.deepEqual(
    [looped.usage, looped.status, looped.flags],
    [{ input: 5_000_000, output: 10 }, "settled", []],
  );
  const plain = settle({ model: "m", output: output.slice(2), usage }, responses);
  assert.deepEqual([plain.usage.input, plain.flags], [2_000_000, ["usage_implausible"]]);
  const done = [call("a"), call("b")].map((item) => ({ type: "response.output_item.done", item }));
  const streamed = settle(
    [
      created,
      ...done,
      { type: "response.completed", response: { ...created.response, output, usage } },
    ],
    responses,
  );
  assert.deepEqual([streamed.usage, streamed.flags], [looped.usage, []]);
});

test("tool calls are bounded too", () => {
  const outcome = settle(chat({ ...counts, num_search_queries: 900_000_000 }));
  assert.deepEqual(
    [outcome.usage.web_search, outcome.flags.includes("usage_implausible")],
    [1000, true],
  );
});

test("zero usage for an answer with text is estimated and flagged, in every format", () => {
  const zero = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const text = "x".repeat(300);
  const delta = { model: "m", choices: [{ index: 0, delta: { content: text } }] };
  const start = {
    type: "message_start",
    message: { id: "i", model: "m", usage: { input_tokens: 0, output_tokens: 0 } },
  };
  const said = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } };
  const end = {
    type: "message_delta",
    delta: { stop_reason: "end_turn" },
    usage: { output_tokens: 0 },
  };
  const candidate = { content: { parts: [{ text }] }, finishReason: "STOP" };
  const answers: readonly (readonly [object | readonly object[], Scene])[] = [
    [chat(zero, text), {}],
    [[delta, { model: "m", choices: [], usage: zero }], {}],
    [
      {
        model: "m",
        output: [{ type: "message", content: [{ type: "output_text", text }] }],
        usage: { input_tokens: 0, output_tokens: 0 },
      },
      responses,
    ],
    [
      {
        type: "message",
        model: "m",
        content: [{ type: "text", text }],
        usage: { input_tokens: 0, output_tokens: 0 },
      },
      messages,
    ],
    [[start, said, end, { type: "message_stop" }], messages],
    [
      { candidates: [candidate], usageMetadata: { promptTokenCount: 0, candidatesTokenCount: 0 } },
      gemini,
    ],
  ];
  for (const [answer, scene] of answers) {
    const { usage, status, flags, cost } = settle(answer, scene);
    assert.deepEqual(
      [usage, status],
      [{ input: 40, output: 100 }, "estimated"],
      JSON.stringify(answer),
    );
    assert.ok(
      flags.includes("usage_implausible") || flags.includes("usage_missing"),
      JSON.stringify(answer),
    );
    assert.equal(formatUsd(cost.usd), "0.00104");
  }
});

test("zeros on one side are estimated; the counts reported on the other side stay", () => {
  const noInput = settle(chat({ prompt_tokens: 0, completion_tokens: 16 }));
  assert.deepEqual(
    [noInput.usage, noInput.flags],
    [{ input: 40, output: 16 }, ["usage_implausible"]],
  );
  const noOutput = settle(chat({ prompt_tokens: 9, completion_tokens: 0 }, "x".repeat(30)));
  assert.deepEqual(
    [noOutput.usage, noOutput.flags],
    [{ input: 9, output: 10 }, ["usage_implausible"]],
  );
  const embedded = settle(
    { model: "m", data: [{ embedding: [1] }], usage: { prompt_tokens: 0, total_tokens: 0 } },
    { path: "/embeddings", ceiling: 0 },
  );
  assert.deepEqual(
    [embedded.usage, embedded.flags],
    [{ input: 40, output: 0 }, ["usage_implausible"]],
  );
});

test("an answer without text may cost nothing", () => {
  const outcome = settle(chat({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, ""));
  assert.deepEqual([usd(outcome), outcome.status, outcome.flags], ["0", "settled", []]);
});

test("the answer's ceiling does not bound another model's output, such as an image", () => {
  const tool_usage = { image_gen: { input_tokens: 30, output_tokens: 6240, total_tokens: 6270 } };
  const usage = { input_tokens: 20, output_tokens: 4, total_tokens: 24 };
  const response = {
    ...created.response,
    output: [],
    usage,
    tool_usage,
    tools: [{ type: "image_generation", model: "image" }],
  };
  const { charges, flags } = settle([created, { type: "response.completed", response }], responses);
  assert.deepEqual([charges.at(-1)?.quantity, flags], [6240, []]);
});
