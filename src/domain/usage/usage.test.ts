import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countContext, countTokens, meters, sumUsage, tokenMeters, type Usage } from "./usage.ts";

const usages: fc.Arbitrary<Usage> = fc.dictionary(fc.constantFrom(...meters, "reasoning"), fc.nat(1_000_000));

test("tokens are read or written and never both: the context and the output make up all of them", () => {
  fc.assert(
    fc.property(usages, (usage) => {
      const output = (usage.output ?? 0) + (usage.output_audio ?? 0) + (usage.output_image ?? 0);
      assert.equal(countTokens(usage), countContext(usage) + output);
    }),
  );
});

test("reasoning is inside the output and not counted again, and tool calls are no tokens", () => {
  assert.equal(countTokens({ output: 10, reasoning: 8, web_search: 3, request: 1 }), 10);
  assert.equal(tokenMeters.has("web_search"), false);
});

test("the sum of usages has the sum of their tokens", () => {
  fc.assert(
    fc.property(fc.array(usages, { maxLength: 5 }), (all) => {
      assert.equal(
        countTokens(sumUsage(all)),
        all.reduce((sum, usage) => sum + countTokens(usage), 0),
      );
    }),
  );
});
