/** Tests how answers in OpenAI's format are metered as they pass. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { plainCut } from "../answer/feed.test-kit.ts";
import { formatUsd } from "../../domain/money/money.ts";
import type { Reading, UsageMeter } from "../wire.ts";
import {
  chatMeter,
  chunk,
  closing,
  created,
  data,
  delta,
  events,
  meterOf,
  responsesUsage,
  run,
  usage,
  usageChunk,
} from "./stream.test-kit.ts";

/** Runs the same bytes cut at every place, and demands the same outcome each time. */
function runCut(
  make: () => UsageMeter,
  text: string,
): { readonly passed: string; readonly reading: Reading } {
  const whole = run(make(), text);
  const bytes = Buffer.from(text);
  for (let place = 0; place <= bytes.length; place++) {
    const meter = make();
    const passed = [meter.push(bytes.subarray(0, place)), meter.push(bytes.subarray(place))];
    const { rest, reading } = meter.end();
    assert.equal(Buffer.concat([...passed, rest]).toString(), whole.passed, `cut at ${place}`);
    assert.deepEqual(reading, whole.reading, `cut at ${place}`);
  }
  return whole;
}

const text = [
  chunk({ role: "assistant", content: "" }),
  chunk({ content: "Hé" }),
  chunk({ content: 'llo "usage": {漢🎈' }),
];

test("the last chunk's usage is read, and every byte passes if the caller requested usage", () => {
  const stream = data(...text, usageChunk, "[DONE]");
  const { passed, reading } = runCut(() => chatMeter(), stream);
  assert.equal(passed, stream);
  assert.deepEqual(reading, {
    model: "served",
    parts: [{ model: "served", usage: { input: 10, output: 3 } }],
    reportedCost: null,
    serviceTier: "standard",
    rawUsage: JSON.stringify(usage),
    flags: [],
    passedBytes: 26,
  });
});

test("text outside a delta counts once, and an error's message does not", () => {
  const other = (choice: object): object => ({
    id: "c",
    model: "served",
    choices: [{ index: 0, ...choice }],
  });
  const bytesOf = (event: object): number =>
    run(chatMeter(), data(event, "[DONE]")).reading.passedBytes;
  assert.equal(bytesOf(other({ message: { role: "assistant", content: "four" } })), 4);
  assert.equal(bytesOf(other({ message: { content: [{ type: "text", text: "four" }] } })), 4);
  assert.equal(bytesOf(other({ text: "four" })), 4);
  assert.equal(bytesOf(other({ delta: { content: "four" }, message: { content: "all four" } })), 4);
  assert.equal(bytesOf(other({ delta: {}, message: { content: "all four" } })), 0);
  assert.equal(bytesOf({ error: { message: "four" } }), 0);
});

test("a chunk that only has the usage requested by Purser is not passed on", () => {
  for (const end of ["\n", "\r\n"]) {
    const others = data(...text).replaceAll("\n", end);
    const done = data("[DONE]").replaceAll("\n", end);
    const { passed, reading } = runCut(
      () => chatMeter(false),
      others + data(usageChunk).replaceAll("\n", end) + done,
    );
    assert.equal(passed, others + done);
    assert.deepEqual(reading.parts[0]?.usage, { input: 10, output: 3 });
  }
});

test("a chunk with both choices and usage is read and passed on, even if only Purser requested usage", () => {
  const stream = data(...text, chunk({ content: "" }, { usage }), "[DONE]");
  const { passed, reading } = runCut(() => chatMeter(false), stream);
  assert.equal(passed, stream);
  assert.deepEqual(reading.parts[0]?.usage, { input: 10, output: 3 });
});

test("Azure's first chunk, without choices, model or id, is passed on", () => {
  const first = {
    choices: [],
    created: 0,
    id: "",
    model: "",
    object: "",
    prompt_filter_results: [{ prompt_index: 0 }],
  };
  const stream = data(first, ...text.map((event) => ({ ...event, usage: null })), "[DONE]");
  const { passed, reading } = run(chatMeter(false), stream);
  assert.equal(passed, stream);
  assert.equal(reading.model, "served");
  assert.deepEqual(reading.flags, ["usage_missing"]);
});

test("comments and all kinds of white space are passed on and skipped", () => {
  const stream = `: OPENROUTER PROCESSING\n\ndata:${JSON.stringify(text[1])}\n\ndata:  { "model" : "spaced" , "choices" : [ ] , "usage" : ${JSON.stringify(usage, null, 1).replaceAll("\n", " ")} } \n\ndata: [DONE]\n\n`;
  const { passed, reading } = run(chatMeter(true), stream);
  assert.equal(passed, stream);
  assert.equal(reading.model, "spaced");
  assert.deepEqual(reading.parts[0]?.usage, { input: 10, output: 3 });
});

test("usage is found where other servers put it", () => {
  const onChoice = chunk({}, { choices: [{ index: 0, delta: {}, finish_reason: "stop", usage }] });
  assert.deepEqual(run(chatMeter(), data(...text, onChoice, "[DONE]")).reading.parts[0]?.usage, {
    input: 10,
    output: 3,
  });
  const groq = chunk({}, { x_groq: { id: "r", usage } });
  assert.deepEqual(run(chatMeter(), data(...text, groq, "[DONE]")).reading.parts[0]?.usage, {
    input: 10,
    output: 3,
  });
});

test("no reported count falls to zero", () => {
  const counts = {
    prompt_tokens: 1000,
    completion_tokens: 100,
    total_tokens: 1100,
    prompt_tokens_details: { cached_tokens: 800 },
    cost: 0.02,
  };
  const expected = { input: 200, cache_read: 800, output: 100 };
  const zeros = [
    { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    { ...counts, prompt_tokens_details: { cached_tokens: 0 } },
    { prompt_tokens: 0, completion_tokens: 100, total_tokens: 100, cost: 0 },
    { cost: 0.02 },
  ];
  for (const zero of zeros) {
    const { reading } = run(
      chatMeter(),
      data(
        ...text,
        ...[counts, zero].map((one) => chunk({}, { choices: [], usage: one })),
        "[DONE]",
      ),
    );
    const { parts, flags, reportedCost, partial } = reading;
    assert.deepEqual(
      [parts[0]?.usage, flags, reportedCost, partial],
      [expected, [], 20_000_000_000n, undefined],
      JSON.stringify(zero),
    );
  }
  const begun = {
    ...created,
    response: {
      ...created.response,
      usage: { input_tokens: 20, output_tokens: 1, total_tokens: 21 },
    },
  };
  const ended = closing("completed", {
    usage: { input_tokens: 0, output_tokens: 4, total_tokens: 4 },
  });
  assert.deepEqual(
    run(meterOf("/responses"), events(begun, delta, ended)).reading.parts[0]?.usage,
    { input: 20, output: 4 },
  );
});

test("a running total in each chunk is not flagged; two different totals at the end are", () => {
  const running = [1, 2, 3].map((count) =>
    chunk(
      { content: "word" },
      { usage: { ...usage, completion_tokens: count, total_tokens: 10 + count } },
    ),
  );
  const grown = run(chatMeter(), data(...running, usageChunk, "[DONE]"));
  assert.deepEqual(grown.reading.flags, []);
  assert.deepEqual(grown.reading.parts[0]?.usage, { input: 10, output: 3 });
  const other = chunk(
    {},
    { choices: [], usage: { prompt_tokens: 10, completion_tokens: 9, total_tokens: 19 } },
  );
  const repeated = run(chatMeter(), data(...text, usageChunk, other, "[DONE]"));
  assert.deepEqual(repeated.reading.flags, ["usage_repeated"]);
  assert.deepEqual(repeated.reading.parts[0]?.usage, { input: 10, output: 9 });
  assert.deepEqual(
    run(chatMeter(), data(...text, usageChunk, usageChunk, "[DONE]")).reading.flags,
    [],
  );
});

test("a stream that ends early is unfinished, and the bytes held back are returned", () => {
  const stream = data(...text) + 'data: {"id":"c1","choi';
  const { passed, reading } = run(chatMeter(), stream);
  assert.equal(passed, stream);
  assert.deepEqual([...reading.flags].sort(), ["unfinished", "usage_missing"]);
  assert.deepEqual(reading.parts, []);
});

test("the closing event counts without its empty line", () => {
  assert.deepEqual(run(chatMeter(), `${data(...text, usageChunk)}data: [DONE]`).reading.flags, []);
});

test("broken chunks are passed on and flagged, and later ones are read", () => {
  const stream = `${data(text[0] ?? "")}data: {"choices":[}\n\ndata: oops\n\n${data(usageChunk, "[DONE]")}`;
  const { passed, reading } = run(chatMeter(), stream);
  assert.equal(passed, stream);
  assert.deepEqual(reading.flags, ["malformed"]);
  assert.deepEqual(reading.parts[0]?.usage, { input: 10, output: 3 });
});

test("invalid counts are flagged in a stream too", () => {
  const { reading } = run(
    chatMeter(),
    data(
      ...text,
      chunk({}, { choices: [], usage: { prompt_tokens: -4, completion_tokens: 3 } }),
      "[DONE]",
    ),
  );
  assert.deepEqual(reading.flags, ["usage_invalid"]);
  assert.deepEqual(reading.parts[0]?.usage, { output: 3 });
});

test("the tier served takes precedence over the one requested", () => {
  const asked = { service_tier: "flex" };
  assert.equal(
    run(chatMeter(true, asked), data(...text, usageChunk, "[DONE]")).reading.serviceTier,
    "flex",
  );
  const served = data(...text, { ...usageChunk, service_tier: "default" }, "[DONE]");
  assert.equal(run(chatMeter(true, asked), served).reading.serviceTier, "standard");
});

test("reported costs of a stream are exact", () => {
  const stream = `data: {"id":"g","model":"m","choices":[{"delta":{}}],"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":1.2e-05}}\n\n${data("[DONE]")}`;
  assert.equal(
    formatUsd(run(chatMeter(), stream).reading.reportedCost ?? assert.fail()),
    "0.000012",
  );
});

test("progress grows with text, reasoning and tool arguments only", () => {
  const meter = chatMeter();
  const grow = (delta: object, fields: object = {}): number => {
    const before = meter.progress.outputTokens;
    meter.push(Buffer.from(data(chunk(delta, fields))));
    return meter.progress.outputTokens - before;
  };
  assert.equal(grow({ role: "assistant", content: "" }), 0);
  assert.equal(grow({ role: "assistant", content: "four" }, { obfuscation: "x".repeat(200) }), 4);
  assert.equal(grow({ reasoning_content: "x".repeat(299) }), 299);
  assert.equal(
    grow({
      tool_calls: [
        {
          index: 0,
          id: "call_1",
          type: "function",
          function: { name: "find", arguments: '{"a":"bc"}' },
        },
      ],
    }),
    18,
  );
  assert.equal(
    grow({
      reasoning: "x".repeat(30),
      reasoning_details: [{ type: "reasoning.text", text: "x".repeat(30) }],
      content: "",
    }),
    30,
  );
  assert.equal(
    grow(
      { content: "yes", role: "assistant" },
      { choices: [{ delta: { content: "abc" } }, { delta: { content: "def" } }] },
    ),
    6,
  );
  assert.equal(grow({}), 0);
});

test("once usage is reported, progress follows it", () => {
  const meter = chatMeter();
  meter.push(Buffer.from(data(...text, usageChunk)));
  assert.deepEqual(meter.progress, { inputTokens: 10, outputTokens: 3 });
  assert.equal(meter.finished, false);
  meter.push(Buffer.from(data("[DONE]")));
  assert.equal(meter.finished, true);
});

test("legacy completions are metered by their text", () => {
  const meter = meterOf("/completions", { prompt: "p", stream_options: { include_usage: true } });
  meter.push(Buffer.from(data({ id: "t", model: "m", choices: [{ text: "nine byte" }] })));
  assert.equal(meter.progress.outputTokens, 9);
  assert.match(
    Buffer.from(meter.stop(plainCut)).toString(),
    /"object":"text_completion".*"text":"".*"finish_reason":"length"/,
  );
});

test("a Responses stream is read from its closing event, completed, incomplete or failed", () => {
  for (const type of ["completed", "incomplete"]) {
    const stream = events(
      created,
      delta,
      closing(type, { usage: responsesUsage, service_tier: "priority" }),
    );
    const { passed, reading } = runCut(() => meterOf("/responses"), stream);
    assert.equal(passed, stream);
    assert.deepEqual(reading.parts, [
      { model: "served", usage: { input: 15, cache_read: 5, output: 4 } },
    ]);
    assert.equal(reading.serviceTier, "priority");
    assert.deepEqual(reading.flags, []);
  }
  const failed = run(
    meterOf("/responses"),
    events(created, delta, closing("failed", { usage: null, error: { code: "server_error" } })),
  );
  assert.deepEqual(failed.reading.flags, ["usage_missing", "provider_error"]);
  assert.deepEqual(run(meterOf("/responses"), events(created, delta)).reading.flags, [
    "unfinished",
    "usage_missing",
  ]);
});

test("OpenAI's count of searches takes precedence over the items, and the image tool's tokens are a part of another model", () => {
  const fields = {
    output: [{ type: "web_search_call", status: "completed" }],
    tools: [{ type: "image_generation", model: "gpt-image-2" }],
    usage: responsesUsage,
    tool_usage: {
      web_search: { num_requests: 3 },
      image_gen: {
        input_tokens: 30,
        input_tokens_details: { image_tokens: 10, text_tokens: 20 },
        output_tokens: 40,
        total_tokens: 70,
      },
    },
  };
  const { reading } = run(meterOf("/responses"), events(created, closing("completed", fields)));
  assert.deepEqual(reading.parts, [
    { model: "served", usage: { input: 15, cache_read: 5, output: 4, web_search: 3 } },
    { model: "gpt-image-2", usage: { input: 20, input_image: 10, output: 40 } },
  ]);
});

test("text of a Responses stream counts as progress, and its repetition does not", () => {
  const meter = meterOf("/responses");
  meter.push(Buffer.from(events(created, delta)));
  const before = meter.progress.outputTokens;
  assert.equal(before, 9);
  meter.push(
    Buffer.from(
      events(
        { type: "response.output_text.done", text: "x".repeat(500) },
        { type: "response.output_item.done", item: { type: "message", content: [] } },
      ),
    ),
  );
  assert.equal(meter.progress.outputTokens, before);
  meter.push(
    Buffer.from(events({ type: "response.function_call_arguments.delta", delta: "x".repeat(30) })),
  );
  assert.equal(meter.progress.outputTokens, before + 30);
});

test("a whole answer passes and is read at its end, wherever it is split", () => {
  const body = JSON.stringify({
    id: "c",
    model: "served",
    service_tier: "flex",
    choices: [{ message: { content: "é漢" } }],
    usage,
  });
  const { passed, reading } = runCut(() => meterOf("/chat/completions", {}, false), body);
  assert.equal(passed, body);
  assert.deepEqual(reading.parts, [{ model: "served", usage: { input: 10, output: 3 } }]);
  assert.equal(reading.serviceTier, "flex");
  assert.deepEqual(reading.flags, []);
});

test("the usage of a large embeddings answer is read", () => {
  const body = JSON.stringify({
    object: "list",
    data: Array.from({ length: 400 }, () => ({ embedding: "QUJD".repeat(500) })),
    model: "e",
    usage: { prompt_tokens: 8, total_tokens: 8 },
  });
  assert.deepEqual(run(meterOf("/embeddings", {}, false), body).reading.parts, [
    { model: "e", usage: { input: 8, output: 0 } },
  ]);
});

test("a truncated or invalid answer is malformed, and a complete usage in it is still read", () => {
  assert.deepEqual(run(meterOf("/chat/completions", {}, false), "<html>").reading.flags, [
    "malformed",
    "usage_missing",
  ]);
  const cut = run(
    meterOf("/chat/completions", {}, false),
    `{"model":"served","usage":${JSON.stringify(usage)},"choices":[{"mess`,
  );
  assert.deepEqual(cut.reading.parts, [{ model: "served", usage: { input: 10, output: 3 } }]);
  assert.deepEqual(cut.reading.flags, ["malformed"]);
});

test("a truncated last event is unfinished, not malformed, and its text counts", () => {
  const delta = (type: string): string => `data: {"type":"response.${type}","delta":"some text`;
  const cut = run(meterOf("/responses"), events(created) + delta("output_text.delta")).reading;
  assert.deepEqual([cut.flags, cut.passedBytes > 0], [["unfinished", "usage_missing"], true]);
  const end = events(created) + data(closing("completed", { usage: {} })).slice(0, -9);
  assert.deepEqual(run(meterOf("/responses"), end).reading.flags, ["unfinished", "usage_missing"]);
  const chat = data(chunk({ content: "one" })) + data(chunk({ content: "two" })).slice(0, -20);
  const { flags, passedBytes } = run(chatMeter(), chat).reading;
  assert.deepEqual([flags, passedBytes], [["unfinished", "usage_missing"], 6]);
});
