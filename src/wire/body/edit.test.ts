/** Tests that edits change the given fields and no other byte. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { editBody, type FieldEdit } from "./edit.ts";
import { bodyScanner } from "./scan.ts";

const scan = bodyScanner({ nested: ["options", "options.deep"] });

function edit(text: string, ...edits: FieldEdit[]): string {
  return Buffer.from(editBody(scan(Buffer.from(text)), edits)).toString();
}

test("a value is replaced and every other byte is unchanged", () => {
  const text = ' {\n "a" : 1.0 ,"max_tokens"\t:\t4096, "z":"\\u00e9" } ';
  assert.equal(edit(text, { path: "max_tokens", json: "7" }), text.replace("4096", "7"));
});

test("an absent field is inserted first", () => {
  assert.equal(edit('{"a":1}', { path: "b", json: "2" }), '{"b":2,"a":1}');
  assert.equal(edit("{ }", { path: "b", json: "2" }), '{"b":2 }');
});

test("a null is replaced, even if an object is needed", () => {
  assert.equal(edit('{"b":null}', { path: "b", json: "2" }), '{"b":2}');
  assert.equal(
    edit('{"options":null}', { path: "options.x", json: "true" }),
    '{"options":{"x":true}}',
  );
});

test("fields of objects are set, and missing objects are created once", () => {
  assert.equal(
    edit('{"options":{"y":1}}', { path: "options.x", json: "true" }),
    '{"options":{"x":true,"y":1}}',
  );
  assert.equal(
    edit('{"options":{}}', { path: "options.deep.x", json: "1" }),
    '{"options":{"deep":{"x":1}}}',
  );
  assert.equal(
    edit("{}", { path: "options.x", json: "1" }, { path: "options.y", json: "2" }),
    '{"options":{"x":1,"y":2}}',
  );
});

test("the same buffer is returned if nothing differs", () => {
  const body = scan(Buffer.from('{"a":1,"options":{"x":true}}'));
  assert.equal(editBody(body, []), body.bytes);
  assert.equal(
    editBody(body, [
      { path: "a", json: "1" },
      { path: "options.x", json: "true" },
    ]),
    body.bytes,
  );
});

test("a parent that is not an object, and a repeated field, are refused", () => {
  assert.throws(
    () => edit('{"options":5}', { path: "options.x", json: "1" }),
    /options must be an object/,
  );
  assert.throws(() => edit('{"a":1,"a":2}', { path: "a", json: "1" }), /a is repeated/);
});

test("any body edited in any fields parses to the object with those fields set", () => {
  const value = fc.jsonValue({ maxDepth: 2 });
  const options = fc.dictionary(fc.constantFrom("x", "y", "z"), value, { noNullPrototype: true });
  const anyBody = fc.record(
    {
      a: value,
      b: value,
      options: fc.oneof(options, fc.constant(null)),
      text: fc.string({ unit: "binary" }),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  fc.assert(
    fc.property(
      anyBody,
      fc.tuple(value, value),
      fc.constantFrom(undefined, 1, "\t"),
      (body, [first, second], indent) => {
        const text = JSON.stringify(body, null, indent);
        const edited = edit(
          text,
          { path: "a", json: JSON.stringify(first) },
          { path: "options.x", json: JSON.stringify(second) },
        );
        const before = JSON.parse(text) as { options?: object };
        const expected: unknown = JSON.parse(
          JSON.stringify({ ...before, a: first, options: { ...before.options, x: second } }),
        );
        assert.deepEqual(JSON.parse(edited), expected);
      },
    ),
    { numRuns: 500 },
  );
});
