/** Tests what remains of a JSON text after pruning. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { JsonPruner } from "./prune.ts";

interface Pruned {
  readonly text: string;
  readonly isCut: boolean;
  readonly unread: number;
}

function prune(pieces: Iterable<string | Uint8Array>): Pruned {
  const pruner = new JsonPruner();
  for (const piece of pieces) pruner.push(Buffer.from(piece as string));
  const { isCut, unreadTextBytes } = pruner;
  return { text: pruner.take().toString(), isCut, unread: unreadTextBytes };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function cutAt(text: string, places: readonly number[]): readonly Uint8Array[] {
  const bytes = Buffer.from(text);
  const cuts = places
    .map((place) => Math.floor(place * bytes.length))
    .sort((left, right) => left - right);
  return [...cuts, bytes.length].map((end, index) => bytes.subarray(cuts[index - 1] ?? 0, end));
}

const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });

test("a small document is unchanged, in any notation and wherever it is split", () => {
  const document = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6 });
  fc.assert(
    fc.property(document, places, fc.constantFrom(0, 2), (value, cuts, indent) => {
      const written = JSON.stringify(value, null, indent);
      const { text, isCut } = prune(cutAt(written, cuts));
      assert.deepEqual([JSON.parse(text), isCut], [JSON.parse(written), false]);
    }),
  );
});

test("invalid JSON does not become valid", () => {
  const scrap = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    '"a"',
    "1",
    "-",
    "null",
    "tru",
    " ",
    "\\",
    "\n",
    '{"a":1}',
    "[1,2]",
  );
  fc.assert(
    fc.property(fc.array(scrap, { maxLength: 10 }), places, (scraps, cuts) => {
      const text = scraps.join("");
      assert.equal(isJson(prune(cutAt(text, cuts)).text), isJson(text), JSON.stringify(text));
    }),
    { numRuns: 3000 },
  );
});

test("long strings keep their beginning, wherever escapes and chunk boundaries fall", () => {
  const long = fc.array(fc.constantFrom("a", '"', "\\", "\n", "ü", "😀", "\u0001"), {
    minLength: 3000,
    maxLength: 4000,
  });
  fc.assert(
    fc.property(long, places, (characters, cuts) => {
      const written = JSON.stringify({ text: characters.join(""), usage: { input: 1 } });
      const { text, unread } = prune(cutAt(written, cuts));
      const pruned = JSON.parse(text) as { text: string; usage: unknown };
      assert.deepEqual(pruned.usage, { input: 1 });
      assert.ok(pruned.text.length >= 150 && Buffer.byteLength(text) < 1100);
      assert.ok(Math.abs(Buffer.byteLength(written) - Buffer.byteLength(text) - unread) <= 2);
    }),
    { numRuns: 30 },
  );
});

test("a chunk that ends within an escape of the dropped part of a string", () => {
  for (const escape of ['\\"', "\\\\", "\\n", "\\u0022"]) {
    const written = `{"text":"${"a".repeat(1020)}${escape.repeat(20)}","usage":1}`;
    for (let end = 1020; end < written.length; end++) {
      const { text } = prune([written.slice(0, end), written.slice(end)]);
      const pruned = JSON.parse(text) as { text: string; usage: number };
      assert.equal(pruned.usage, 1);
      assert.ok(
        (JSON.parse(written) as { text: string }).text.startsWith(pruned.text),
        `cut at ${end} of ${escape}`,
      );
    }
  }
});

test("only generated text counts as unread: images, signatures and ids do not", () => {
  const long = "x".repeat(5000);
  assert.equal(
    prune([JSON.stringify({ inlineData: { data: long }, id: long, b64_json: long })]).unread,
    0,
  );
  assert.equal(prune([JSON.stringify({ parts: [{ text: long }] })]).unread, 5000 - 1024);
});

test("a list of numbers keeps a few, as does a nested list", () => {
  const numbers = Array.from({ length: 1000 }, (_, index) => index / 7);
  const few = numbers.slice(0, 16);
  const { text, isCut } = prune([
    JSON.stringify({ data: [{ embedding: numbers, index: 0 }], usage: { prompt_tokens: 3 } }),
  ]);
  assert.deepEqual(
    [JSON.parse(text), isCut],
    [{ data: [{ embedding: few, index: 0 }], usage: { prompt_tokens: 3 } }, false],
  );
});

test("a field that is too large loses its further members, and the fields after it are kept", () => {
  const item = { type: "message", content: [{ text: "word" }] };
  const usage = { input_tokens: 7, output_tokens_details: { reasoning_tokens: 1 } };
  const { text, isCut } = prune([
    JSON.stringify({ output: Array.from({ length: 100_000 }, () => item), usage }),
  ]);
  const pruned = JSON.parse(text) as { output: unknown[]; usage: unknown };
  assert.deepEqual([pruned.usage, pruned.output[0], isCut], [usage, item, true]);
  assert.ok(text.length < 150_000);
});

test("deep members are dropped first", () => {
  const choice = {
    logprobs: {
      content: Array.from({ length: 5000 }, () => ({ token: "a", top: [{ token: "b" }] })),
    },
    finish_reason: "stop",
  };
  const { text } = prune([JSON.stringify({ choices: [choice] })]);
  assert.equal(
    (JSON.parse(text) as { choices: { finish_reason: string }[] }).choices[0]?.finish_reason,
    "stop",
  );
});

test("a document with too many fields is not read at all", () => {
  const fields = Array.from(
    { length: 3000 },
    (_, index) => [`field ${index}`, "y".repeat(900)] as const,
  );
  const { text } = prune([JSON.stringify(Object.fromEntries(fields))]);
  assert.equal(isJson(text), false);
  assert.ok(text.length < 1_300_000);
});
