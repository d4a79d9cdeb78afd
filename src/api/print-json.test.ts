/** Long answers are printed as `JSON.stringify` prints them, in turns. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { lazyList, printJson } from "./print-json.ts";
import { turnsDuring } from "../domain/turns.test-kit.ts";

async function printed(value: unknown): Promise<string> {
  const body = await printJson(value);
  return typeof body === "string" ? body : new TextDecoder().decode(body);
}

const small = fc.jsonValue({ maxDepth: 3 });
const names = fc.oneof(fc.string({ unit: "binary" }), fc.constant("__proto__"), fc.constant("ü✓"));
const fields = fc.oneof(small, fc.constant(undefined), fc.constant(new Date(0)));
const lists = fc.array(fields, { maxLength: 300, size: "max" });
const objects = fc
  .array(fc.tuple(names, fields), { maxLength: 120, size: "max" })
  .map((entries) => Object.fromEntries(entries));
const values = fc.oneof(
  small,
  lists,
  objects,
  fc.array(fc.oneof(lists, objects), { maxLength: 3 }),
);

test("a body is that of JSON.stringify", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(values, fc.record({ head: small, inner: values, data: lists, rest: fields })),
      async (value) => assert.equal(await printed(value), JSON.stringify(value)),
    ),
    { numRuns: 200 },
  );
});

test("long lists within the items of long lists are divided, too", async () => {
  const rows = Array.from({ length: 200 }, (_, row) => ({ row, text: "x".repeat(row) }));
  const data = Array.from({ length: 60 }, (_, day) => ({ day, rows: day % 2 === 0 ? rows : [] }));
  const value = { a: { b: { c: rows } }, empty: [], data, after: undefined, end: {} };
  assert.equal(await printed(value), JSON.stringify(value));
});

test("a lazy list is printed like the list of its items", async () => {
  for (const length of [0, 1, 500]) {
    const items = Array.from({ length }, (_, n) => ({ n, rows: Array(n % 90).fill("é") }));
    const lazy = lazyList(
      (async function* () {
        yield* items;
      })(),
    );
    const head = { a: 1 };
    assert.equal(
      await printed({ head, data: lazy, z: 2 }),
      JSON.stringify({ head, data: items, z: 2 }),
    );
  }
});

test("an error of an item is that of the answer", async () => {
  const items = (async function* () {
    yield 1;
    throw new Error("no rate");
  })();
  await assert.rejects(printJson({ data: lazyList(items) }), /no rate/);
});

test("turns of the event loop pass while a long answer is printed", async () => {
  const data = Array.from({ length: 60_000 }, (_, n) => ({ n, text: "some text of a row" }));
  const turns = await turnsDuring(async () => void (await printJson({ data })));
  assert.ok(turns >= 4, `${turns} turns`);
});
