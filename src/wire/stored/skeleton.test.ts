/** Tests what is kept of a JSON body that is searched for ids, and its limits. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PurserError } from "../../domain/error.ts";
import { openaiWire } from "../openai/index.ts";
import { skeletonOf, SkeletonRoom, type SkeletonBounds } from "./skeleton.ts";

const ids = new Set(["file_id", "file_ids"]);
const of = (text: string, bounds?: SkeletonBounds): unknown =>
  skeletonOf(Buffer.from(text), ids, new SkeletonRoom(bounds));

/** What is kept of a value whose strings are short. */
function reduced(value: unknown): unknown {
  if (typeof value === "number") return 0;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const list = (value as readonly unknown[]).map(reduced);
    return list.filter(
      (one, index) => index === 0 || typeof one === "string" || Object.keys(one ?? {}).length > 0,
    );
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reduced(inner)]));
}

test("a skeleton has every object, list and short string of a body, and placeholders for the rest", () => {
  const short = fc.string({ unit: "binary", maxLength: 10 });
  const json = fc
    .jsonValue({ maxDepth: 5, stringUnit: "binary" })
    .map((value) => ({ value, more: [[], value] }));
  fc.assert(
    fc.property(json, fc.dictionary(short, short), (value, words) => {
      for (const one of [value, words, [words, value]]) {
        const text = JSON.stringify(one, null, 1);
        assert.deepEqual(of(text), reduced(JSON.parse(text)));
      }
    }),
  );
  const escaped = String.raw`{"__proto__":{"f\u0069le_id":"f\u0069le-\"1\\"},"file_id":"a","file_id":"b"}`;
  assert.deepEqual(of(escaped), JSON.parse(escaped));
});

test("only the beginning of a long text is kept, marked so that it equals no word or id", () => {
  const long = "x".repeat(100_000);
  const escapes = String.raw`\u0078`.repeat(100_000);
  assert.deepEqual(of(`{"type":"${long}","b":"${escapes}","c":"${long}"}`), {
    type: `${"x".repeat(64)}…`,
    b: `${"x".repeat(85)}…`,
    c: `${"x".repeat(64)}…`,
  });
  const id = `file-${"x".repeat(2000)}`;
  assert.deepEqual(of(`{"file_ids":["${id}"],"id":"${id}"}`), { file_ids: [id], id });
  const word = String.raw`\u0069\u0074\u0065\u006d\u005f\u0072\u0065\u0066\u0065\u0072\u0065\u006e\u0063\u0065`;
  assert.deepEqual(of(`{"type":"${word}"}`), { type: "item_reference" });
});

test("a skeleton is bounded, however large the body, and a refusal states the limit", () => {
  const bounds = { values: 5, textBytes: 30 };
  assert.deepEqual(
    of(`{"a":{"b":[${"1,".repeat(1000)}{},{}]},"c":[["x"],{"d":null}]}`, { ...bounds, values: 8 }),
    {
      a: { b: [0] },
      c: [["x"], { d: null }],
    },
  );
  assert.throws(() => of('{"a":[{"b":1},{"b":1},{"b":1}]}', bounds), /more than 5 fields/);
  assert.throws(
    () => of(`{"a":"${"x".repeat(20)}","b":"${"x".repeat(20)}"}`, bounds),
    /more than 30 bytes/,
  );
  const openai = openaiWire();
  const endpoint = openai.endpoint("POST", "/chat/completions");
  const body = `{"model":"m","voice":1,"metadata":{"a":[${'{"a":1},'.repeat(200_000)}{}]}}`;
  assert.throws(
    () => openai.read(endpoint, Buffer.from(body)),
    (error) =>
      error instanceof PurserError &&
      error.code === "invalid_request" &&
      error.detail.remedy === "Send it in several requests.",
  );
  assert.deepEqual(
    openai.read(endpoint, Buffer.from(body.replace("voice", "other"))).stored.uses,
    [],
  );
  for (const deep of ["[", '{"a":']) assert.throws(() => of(deep.repeat(100_000)), PurserError);
});

test("invalid JSON has no skeleton", () => {
  for (const text of [
    "",
    "1",
    '"a"',
    "{",
    "[",
    '{"a"}',
    '{"a":1,}',
    '{"a":1}x',
    "[1 2]",
    "{a:1}",
    '{"a":"\\x"}',
    '{"a":tru}',
    '{"a":"b}',
  ])
    assert.equal(of(text), undefined, text);
});
