/** Directives and the parts of an answer they control: words, fixed texts, input counts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { fixedText, saidWords } from "../answer/content.ts";
import { readDirective } from "./directive.ts";
import { inputTokens, measure } from "./input.ts";

test("a text without a directive sets nothing", () => {
  for (const text of ["", "hello", "[[simple]]", "[[sim input=5", "[sim input=5]"])
    assert.deepEqual(readDirective(text, undefined), {});
});

test("keys are read from the text and from the field; the field takes precedence", () => {
  const directive = readDirective("before [[sim  input=374\noutput=44 tag=a:b/c]] after", {
    output: 45,
    cost_usd: "0.5",
  });
  assert.deepEqual(directive, { input: 374, output: 45, tag: "a:b/c", cost_usd: "0.5" });
});

test("a lie is added to the faults, in any order", () => {
  for (const text of [
    "[[sim fault=no_done lie=ignore_max]]",
    "[[sim lie=ignore_max fault=no_done]]",
  ]) {
    const { fault } = readDirective(text, undefined);
    assert.deepEqual(fault?.map(({ kind }) => kind).sort(), ["ignore_max", "no_done"]);
  }
});

test("an invalid key or value is refused by name", () => {
  for (const pair of [
    "inputs=1",
    "input",
    "input=-1",
    "input=1.5",
    "output=99999999999",
    "tokens_per_chunk=0",
    "bill=half",
    "__proto__=1",
  ]) {
    assert.throws(() => readDirective(`[[sim ${pair}]]`, undefined), /cannot read sim\./, pair);
  }
  assert.throws(() => readDirective("", "output=3"), /sim must be an object/);
});

test("words are a prefix of one endless text, one per token, and slices add up to the whole", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5000 }),
      fc.integer({ min: 0, max: 5000 }),
      (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const content = saidWords(to);
        assert.equal(content.slice(0, from) + content.slice(from, to), content.slice(0, to));
        assert.equal(content.slice(0, to).split(" ").filter(Boolean).length, to);
      },
    ),
  );
});

test("a fixed text spans all of its tokens, and its slices lose nothing", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 50 }), (text, wanted) => {
      const content = fixedText(text, wanted, wanted);
      const pieces = Array.from({ length: wanted }, (_, index) => content.slice(index, index + 1));
      assert.equal(pieces.join(""), text);
      assert.equal(content.slice(0, wanted), text);
    }),
  );
});

test("input is counted in bytes of text, and media per item", () => {
  const content = [
    { type: "text", text: "été!" },
    { type: "image_url", image_url: { url: "data:xxxxxxxxxxxxxxxx" } },
  ];
  assert.equal(inputTokens(measure([{ role: "user", content }]), 1), Math.ceil(6 / 4) + 4 + 258);
});
