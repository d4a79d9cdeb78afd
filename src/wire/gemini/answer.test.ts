/** Tests how the usage and the end of a Gemini answer are read. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { cutsOf, feed, plainFacts, total, type Fed } from "../answer/feed.test-kit.ts";
import type { UsageMeter } from "../wire.ts";
import { geminiWire } from "./index.ts";

const endpoint = { name: "generate_content", metering: "metered" } as const;
const meter = (stream = true): UsageMeter =>
  geminiWire.meter(endpoint, { stream, facts: plainFacts });

interface Chunk {
  readonly text?: string;
  readonly usage?: object;
  readonly finishReason?: string;
  readonly grounding?: object;
  readonly index?: number;
  readonly parts?: readonly object[];
}

function chunk({ text, usage, finishReason, grounding, index = 0, parts }: Chunk): object {
  const content = { role: "model", parts: parts ?? [{ text: text ?? "" }] };
  return {
    candidates: [
      {
        content,
        ...(finishReason && { finishReason }),
        index,
        ...(grounding && { groundingMetadata: grounding }),
      },
    ],
    ...(usage && { usageMetadata: usage }),
    modelVersion: "gemini-3-pro-preview",
    responseId: "r1",
  };
}

const sse = (chunks: readonly object[]): string =>
  chunks.map((item) => `data: ${JSON.stringify(item)}\r\n\r\n`).join("");
const array = (chunks: readonly object[]): string =>
  `[${chunks.map((item) => JSON.stringify(item, null, 2)).join("\n,\r\n")}\n]\n`;
const read = (...chunks: readonly object[]): Fed => feed(meter(), sse(chunks));

const usual = [
  chunk({
    text: 'one " quote } ] and a backslash \\',
    usage: { promptTokenCount: 9, candidatesTokenCount: 10, thoughtsTokenCount: 256 },
  }),
  chunk({
    text: "ünïcode",
    usage: { promptTokenCount: 9, candidatesTokenCount: 29, thoughtsTokenCount: 256 },
    finishReason: "STOP",
  }),
];

for (const [name, framed] of [
  ["server-sent events", sse(usual)],
  ["an array", array(usual)],
] as const) {
  test(`a stream of ${name} is read the same wherever it is split, and passes byte for byte`, () => {
    const answer = Buffer.from(framed);
    for (const cuts of cutsOf(answer.length)) {
      const { passed, reading } = feed(meter(), answer, cuts);
      assert.ok(passed.equals(answer));
      assert.deepEqual(reading.parts, [
        { model: "gemini-3-pro-preview", usage: { input: 9, output: 285, reasoning: 256 } },
      ]);
      assert.deepEqual([reading.model, reading.flags], ["gemini-3-pro-preview", []]);
    }
  });
}

test("an array passes on complete elements only", () => {
  const under = meter();
  const [first = {}, second = {}] = usual;
  const head = `[${JSON.stringify(first)}`;
  assert.equal(Buffer.from(under.push(Buffer.from(`${head},\n{"candidates":`))).toString(), head);
  const tail = JSON.stringify(second).slice('{"candidates":'.length);
  assert.equal(
    Buffer.from(under.push(Buffer.from(`${tail}]`))).toString(),
    `,\n${JSON.stringify(second)}]`,
  );
  assert.equal(under.finished, true);
});

test("a chunk with only a traffic type removes nothing", () => {
  const { reading } = read(
    chunk({ text: "a", usage: { promptTokenCount: 5, candidatesTokenCount: 2 } }),
    chunk({ finishReason: "STOP", usage: { trafficType: "ON_DEMAND_PRIORITY" } }),
  );
  assert.deepEqual(total(reading), { input: 5, output: 2 });
  assert.deepEqual([reading.serviceTier, reading.flags], ["priority", []]);
});

test("zeros remove nothing, and do not cover the text in their chunk", () => {
  const zeros = {
    promptTokenCount: 0,
    candidatesTokenCount: 0,
    cachedContentTokenCount: 0,
    totalTokenCount: 0,
  };
  const usage = {
    promptTokenCount: 50,
    cachedContentTokenCount: 30,
    candidatesTokenCount: 20,
    thoughtsTokenCount: 4,
    totalTokenCount: 74,
  };
  const closed = read(chunk({ text: "a", usage }), chunk({ finishReason: "STOP", usage: zeros }));
  assert.deepEqual(total(closed.reading), { input: 20, cache_read: 30, output: 24, reasoning: 4 });
  assert.deepEqual([closed.reading.flags, closed.reading.partial], [[], undefined]);
  const more = read(
    chunk({ text: "a", usage }),
    chunk({ text: "x".repeat(30), finishReason: "STOP", usage: zeros }),
  );
  assert.equal(more.reading.partial, true, "what passed since the last count is estimated");
  const only = read(chunk({ text: "x".repeat(30), finishReason: "STOP", usage: zeros }));
  assert.deepEqual([only.reading.parts, only.reading.flags], [[], ["usage_missing"]]);
});

test("a count of the prompt alone does not cover the text in its chunk", () => {
  const prompt = { promptTokenCount: 9, totalTokenCount: 9 };
  const under = meter();
  under.push(Buffer.from(sse([chunk({ text: "x".repeat(30), usage: prompt })])));
  assert.deepEqual({ ...under.progress }, { inputTokens: 9, outputTokens: 30 });
  const { reading } = feed(
    under,
    sse([
      chunk({
        finishReason: "STOP",
        usage: { ...prompt, candidatesTokenCount: 8, totalTokenCount: 17 },
      }),
    ]),
  );
  assert.deepEqual(
    [total(reading), reading.flags, reading.partial],
    [{ input: 9, output: 8 }, [], undefined],
  );
});

test("text in chunks with only a traffic type is estimated, and they are not usage", () => {
  const under = meter();
  const { reading } = feed(
    under,
    sse([
      chunk({ text: "x".repeat(30), finishReason: "STOP", usage: { trafficType: "ON_DEMAND" } }),
    ]),
  );
  assert.deepEqual([reading.parts, reading.flags, reading.partial], [[], ["usage_missing"], true]);
  assert.deepEqual({ ...under.progress }, { inputTokens: null, outputTokens: 30 });
});

test("the last usage counts, and is kept as written", () => {
  const last = '{"promptTokenCount": 5, "candidatesTokenCount": 4}';
  const written = `data: {"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":3},"candidates":[{}]}\n\ndata: {"candidates":[{"finishReason":"STOP"}],"usageMetadata":${last}}\n\n`;
  const { reading } = feed(meter(), written);
  assert.deepEqual(total(reading), { input: 5, output: 4 });
  assert.equal(reading.rawUsage, last);
});

test("a usage inside generated data is not the answer's", () => {
  const call = {
    functionCall: { name: "f", args: { usageMetadata: { promptTokenCount: 1_000_000 } } },
  };
  const { reading } = read(
    chunk({
      parts: [call],
      finishReason: "STOP",
      usage: { promptTokenCount: 5, candidatesTokenCount: 4 },
    }),
  );
  assert.deepEqual(total(reading), { input: 5, output: 4 });
});

test("searches are counted once, however often a stream repeats them", () => {
  const grounding = { webSearchQueries: ["one", "two"] };
  const usage = { promptTokenCount: 5, candidatesTokenCount: 4 };
  const { reading } = read(
    chunk({ text: "a", usage, grounding }),
    chunk({ usage, grounding, finishReason: "STOP" }),
  );
  assert.deepEqual(total(reading), { input: 5, output: 4, web_search: 2 });
});

test("a stream that breaks off is unfinished and partial, and its progress includes the output since the last usage", () => {
  const under = meter();
  const chunks = [
    chunk({ text: "abc", usage: { promptTokenCount: 5, candidatesTokenCount: 1 } }),
    chunk({ text: "x".repeat(30) }),
  ];
  const { reading } = feed(under, sse(chunks));
  assert.deepEqual([reading.flags, reading.partial], [["unfinished"], true]);
  assert.deepEqual(total(reading), { input: 5, output: 1 });
  assert.deepEqual({ ...under.progress }, { inputTokens: 5, outputTokens: 31 });
});

test("text after the last usage makes a finished stream partial", () => {
  const { reading } = read(
    chunk({ text: "abc", usage: { promptTokenCount: 5, candidatesTokenCount: 1 } }),
    chunk({ text: "more", finishReason: "STOP" }),
  );
  assert.deepEqual([reading.flags, reading.partial], [[], true]);
});

test("an impossible output count is estimated", () => {
  const under = meter();
  const usage = { promptTokenCount: 5, candidatesTokenCount: -1 };
  const { reading } = feed(
    under,
    sse([chunk({ text: "x".repeat(30), usage, finishReason: "STOP" })]),
  );
  assert.deepEqual(
    [reading.flags, reading.partial, total(reading)],
    [["usage_invalid"], true, { input: 5 }],
  );
  assert.equal(under.progress.outputTokens, 30);
});

test("the requested tier counts unless the answer names another", () => {
  const flex = (usage: object): string => {
    const asked = geminiWire.meter(endpoint, {
      stream: true,
      facts: { ...plainFacts, serviceTier: "flex" },
    });
    return feed(asked, sse([chunk({ usage })])).reading.serviceTier;
  };
  assert.equal(flex({ promptTokenCount: 5 }), "flex");
  assert.equal(flex({ promptTokenCount: 5, serviceTier: "standard" }), "standard");
});

test("a stream without usage is flagged", () => {
  const { reading } = read(chunk({ text: "abc", finishReason: "STOP" }));
  assert.deepEqual([reading.parts, reading.flags, reading.rawUsage], [[], ["usage_missing"], null]);
});

test("every candidate has to end", () => {
  const usage = { promptTokenCount: 5, candidatesTokenCount: 4 };
  const read = (...chunks: readonly object[]): Fed =>
    feed(
      geminiWire.meter(endpoint, { stream: true, facts: { ...plainFacts, choices: 2 } }),
      sse(chunks),
    );
  const one = [
    chunk({ text: "a", usage }),
    chunk({ text: "b", usage, index: 1 }),
    chunk({ usage, finishReason: "STOP" }),
  ];
  assert.deepEqual(read(...one).reading.flags, ["unfinished"]);
  assert.deepEqual(
    read(...one, chunk({ usage, index: 1, finishReason: "STOP" })).reading.flags,
    [],
  );
});

test("a repeated count does not cover the text in its chunk, except in the last chunk", () => {
  const usage = { promptTokenCount: 5, candidatesTokenCount: 4 };
  const open = meter();
  open.push(Buffer.from(sse([chunk({ text: "a", usage })])));
  assert.deepEqual([open.progress.outputTokens, open.output?.grewSinceReport], [4, false]);
  open.push(Buffer.from(sse([chunk({ text: "more", usage })])));
  assert.deepEqual([open.progress.outputTokens, open.output?.grewSinceReport], [8, true]);
  assert.equal(
    read(chunk({ text: "a", usage }), chunk({ text: "b", usage, finishReason: "STOP" })).reading
      .partial,
    undefined,
  );
});

test("a candidate that continues after its end has not ended, and its text counts", () => {
  const usage = { promptTokenCount: 5, candidatesTokenCount: 4 };
  const end = chunk({ text: "a", usage, finishReason: "STOP" });
  for (const more of [
    chunk({ text: "more" }),
    chunk({ text: "more", usage: { promptTokenCount: 5, candidatesTokenCount: 8 } }),
  ]) {
    const { reading } = read(end, more);
    assert.deepEqual([reading.flags, reading.partial], [["unfinished"], true]);
    assert.deepEqual(read(end, more, end).reading.flags, []);
  }
  assert.deepEqual(
    read(end, chunk({ text: "", usage })).reading.flags,
    [],
    "a last chunk without text changes nothing",
  );
});

test("a refused prompt without counts is not billed", () => {
  const { reading } = read({
    promptFeedback: { blockReason: "SAFETY" },
    usageMetadata: { promptTokenCount: 0, totalTokenCount: 0 },
  });
  assert.deepEqual([reading.parts, reading.flags], [[], ["unbilled"]]);
});

test("reading a page named in the prompt is not a search, whichever chunk reports it", () => {
  const usage = {
    promptTokenCount: 27,
    candidatesTokenCount: 45,
    toolUsePromptTokenCount: 10_309,
    thoughtsTokenCount: 31,
  };
  const grounded = chunk({
    text: "a",
    grounding: { groundingChunks: [{ web: { uri: "https://example.com/a" } }] },
  });
  const last = {
    candidates: [
      {
        finishReason: "STOP",
        urlContextMetadata: { urlMetadata: [{ retrievedUrl: "https://example.com/a" }] },
      },
    ],
  };
  assert.deepEqual(total(read(grounded, { ...last, usageMetadata: usage }).reading), {
    input: 10_336,
    output: 76,
    reasoning: 31,
  });
});

test("a refused prompt is a finished answer", () => {
  const { reading } = read({
    promptFeedback: { blockReason: "SAFETY" },
    usageMetadata: { promptTokenCount: 7, totalTokenCount: 7 },
  });
  assert.deepEqual([total(reading), reading.flags], [{ input: 7, output: 0 }, []]);
});

test("a chunk that is not JSON is flagged, a truncated one is not", () => {
  const good = sse([
    chunk({ finishReason: "STOP", usage: { promptTokenCount: 1, candidatesTokenCount: 1 } }),
  ]);
  assert.deepEqual(feed(meter(), `${good}data: {oops\n\n`).reading.flags, ["malformed"]);
  assert.deepEqual(feed(meter(), `${good}data: {"candid`).reading.flags, []);
});

test("progress follows the reported counts, and estimates text, calls and images between them", () => {
  const under = meter();
  const push = (item: object): unknown => under.push(Buffer.from(sse([item])));
  assert.deepEqual({ ...under.progress }, { inputTokens: null, outputTokens: 0 });
  push(chunk({ text: "x".repeat(30) }));
  assert.deepEqual({ ...under.progress }, { inputTokens: null, outputTokens: 30 });
  push(
    chunk({
      text: "y",
      usage: {
        promptTokenCount: 4,
        toolUsePromptTokenCount: 2,
        candidatesTokenCount: 3,
        thoughtsTokenCount: 50,
      },
    }),
  );
  assert.deepEqual({ ...under.progress }, { inputTokens: 6, outputTokens: 53 });
  push(
    chunk({ parts: [{ text: "x".repeat(6), thought: true, thoughtSignature: "s".repeat(9000) }] }),
  );
  assert.equal(under.progress.outputTokens, 59);
  push(chunk({ parts: [{ functionCall: { name: "f", args: {} } }] }));
  assert.ok(under.progress.outputTokens > 59 + 30);
  push(chunk({ parts: [{ inlineData: { mimeType: "image/png", data: "AAAA" } }] }));
  assert.ok(under.progress.outputTokens > 2000);
});

test("a whole answer is read, and an embedding has no usage", () => {
  const body = JSON.stringify(
    chunk({
      text: "a",
      finishReason: "STOP",
      usage: { promptTokenCount: 9, candidatesTokenCount: 28 },
    }),
  );
  const { reading } = feed(meter(false), body, [5]);
  assert.deepEqual([total(reading), reading.flags], [{ input: 9, output: 28 }, []]);
  const embedding = feed(meter(false), '{"embedding":{"values":[0.1,0.2]}}').reading;
  assert.deepEqual([embedding.parts, embedding.flags], [[], ["usage_missing"]]);
  const embeddings = geminiWire.meter(
    { name: "embeddings", metering: "metered" },
    { stream: false, facts: plainFacts },
  );
  embeddings.push(Buffer.from('{"embedding":{"values":[0.1,'));
  assert.equal(embeddings.progress.outputTokens, 0, "an embedding has no output");
  const torn = feed(meter(false), body.slice(0, -4)).reading;
  assert.deepEqual(torn.flags, ["malformed", "usage_missing", "unfinished"]);
});
