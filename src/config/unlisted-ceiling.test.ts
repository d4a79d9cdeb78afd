/** A ceiling for models without a price is `none`, or two rates above zero. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../domain/error.ts";
import { loadConfiguration } from "./load.ts";

function load(ceiling: string) {
  const text = `providers:
  own:
    base_url: http://127.0.0.1:9/v1
    wire: openai
    unlisted_ceiling: ${ceiling}
`;
  return loadConfiguration(text, { environment: {}, file: "purser.yaml" });
}

test("a valid ceiling is read in USD per million tokens", () => {
  const [none] = load("none").providers;
  const [stated] = load('{ input: "10", output: "50" }').providers;
  assert.equal(none?.unlistedCeiling, "none");
  assert.deepEqual(stated?.unlistedCeiling, { input: 10_000_000n, output: 50_000_000n });
});

test("a mistake is refused by its field, with the remedy", () => {
  for (const [ceiling, field, remedy] of [
    ["nothing", "", /^Write none, or rates above zero/],
    ['"5"', "", /\{ input: "5", output: "15" \}/],
    ['{ input: "1" }', ".output", /USD per million/],
    ['{ input: "0", output: "1" }', ".input", /above zero/],
    ['{ input: "1", output: "1", cache_read: "1" }', ".cache_read", /input|output/],
  ] as const)
    assert.throws(
      () => load(ceiling),
      (error) => {
        assert.ok(error instanceof PurserError);
        const [fault] = error.detail.faults ?? [];
        const found = fault ?? { field: error.detail.field, remedy: error.detail.remedy };
        assert.equal(found.field, `providers.own.unlisted_ceiling${field}`);
        assert.match(String(found.remedy), remedy);
        return true;
      },
      ceiling,
    );
});
