/** Tests how Bedrock's Converse answers and streams are metered. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { cutsOf, feed, total, plainCut } from "../answer/feed.test-kit.ts";
import { converseMeter, readConverseUsage } from "./index.ts";

const line = (event: object): string => `${JSON.stringify(event)}\n`;
const delta = (text: string, contentBlockIndex = 0): string =>
  line({ contentBlockDelta: { contentBlockIndex, delta: { text } } });
const metadata = (usage: object): string =>
  line({ metadata: { metrics: { latencyMs: 1 }, usage } });
const stopped =
  line({ contentBlockStop: { contentBlockIndex: 0 } }) +
  line({ messageStop: { stopReason: "end_turn" } });

test("input excludes tokens read from and written to a cache", () => {
  const usage = {
    inputTokens: 22,
    outputTokens: 13,
    cacheReadInputTokens: 5,
    cacheWriteInputTokens: 2492,
    totalTokens: 2532,
  };
  assert.deepEqual(readConverseUsage(usage), {
    parts: [{ model: null, usage: { input: 22, cache_read: 5, cache_write_5m: 2492, output: 13 } }],
    invalid: false,
  });
});

test("cache writes are split by lifetime; those without one count as five minutes", () => {
  const cacheDetails = [
    { ttl: "1h", inputTokens: 60 },
    { ttl: "5m", inputTokens: 30 },
  ];
  const split = readConverseUsage({
    inputTokens: 1,
    outputTokens: 1,
    cacheWriteInputTokens: 100,
    cacheDetails,
  });
  assert.deepEqual(split.parts[0]?.usage, {
    input: 1,
    cache_write_5m: 40,
    cache_write_1h: 60,
    output: 1,
  });
  const alone = readConverseUsage({ inputTokens: 1, outputTokens: 1, cacheDetails });
  assert.deepEqual(alone.parts[0]?.usage, {
    input: 1,
    cache_write_5m: 30,
    cache_write_1h: 60,
    output: 1,
  });
});

test("impossible counts are omitted and flagged", () => {
  assert.deepEqual(readConverseUsage({ inputTokens: -1, outputTokens: 2 }), {
    parts: [{ model: null, usage: { output: 2 } }],
    invalid: true,
  });
});

test("a stream reads the same wherever it is cut, and passes byte for byte", () => {
  const answer = Buffer.from(
    line({ messageStart: { role: "assistant" } }) +
      delta("grüße") +
      stopped +
      metadata({ inputTokens: 22, outputTokens: 55 }).trimEnd(),
  );
  for (const cuts of cutsOf(answer.length)) {
    const { passed, reading } = feed(converseMeter({ stream: true }), answer, cuts);
    assert.ok(passed.equals(answer));
    assert.deepEqual(reading, {
      model: null,
      parts: [{ model: null, usage: { input: 22, output: 55 } }],
      reportedCost: null,
      serviceTier: "standard",
      rawUsage: '{"inputTokens":22,"outputTokens":55}',
      flags: [],
      passedBytes: 7,
    });
  }
});

test("an exception ends a stream in place of its metadata", () => {
  const { reading } = feed(
    converseMeter({ stream: true }),
    line({ modelStreamErrorException: { message: "no" } }),
  );
  assert.deepEqual([reading.flags, reading.passedBytes], [["usage_missing", "provider_error"], 0]);
});

test("a stream without its metadata is unfinished and has no usage", () => {
  assert.deepEqual(feed(converseMeter({ stream: true }), delta("a") + stopped).reading.flags, [
    "usage_missing",
    "unfinished",
  ]);
});

test("a line that is not JSON is flagged, a truncated last one is not", () => {
  const end = metadata({ inputTokens: 1, outputTokens: 1 });
  assert.deepEqual(feed(converseMeter({ stream: true }), `{oops\n${end}`).reading.flags, [
    "malformed",
  ]);
  assert.deepEqual(feed(converseMeter({ stream: true }), `${end}{"oo`).reading.flags, []);
});

test("progress is estimated from deltas until the usage arrives", () => {
  const meter = converseMeter({ stream: true });
  meter.push(Buffer.from(delta("x".repeat(30))));
  assert.deepEqual({ ...meter.progress }, { inputTokens: null, outputTokens: 30 });
  for (let index = 0; index < 20; index += 1) meter.push(Buffer.from(delta("y")));
  assert.equal(meter.progress.outputTokens, 50);
  meter.push(Buffer.from(metadata({ inputTokens: 5, cacheReadInputTokens: 6, outputTokens: 100 })));
  assert.deepEqual({ ...meter.progress }, { inputTokens: 11, outputTokens: 100 });
});

test("a cut stream closes its blocks and says why it stopped", () => {
  const meter = converseMeter({ stream: true });
  meter.push(
    Buffer.from(
      `${delta("abc", 0)}${delta("def", 1)}${line({ contentBlockStop: { contentBlockIndex: 0 } })}`,
    ),
  );
  meter.passed();
  const events = Buffer.from(meter.stop(plainCut))
    .toString()
    .trimEnd()
    .split("\n")
    .map((text) => JSON.parse(text) as object);
  assert.deepEqual(events, [
    { contentBlockStop: { contentBlockIndex: 1 } },
    { messageStop: { stopReason: "max_tokens" } },
    {
      metadata: {
        usage: {
          inputTokens: 9,
          cacheReadInputTokens: 3,
          cacheWriteInputTokens: 0,
          outputTokens: 7,
          totalTokens: 19,
        },
      },
    },
    { serviceQuotaExceededException: { message: "no more" } },
  ]);
});

test("a whole answer is read, with the tier that served it", () => {
  const body = JSON.stringify({
    usage: { inputTokens: 3, outputTokens: 4 },
    stopReason: "end_turn",
    serviceTier: { type: "flex" },
  });
  const { reading } = feed(converseMeter({ stream: false }), body, [7]);
  assert.deepEqual(
    [total(reading), reading.serviceTier, reading.flags],
    [{ input: 3, output: 4 }, "flex", []],
  );
});

test("a tier or latency without a list price is not read as standard", () => {
  const tier = (more: object): string =>
    feed(
      converseMeter({ stream: false }),
      JSON.stringify({ usage: { inputTokens: 3, outputTokens: 4 }, ...more }),
    ).reading.serviceTier;
  assert.equal(
    tier({ serviceTier: { type: "default" }, performanceConfig: { latency: "standard" } }),
    "standard",
  );
  assert.equal(tier({ serviceTier: { type: "reserved" } }), "other");
  assert.equal(tier({ serviceTier: { type: "turbo" } }), "other");
  assert.equal(tier({ performanceConfig: { latency: "optimized" } }), "other");
  const stream = line({
    metadata: { usage: { inputTokens: 1, outputTokens: 1 }, serviceTier: { type: "priority" } },
  });
  assert.equal(feed(converseMeter({ stream: true }), stream).reading.serviceTier, "priority");
});

test("a prompt blocked by a guardrail is not billed, and zeros in another answer are not a count", () => {
  const usage = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };
  const whole = feed(
    converseMeter({ stream: false }),
    JSON.stringify({ usage, stopReason: "guardrail_intervened" }),
  ).reading;
  assert.ok(whole.flags.includes("unbilled"));
  const stream = line({ messageStop: { stopReason: "guardrail_intervened" } }) + metadata(usage);
  assert.ok(feed(converseMeter({ stream: true }), stream).reading.flags.includes("unbilled"));
  const other = feed(
    converseMeter({ stream: false }),
    JSON.stringify({ usage, stopReason: "end_turn" }),
  ).reading;
  assert.deepEqual([other.partial, other.flags], [true, []]);
});
