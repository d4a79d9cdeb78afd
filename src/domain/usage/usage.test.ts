/** Sums and totals of usage. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  countContext,
  countTokens,
  fixedMeters,
  sumUsage,
  tokenMeters,
  type Usage,
} from "./usage.ts";

const usages: fc.Arbitrary<Usage> = fc.dictionary(
  fc.constantFrom(...fixedMeters, "reasoning"),
  fc.nat(1_000_000),
);

test("every token meter is counted once, and no other meter", () => {
  fc.assert(
    fc.property(usages, (usage) => {
      const all = [...tokenMeters].reduce((sum, meter) => sum + (usage[meter] ?? 0), 0);
      assert.equal(countTokens(usage), all);
    }),
  );
});

test("tokens are either read or written: context and output together are all of them", () => {
  const outputs = new Set<string>(["output", "output_audio", "output_image"]);
  for (const meter of tokenMeters)
    assert.equal(countContext({ [meter]: 1 }), outputs.has(meter) ? 0 : 1, meter);
});

test("reasoning is part of the output and not counted again, and tool calls are not tokens", () => {
  assert.equal(countTokens({ output: 10, reasoning: 8, web_search: 3, request: 1 }), 10);
  assert.equal(tokenMeters.has("web_search"), false);
});

test("the sum of several usages has the sum of their tokens", () => {
  fc.assert(
    fc.property(fc.array(usages, { maxLength: 5 }), (all) => {
      assert.equal(
        countTokens(sumUsage(all)),
        all.reduce((sum, usage) => sum + countTokens(usage), 0),
      );
    }),
  );
});
