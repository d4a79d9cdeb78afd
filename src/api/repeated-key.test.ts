/** Tests the search for repeated keys in JSON. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { repeatedKey } from "./repeated-key.ts";

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
    ['{"__proto__":1,"__proto__":1}', "__proto__"],
  ];
  for (const [text, path] of cases) assert.equal(repeatedKey(text), path, text);
});

test("serialized objects have no repeated key", () => {
  fc.assert(fc.property(fc.json(), (text) => repeatedKey(text) === undefined));
});
