/** Tests valid JSON that few providers write: keys with escapes, and repeated fields. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { feed, plainFacts, total, plainCut } from "../answer/feed.test-kit.ts";
import type { Reading, UsageMeter } from "../wire.ts";
import { openaiWire } from "./wire.ts";

const wire = openaiWire();

function meterOf(path: string, stream: boolean): UsageMeter {
  return wire.meter(wire.endpoint("POST", path), { stream, facts: { ...plainFacts, stream } });
}

function whole(body: string): Reading {
  return feed(meterOf("/chat/completions", false), body).reading;
}

function events(...payloads: readonly string[]): string {
  return payloads.map((payload) => `data: ${payload}\n\n`).join("");
}

function chat(...chunks: readonly string[]): Reading {
  return feed(meterOf("/chat/completions", true), events(...chunks, "[DONE]")).reading;
}

function responses(...payloads: readonly string[]): Reading {
  return feed(meterOf("/responses", true), events(...payloads)).reading;
}

const chunk = '{"id":"c","model":"served","choices":[{"index":0,"delta":{"content":"Hé"}}]}';
const counts = '{"prompt_tokens":10,"completion_tokens":3}';
const responsesCounts = '{"input_tokens":20,"output_tokens":4}';
const created =
  '{"type":"response.created","response":{"id":"r","model":"served","status":"in_progress","output":[]}}';

test("a usage is found even if its key contains escapes", () => {
  assert.deepEqual(total(chat(chunk, `{"choices":[],"us\\u0061ge":${counts}}`)), {
    input: 10,
    output: 3,
  });
  const closed = responses(
    created,
    `{"type":"response.completed","respons\\u0065":{"usage":${responsesCounts}}}`,
  );
  assert.deepEqual([total(closed), closed.flags], [{ input: 20, output: 4 }, []]);
});

test("if a usage is repeated in one object, the last one counts", () => {
  const first = '"usage":{"prompt_tokens":1,"completion_tokens":1}';
  const last = `"us\\u0061ge":${counts}`;
  const other = `"x":{${first}}`;
  const read = [
    whole(`{"model":"a",${first},"model":"served",${last},${other}}`),
    chat(chunk, `{${first},"choices":[],${last},${other}}`),
  ];
  for (const { parts, flags } of read) {
    assert.deepEqual(
      [parts, flags],
      [[{ model: "served", usage: { input: 10, output: 3 } }], ["usage_repeated"]],
    );
  }
  const closed = responses(
    created,
    `{"type":"response.completed","response":{${first},"usage":${responsesCounts},${other}}}`,
  );
  assert.deepEqual([total(closed), closed.flags], [{ input: 20, output: 4 }, ["usage_repeated"]]);
});

test("a repeated cost in a usage loses neither the cost nor the counts", () => {
  const reading = whole(
    '{"model":"m","usage":{"prompt_tokens":1,"completion_tokens":2,"cost":0.5,"cost":0.25}}',
  );
  assert.deepEqual(
    [total(reading), reading.reportedCost, reading.flags],
    [{ input: 1, output: 2 }, 250_000_000_000n, []],
  );
});

test("the usage is read even if the model or tier is not a string", () => {
  const reading = whole(`{"model":5,"service_tier":{},"usage":${counts},"x":{"usage":{}}}`);
  assert.deepEqual(
    [reading.parts, reading.flags],
    [[{ model: null, usage: { input: 10, output: 3 } }], []],
  );
});

test("a Responses stream whose first event repeats its status can be ended", () => {
  const meter = meterOf("/responses", true);
  meter.push(Buffer.from(events(created.replace('"status"', '"status":"queued","status"'))));
  meter.passed();
  const [, json = ""] =
    /response\.incomplete\ndata: (.*)/.exec(Buffer.from(meter.stop(plainCut)).toString()) ?? [];
  assert.equal(
    (JSON.parse(json) as { response: { status: string } }).response.status,
    "incomplete",
  );
});
