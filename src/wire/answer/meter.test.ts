/** Tests that meters pass on every byte and read answers of any shape. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { anthropicWire } from "../anthropic/index.ts";
import { geminiWire } from "../gemini/index.ts";
import { openaiWire } from "../openai/index.ts";
import type { UsageMeter } from "../wire.ts";
import { feed, plainFacts, plainCut } from "./feed.test-kit.ts";

const endpoint = { name: "messages", metering: "metered" } as const;
const meters: readonly ((stream: boolean) => UsageMeter)[] = [
  (stream) => anthropicWire.meter(endpoint, { stream, facts: plainFacts }),
  (stream) => geminiWire.meter(endpoint, { stream, facts: plainFacts }),
];

const openai = openaiWire();
const sseMeters = ["messages", "/chat/completions", "/responses"].map((name) => (): UsageMeter => {
  if (name === "messages")
    return anthropicWire.meter(endpoint, { stream: true, facts: plainFacts });
  return openai.meter(openai.endpoint("POST", name), { stream: true, facts: plainFacts });
});

const scraps: readonly string[] = [
  'data: {"type":"message_start","message":null}\n\n',
  'data: {"type":"message_delta","usage":[],"delta":5}\n\n',
  'data: {"type":"content_block_start","index":-1}\n\n',
  'data: {"candidates":[null,{"index":{}}],"usageMetadata":7}\n\n',
  "data: []\n\n",
  '[{"candidates":3},',
  "]}]",
  "\r\n",
  "\\",
  '"',
  "{",
  "\u0000",
  "ü",
];

test("whatever an answer contains, every byte is passed on once and the reading is complete", () => {
  const answer = fc
    .array(fc.oneof(fc.constantFrom(...scraps), fc.string()), { maxLength: 12 })
    .map((pieces) => Buffer.from(pieces.join("")));
  fc.assert(
    fc.property(
      answer,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
      fc.boolean(),
      (bytes, places, stream) => {
        const cuts = places
          .map((place) => Math.floor(place * bytes.length))
          .sort((left, right) => left - right);
        for (const make of meters) {
          const meter = make(stream);
          const { passed, reading } = feed(meter, bytes, cuts);
          assert.ok(passed.equals(bytes));
          assert.ok(
            reading.parts.every(({ usage }) =>
              Object.values(usage).every((count) => Number.isInteger(count) && count >= 0),
            ),
          );
          assert.ok(Number.isInteger(meter.progress.outputTokens));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("in a whole answer, the last of two fields with the same name counts", () => {
  const anthropic =
    '{"model":"a","usage":{"input_tokens":1,"output_tokens":1},"model":"b","usage":{"input_tokens":2,"output_tokens":3}}';
  const gemini =
    '{"modelVersion":"a","usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1},"modelVersion":"b","usageMetadata":{"promptTokenCount":2,"candidatesTokenCount":3}}';
  for (const [index, answer] of [anthropic, gemini].entries()) {
    const meter = meters[index]?.(false);
    assert.ok(meter);
    const { parts, flags } = feed(meter, answer).reading;
    assert.deepEqual(
      [parts, flags],
      [[{ model: "b", usage: { input: 2, output: 3 } }], ["usage_repeated"]],
    );
  }
});

test("an event too large to keep passes unread, is flagged, and is closed before the stream is ended", () => {
  const [make] = meters;
  const meter = make?.(true);
  assert.ok(meter);
  const huge = Buffer.alloc(9 * 1024 * 1024, "x");
  assert.equal(meter.push(Buffer.concat([Buffer.from("data: "), huge])).length, huge.length + 6);
  meter.passed();
  assert.match(Buffer.from(meter.stop(plainCut)).toString(), /^\n\n(?:event: \w+\n)?data: /);
  assert.deepEqual(meter.end().reading.flags, ["malformed", "unfinished", "usage_missing"]);
});

test("a partly passed event that is too large is closed, whatever was pushed after it", () => {
  const beginning = Buffer.concat([Buffer.from("data: "), Buffer.alloc(3 * 1024 * 1024, "x")]);
  const stopOf = (meter: UsageMeter): string =>
    Buffer.from(meter.stop(plainCut)).toString("utf8", 0, 2);
  for (const make of sseMeters) {
    const open = make();
    open.push(beginning);
    open.passed();
    open.push(Buffer.from("\n\n"));
    assert.equal(stopOf(open), "\n\n");
    const unpassed = make();
    unpassed.push(Buffer.from(": begun\n\n"));
    unpassed.passed();
    unpassed.push(beginning);
    assert.notEqual(stopOf(unpassed), "\n\n");
  }
});

test("an array element that is too large passes unread and is flagged", () => {
  const huge = Buffer.alloc(9 * 1024 * 1024, "x");
  const gemini = meters[1]?.(true);
  assert.ok(gemini);
  assert.equal(gemini.push(Buffer.concat([Buffer.from('[{"a":"'), huge])).length, huge.length + 7);
  assert.ok(gemini.end().reading.flags.includes("malformed"));
});
