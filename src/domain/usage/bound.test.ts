/** Capping of implausible token counts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { boundUsage } from "./bound.ts";
import { countContext, countTokens, fixedMeters, type Usage } from "./usage.ts";

const count = fc.integer({ min: 0, max: 1000 });
const usages: fc.Arbitrary<Usage> = fc
  .dictionary(fc.constantFrom(...fixedMeters, "reasoning"), count)
  .map(({ reasoning, ...usage }) =>
    reasoning === undefined
      ? usage
      : { ...usage, reasoning: Math.min(reasoning, usage["output"] ?? 0) },
  );
const bounds = fc.record({ context: count, output: count, toolCalls: count });

test("a usage within its bounds is the same object", () => {
  fc.assert(
    fc.property(usages, (usage) => {
      const most = {
        context: countContext(usage),
        output: countTokens(usage) - countContext(usage),
        toolCalls: 1000,
      };
      assert.equal(boundUsage(usage, most), usage);
    }),
  );
});

test("a bounded usage reaches its bounds, exceeds none, and no count grows", () => {
  fc.assert(
    fc.property(usages, bounds, (usage, most) => {
      const bounded = boundUsage(usage, most);
      const output = countTokens(usage) - countContext(usage);
      assert.equal(countContext(bounded), Math.min(countContext(usage), most.context));
      assert.equal(countTokens(bounded) - countContext(bounded), Math.min(output, most.output));
      assert.ok(
        fixedMeters.every(
          (meter) => (bounded[meter] ?? 0) <= (usage[meter] ?? 0) && (bounded[meter] ?? 0) >= 0,
        ),
      );
      assert.ok((bounded.web_search ?? 0) <= most.toolCalls);
      assert.ok((bounded.reasoning ?? 0) <= (bounded.output ?? 0));
    }),
  );
});

test("the most expensive counts are kept: written before plain, plain before cached", () => {
  const usage = {
    input: 50,
    cache_read: 40,
    cache_write_5m: 10,
    output: 9,
    output_audio: 3,
    reasoning: 9,
  };
  assert.deepEqual(boundUsage(usage, { context: 30, output: 5, toolCalls: 1 }), {
    input: 20,
    cache_read: 0,
    cache_write_5m: 10,
    output: 2,
    output_audio: 3,
    reasoning: 2,
  });
});
