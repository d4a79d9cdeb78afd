/** Tests how Anthropic streams and whole messages are metered. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { cutsOf, feed, plainFacts, total, type Fed, plainCut } from "../answer/feed.test-kit.ts";
import type { UsageMeter } from "../wire.ts";
import { anthropicWire } from "./index.ts";

const endpoint = { name: "messages", metering: "metered" } as const;

function meter(stream = true): UsageMeter {
  return anthropicWire.meter(endpoint, { stream, facts: plainFacts });
}

function event(body: { readonly type: string } & Record<string, unknown>): string {
  return `event: ${body.type}\ndata: ${JSON.stringify(body)}\n\n`;
}

const start = (usage: object, id = "msg_1"): string =>
  event({
    type: "message_start",
    message: {
      id,
      type: "message",
      role: "assistant",
      model: "claude-sonnet-4-5",
      content: [],
      usage,
    },
  });
const open = (index: number): string =>
  event({ type: "content_block_start", index, content_block: { type: "text", text: "" } });
const text = (index: number, written: string): string =>
  event({ type: "content_block_delta", index, delta: { type: "text_delta", text: written } });
const close = (index: number): string => event({ type: "content_block_stop", index });
const delta = (usage: object, reason: string | null = "end_turn"): string =>
  event({ type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, usage });
const stop = event({ type: "message_stop" });

const read = (...events: readonly string[]): Fed => feed(meter(), events.join(""));

test("a stream is read the same wherever it is split, and passes byte for byte", () => {
  const written = `${start({ input_tokens: 9, output_tokens: 1 })}: comment\n\n${open(0)}${event({ type: "ping" })}${text(0, "grüße")}${close(0)}`;
  const answer = Buffer.from(written + delta({ output_tokens: 7 }) + stop);
  for (const cuts of cutsOf(answer.length)) {
    const { passed, reading } = feed(meter(), answer, cuts);
    assert.ok(passed.equals(answer));
    assert.deepEqual(reading, {
      model: "claude-sonnet-4-5",
      parts: [{ model: "claude-sonnet-4-5", usage: { input: 9, output: 7 } }],
      reportedCost: null,
      serviceTier: "standard",
      rawUsage: '{"input_tokens":9,"output_tokens":7}',
      flags: [],
      passedBytes: 7,
    });
  }
});

test("totals of message_delta overwrite those of the start; null or absent ones do not", () => {
  const first = {
    input_tokens: 2,
    cache_creation_input_tokens: 3068,
    cache_read_input_tokens: 10,
    output_tokens: 69,
    service_tier: "priority",
  };
  const { reading } = read(
    start({
      ...first,
      cache_creation: { ephemeral_5m_input_tokens: 68, ephemeral_1h_input_tokens: 3000 },
    }),
    delta({ input_tokens: 4, cache_read_input_tokens: null, output_tokens: 100 }, null),
    delta({
      input_tokens: 6,
      cache_creation_input_tokens: 3337,
      output_tokens: 198,
      server_tool_use: { web_search_requests: 1 },
    }),
    stop,
  );
  assert.deepEqual(total(reading), {
    input: 6,
    cache_read: 10,
    cache_write_5m: 337,
    cache_write_1h: 3000,
    output: 198,
    web_search: 1,
  });
  assert.equal(reading.serviceTier, "priority");
  assert.deepEqual(reading.flags, []);
});

test("totals only grow: zeros after them are ignored, in cached counts and repeated starts too", () => {
  const first = start({
    input_tokens: 1500,
    cache_read_input_tokens: 40,
    cache_creation_input_tokens: 7,
    output_tokens: 0,
  });
  const zeros = {
    input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
    output_tokens: 16,
  };
  const expected = { input: 1500, cache_read: 40, cache_write_5m: 7, output: 16 };
  assert.deepEqual(total(read(first, delta(zeros), stop).reading), expected);
  assert.deepEqual(
    total(read(first, start({ input_tokens: 0, output_tokens: 0 }), delta(zeros), stop).reading),
    expected,
  );
  assert.deepEqual(
    total(
      read(first, delta({ output_tokens: 16 }, null), delta({ output_tokens: 0 }), stop).reading,
    ),
    expected,
  );
  assert.deepEqual(read(first, delta(zeros), stop).reading.flags, []);
});

test("a zero hides neither the cache lifetime nor a search nor a pass", () => {
  const split = { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 };
  const advisor = {
    type: "advisor_message",
    model: "claude-opus-5",
    input_tokens: 9,
    output_tokens: 2,
  };
  const { reading } = read(
    start({
      input_tokens: 1,
      cache_creation_input_tokens: 7,
      cache_creation: split,
      output_tokens: 1,
    }),
    delta(
      { output_tokens: 5, iterations: [advisor], server_tool_use: { web_search_requests: 2 } },
      null,
    ),
    delta({
      output_tokens: 6,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      iterations: [],
      server_tool_use: { web_search_requests: 0 },
    }),
    stop,
  );
  assert.deepEqual(reading.parts, [
    {
      model: "claude-sonnet-4-5",
      usage: { input: 1, cache_write_5m: 3, cache_write_1h: 4, output: 6, web_search: 2 },
    },
    { model: "claude-opus-5", usage: { input: 9, output: 2 }, isApart: true },
  ]);
});

test("usage of an advisor or a compaction is not progress of the answer: its hold does not cover it", () => {
  for (const other of [
    { type: "advisor_message", model: "claude-opus-5" },
    { type: "advisor_message" },
    { type: "compaction" },
  ]) {
    const iterations = [
      { type: "message", input_tokens: 400, output_tokens: 40 },
      { ...other, input_tokens: 9000, output_tokens: 2000 },
    ];
    const usage = { input_tokens: 400, output_tokens: 40, iterations };
    const [streamed, whole] = [meter(), meter(false)];
    feed(streamed, start({ input_tokens: 400, output_tokens: 1 }) + delta(usage) + stop);
    feed(whole, JSON.stringify({ model: "claude-sonnet-4-5", content: [], usage }));
    for (const { progress } of [streamed, whole])
      assert.deepEqual({ ...progress }, { inputTokens: 400, outputTokens: 40 }, other.type);
  }
});

test("an unreported input is unknown, and the reported output stays", () => {
  const under = meter();
  const answer =
    start({ input_tokens: 0, output_tokens: 0 }) +
    text(0, "x".repeat(300)) +
    delta({ output_tokens: 16 }) +
    stop;
  const { reading } = feed(under, answer);
  assert.deepEqual([reading.partial, total(reading)], [true, { input: 0, output: 16 }]);
  assert.deepEqual({ ...under.progress }, { inputTokens: null, outputTokens: 16 });
});

test("a refusal before any output is not billed", () => {
  const usage = { input_tokens: 5000, output_tokens: 0 };
  for (const refused of [
    [start(usage), delta(usage, "refusal"), stop],
    [start({ input_tokens: 5000, output_tokens: 1 }), delta({ output_tokens: 1 }, "refusal"), stop],
    [start(usage), delta(usage, "refusal")],
  ]) {
    const { reading } = read(...refused);
    assert.deepEqual(reading.parts, []);
    assert.ok(reading.flags.includes("unbilled") && !reading.flags.includes("usage_missing"));
  }
});

test("a refusal with a reported cost is billed", () => {
  const usage = { input_tokens: 5000, output_tokens: 0, cost: 0.025 };
  const streamed = read(start(usage), delta(usage, "refusal"), stop).reading;
  const whole = feed(
    meter(false),
    JSON.stringify({ model: "m", content: [], stop_reason: "refusal", usage }),
  ).reading;
  for (const { reportedCost, flags, parts } of [streamed, whole]) {
    assert.deepEqual(
      [reportedCost, flags, parts[0]?.usage],
      [25_000_000_000n, [], { input: 5000, output: 0 }],
    );
  }
  const free = read(start(usage), delta({ ...usage, cost: 0 }, "refusal"), stop).reading;
  assert.deepEqual([free.reportedCost, free.flags], [25_000_000_000n, []], "a reported cost stays");
});

test("a refusal after some output is billed, even if the output was hidden", () => {
  const begun = read(
    start({ input_tokens: 50, output_tokens: 1 }),
    text(0, "Well"),
    delta({ output_tokens: 1 }, "refusal"),
    stop,
  );
  assert.deepEqual([total(begun.reading), begun.reading.flags], [{ input: 50, output: 1 }, []]);
  const hidden = read(
    start({ input_tokens: 50, output_tokens: 1 }),
    delta({ output_tokens: 400 }, "refusal"),
    stop,
  );
  assert.deepEqual([total(hidden.reading), hidden.reading.flags], [{ input: 50, output: 400 }, []]);
});

test("in a chain that ends in a refusal, the output before it is billed", () => {
  const iterations = [
    { type: "message", model: "claude-fable-5", input_tokens: 10, output_tokens: 299 },
    { type: "fallback_message", model: "claude-opus-4-8", input_tokens: 10, output_tokens: 0 },
  ];
  const { reading } = read(
    start({ input_tokens: 10, output_tokens: 0 }),
    delta({ output_tokens: 0, iterations }, "refusal"),
    stop,
  );
  assert.deepEqual(
    [reading.parts, reading.flags],
    [[{ model: "claude-fable-5", usage: { input: 10, output: 299 } }], []],
  );
});

test("the tier served takes precedence over the one requested, and an unknown word is flagged", () => {
  const asked = { ...plainFacts, serviceTier: "fast", region: "us" } as const;
  const served = (usage: object): readonly unknown[] => {
    const { reading } = feed(
      anthropicWire.meter(endpoint, { stream: true, facts: asked }),
      start({ input_tokens: 1, ...usage }) + stop,
    );
    return [reading.serviceTier, reading.region];
  };
  assert.deepEqual(served({}), ["fast", "us"]);
  assert.deepEqual(
    served({ speed: "standard", service_tier: "standard", inference_geo: "global" }),
    ["standard", "global"],
  );
  assert.deepEqual(served({ service_tier: "turbo", inference_geo: "not_available" }), [
    "other",
    "global",
  ]);
});

test("a repeated start changes nothing that came after the first", () => {
  const again = start({ input_tokens: 1, output_tokens: 1 });
  const { reading } = read(again, again, delta({ input_tokens: 8, output_tokens: 9 }), again, stop);
  assert.deepEqual(total(reading), { input: 8, output: 9 });
  assert.deepEqual(reading.flags, []);
});

test("a second message in one stream is flagged", () => {
  const { reading } = read(
    start({ input_tokens: 1 }),
    start({ input_tokens: 2 }, "msg_2"),
    delta({ output_tokens: 1 }),
    stop,
  );
  assert.deepEqual(reading.flags, ["usage_repeated"]);
  assert.equal(total(reading).input, 2);
});

test("two different ends are flagged, and the last counts; two equal ones are not flagged", () => {
  const head = start({ input_tokens: 1, output_tokens: 1 });
  const twice = read(head, delta({ output_tokens: 5 }), delta({ output_tokens: 6 }), stop).reading;
  assert.deepEqual([twice.flags, total(twice).output], [["usage_repeated"], 6]);
  const same = read(head, delta({ output_tokens: 5 }), delta({ output_tokens: 5 }), stop).reading;
  assert.deepEqual(same.flags, []);
});

test("a stream that breaks off is unfinished and partial: its output count is a placeholder", () => {
  const under = meter();
  const { reading } = feed(
    under,
    start({ input_tokens: 5, output_tokens: 1 }) + open(0) + text(0, "x".repeat(90)),
  );
  assert.deepEqual([reading.flags, reading.partial], [["unfinished"], true]);
  assert.deepEqual(total(reading), { input: 5, output: 1 });
  assert.equal(under.progress.outputTokens, 90);
});

test("a missing message_stop is unfinished, but the last total is charged", () => {
  const { reading } = read(
    start({ input_tokens: 5, output_tokens: 1 }),
    text(0, "x".repeat(900)),
    delta({ output_tokens: 7 }),
  );
  assert.deepEqual([reading.flags, reading.partial], [["unfinished"], undefined]);
  assert.deepEqual(total(reading), { input: 5, output: 7 });
});

test("a last event without its empty line counts, a truncated one does not", () => {
  const head = start({ input_tokens: 5, output_tokens: 1 });
  const whole = read(head, delta({ output_tokens: 7 }), stop.trimEnd()).reading;
  assert.deepEqual([whole.flags, total(whole).output], [[], 7]);
  const torn = read(head, delta({ output_tokens: 7 }).slice(0, -20)).reading;
  assert.deepEqual([torn.flags, total(torn).output], [["unfinished"], 1]);
});

test("an error without an event around it, or without a type, is recognised", () => {
  const stray = JSON.stringify(
    { type: "error", error: { type: "overloaded_error", message: "no" } },
    null,
    2,
  );
  const untyped = `data: ${JSON.stringify({ error: { message: "no" } })}\n\n`;
  for (const answer of [stray, untyped]) {
    const { reading } = read(answer);
    assert.deepEqual(
      [reading.flags, reading.parts, reading.passedBytes],
      [["provider_error", "usage_missing"], [], 0],
      answer,
    );
  }
});

test("the requested tier counts until the answer reports its own", () => {
  const tier = (usage: object): string => {
    const asked = anthropicWire.meter(endpoint, {
      stream: true,
      facts: { ...plainFacts, serviceTier: "fast" },
    });
    return feed(asked, start(usage)).reading.serviceTier;
  };
  assert.equal(tier({ input_tokens: 1 }), "fast");
  assert.equal(tier({ input_tokens: 1, service_tier: "standard" }), "standard");
});

test("an impossible last count makes the usage partial", () => {
  const { reading } = read(
    start({ input_tokens: 5, output_tokens: 1 }),
    delta({ output_tokens: -7 }),
    stop,
  );
  assert.deepEqual(
    [reading.flags, reading.partial, total(reading)],
    [["usage_invalid"], true, { input: 5 }],
  );
});

test("an error in mid-stream or instead of a stream is flagged", () => {
  const failure = event({
    type: "error",
    error: { type: "overloaded_error", message: "Overloaded" },
  });
  const { reading } = read(start({ input_tokens: 5, output_tokens: 1 }), text(0, "abc"), failure);
  assert.deepEqual(
    [reading.flags, reading.passedBytes, reading.partial],
    [["provider_error"], 3, true],
  );
  const only = read(failure).reading;
  assert.deepEqual(
    [only.flags, only.passedBytes, only.parts],
    [["provider_error", "usage_missing"], 0, []],
  );
});

test("a body without an output count reports the size of its text", () => {
  const bytesOf = (content: readonly object[]): number =>
    feed(
      meter(false),
      JSON.stringify({
        type: "message",
        model: "m",
        content,
        usage: { input_tokens: 0, output_tokens: 0 },
      }),
    ).reading.passedBytes;
  assert.equal(bytesOf([]), 0);
  assert.equal(bytesOf([{ type: "text", text: "" }]), 0);
  assert.equal(
    bytesOf([
      { type: "text", text: "word" },
      { type: "thinking", thinking: "hm", signature: "x".repeat(99) },
    ]),
    6,
  );
  assert.ok(bytesOf([{ type: "tool_use", id: "t", name: "find", input: { a: 1 } }]) > 0);
});

test("a stream without usage is flagged", () => {
  assert.deepEqual(read(stop).reading.flags, ["usage_missing"]);
  assert.deepEqual(read("").reading.flags, ["unfinished", "usage_missing"]);
  assert.deepEqual(read(stop).reading.parts, []);
});

test("an event that is not JSON is flagged and passed on", () => {
  const { passed, reading } = read(
    start({ input_tokens: 5 }),
    "data: {oops\n\n",
    delta({ output_tokens: 2 }),
    stop,
  );
  assert.deepEqual(reading.flags, ["malformed"]);
  assert.match(passed.toString(), /data: \{oops\n\n/);
});

test("events whose type is not the first field are recognised too", () => {
  const late = `data: ${JSON.stringify({ usage: { output_tokens: 3 }, delta: { stop_reason: "end_turn" }, type: "message_delta" })}\n\n`;
  const { reading } = read(
    start({ input_tokens: 5, output_tokens: 1 }),
    late,
    'data: { "type" : "message_stop" }\n\n',
  );
  assert.deepEqual([reading.flags, total(reading)], [[], { input: 5, output: 3 }]);
});

test("progress counts each byte of text, thinking and tool input as a token, until it is reported", () => {
  const under = meter();
  const push = (written: string): unknown => under.push(Buffer.from(written));
  assert.deepEqual({ ...under.progress }, { inputTokens: null, outputTokens: 0 });
  push(
    start({
      input_tokens: 5,
      cache_read_input_tokens: 7,
      cache_creation_input_tokens: 8,
      output_tokens: 1,
    }),
  );
  assert.deepEqual({ ...under.progress }, { inputTokens: 20, outputTokens: 0 });
  for (let index = 0; index < 5; index += 1) push(text(0, "."));
  assert.equal(under.progress.outputTokens, 5);
  push(
    event({
      type: "content_block_delta",
      index: 0,
      delta: { type: "thinking_delta", thinking: "t".repeat(95) },
    }),
  );
  assert.equal(under.progress.outputTokens, 100);
  push(
    event({
      type: "content_block_delta",
      index: 1,
      delta: { type: "input_json_delta", partial_json: '{"a":"b"}' },
    }),
  );
  assert.equal(under.progress.outputTokens, 113, "escapes count as written");
  push(delta({ output_tokens: 400 }));
  assert.equal(under.progress.outputTokens, 400);
});

test("a stream is finished once its closing event has passed, and not before", () => {
  const under = meter();
  under.push(Buffer.from(start({ input_tokens: 1 }) + delta({ output_tokens: 1 })));
  assert.equal(under.finished, false);
  under.push(Buffer.from(stop));
  under.passed();
  assert.equal(under.finished, true);
  assert.equal(under.stop(plainCut).length, 0);
});

test("a long list of passes is omitted from the raw usage", () => {
  const pass = {
    type: "message",
    input_tokens: 1,
    output_tokens: 1,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
  };
  const iterations = Array.from({ length: 60 }, () => pass);
  const { reading } = read(
    start({ input_tokens: 1 }),
    delta({ input_tokens: 60, output_tokens: 60, iterations }),
    stop,
  );
  assert.equal(reading.rawUsage, '{"input_tokens":60,"output_tokens":60}');
  assert.equal(reading.parts.length, 60);
});

test("a whole body is read for its model and usage, and its usage is kept as written", () => {
  const body =
    '{"model":"m","content":[{"type":"text","text":"\\"usage\\""}],"usage": {"input_tokens": 3, "output_tokens": 4}}';
  const { passed, reading } = feed(meter(false), body, [10, 50]);
  assert.equal(passed.toString(), body);
  assert.equal(reading.rawUsage, '{"input_tokens": 3, "output_tokens": 4}');
  assert.deepEqual(
    [reading.model, total(reading), reading.flags, reading.partial],
    ["m", { input: 3, output: 4 }, [], undefined],
  );
});

test("all of a body counts as output until its usage is read", () => {
  const under = meter(false);
  const body =
    '{"model":"m","usage":{"input_tokens":3,"cache_read_input_tokens":2,"output_tokens":4}}';
  under.push(Buffer.from(body));
  assert.deepEqual(
    { ...under.progress },
    { inputTokens: null, outputTokens: Math.ceil(body.length / 3) },
  );
  assert.equal(under.end().reading.partial, undefined);
  assert.deepEqual({ ...under.progress }, { inputTokens: 5, outputTokens: 4 });
});

test("a body that breaks off is malformed and unfinished, and one without usage is flagged", () => {
  assert.deepEqual(feed(meter(false), '{"model":"m","usage":{"inp').reading.flags, [
    "usage_missing",
    "unfinished",
    "malformed",
  ]);
  assert.deepEqual(feed(meter(false), '{"type":"error","error":{}}').reading.flags, [
    "usage_missing",
    "provider_error",
  ]);
  assert.deepEqual(feed(meter(false), "").reading.flags, ["usage_missing", "unfinished"]);
  assert.deepEqual(
    feed(meter(false), '{"usage":{"input_tokens":-1,"output_tokens":2}}').reading.flags,
    ["usage_invalid"],
  );
});

test("a whole body that refuses before any output is not billed, and one without an input count is estimated", () => {
  const body = (more: object): string =>
    JSON.stringify({ model: "claude-fable-5", content: [], ...more });
  const refused = feed(
    meter(false),
    body({ stop_reason: "refusal", usage: { input_tokens: 5000, output_tokens: 0 } }),
  ).reading;
  assert.deepEqual([refused.parts, refused.flags], [[], ["unbilled"]]);
  assert.deepEqual(feed(meter(false), body({ stop_reason: "refusal" })).reading.flags, [
    "unbilled",
  ]);
  const late = feed(
    meter(false),
    body({ stop_reason: "refusal", usage: { input_tokens: 50, output_tokens: 9 } }),
  ).reading;
  assert.deepEqual([total(late), late.flags], [{ input: 50, output: 9 }, []]);
  const unknown = feed(
    meter(false),
    body({ stop_reason: "end_turn", usage: { input_tokens: 0, output_tokens: 9 } }),
  ).reading;
  assert.deepEqual([unknown.partial, total(unknown)], [true, { input: 0, output: 9 }]);
});
