/** Tests that members are counted as JSON.parse would find them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { measure } from "./measure.ts";

function measured(text: string) {
  const bytes = Buffer.from(text);
  return measure(bytes, { start: 0, end: bytes.length });
}

function valuesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner: unknown[] = Object.values(value);
  return inner.reduce<number>((sum, one) => sum + valuesIn(one), inner.length);
}

test("any list or object has as many members as JSON.parse finds, however it is spaced", () => {
  const containers = fc.jsonValue({ maxDepth: 4 }).filter((value) => valuesIn(value) > 0);
  fc.assert(
    fc.property(containers, fc.constantFrom("", " ", "\n\t"), (value, space) => {
      assert.deepEqual(measured(JSON.stringify(value, null, space)), {
        members: Object.keys(value as object).length,
        values: valuesIn(value),
      });
    }),
  );
});

test("empty containers, and brackets, commas and quotes in strings of any length", () => {
  assert.deepEqual(measured("[ ]"), { members: 0, values: 0 });
  assert.deepEqual(measured("{\n}"), { members: 0, values: 0 });
  assert.deepEqual(measured("[[],{},[ [] ]]"), { members: 3, values: 4 });
  for (const length of [0, 1, 46, 47, 48, 49, 50, 95, 96, 97, 200])
    for (const end of ['","', "]", "\\", '\\"', "\\\\", '\\\\"', "é"]) {
      const list = ["a".repeat(length) + end, { [end]: "[{" }, 1];
      assert.deepEqual(
        measured(JSON.stringify(list)),
        { members: 3, values: 4 },
        `${length}${end}`,
      );
    }
});
