/** Tests the search for keys that a JSON object may not have. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { keyProblem } from "./key-problem.ts";

test("a repeated key is found by its path, even if it is escaped differently", () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['{"a":1,"a":2}', "a"],
    ['{"a":1,"\\u0061":2}', "a"],
    ['{"a":{"b":1,"c":[1,{"d":"}"}],"b":{}}}', "a.b"],
    ['{"list":[{"x":1},{"x":1,"y":2,"x":3}]}', "list[1].x"],
    ['{"":1,"":2}', ""],
    ['[{"a":1},{"a":1}]', undefined],
    ['{"a":"a","b":"a","c":{"a":"\\"a\\":"}}', undefined],
    ['"a"', undefined],
  ];
  for (const [text, field] of cases) {
    const expected = field === undefined ? undefined : { field, problem: "is repeated" };
    assert.deepEqual(keyProblem(text), expected, text);
  }
});

test("__proto__ is found at any depth, and not in values", () => {
  const unknown = (field: string): object => ({ field, problem: "is not a known field" });
  assert.deepEqual(keyProblem('{"__proto__":1}'), unknown("__proto__"));
  assert.deepEqual(keyProblem('{"usage":{"\\u005f_proto__":1}}'), unknown("usage.__proto__"));
  assert.equal(keyProblem('{"a":"__proto__","b":["__proto__"]}'), undefined);
});

test("serialized objects have no repeated key", () => {
  const found = (text: string): string | undefined => keyProblem(text)?.problem;
  fc.assert(fc.property(fc.json(), (text) => found(text) !== "is repeated"));
});
