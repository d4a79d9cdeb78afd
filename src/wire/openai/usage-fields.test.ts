/**
 * Tests that counts are found under every vendor's names, inside or outside the prompt and
 * completion.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countContext, countTokens } from "../../domain/usage/usage.ts";
import { readUsage, type UsageReading } from "./usage.ts";

function read(usage: object): UsageReading {
  return readUsage(JSON.stringify(usage), true);
}

test("without a total, cached tokens that cannot be inside the prompt are added to it, and flagged", () => {
  const { usage, invalid } = read({
    prompt_tokens: 10,
    completion_tokens: 1,
    cache_read_input_tokens: 15,
    cache_creation_input_tokens: 2,
  });
  assert.deepEqual(usage, { input: 10, cache_read: 15, cache_write_5m: 2, output: 1 });
  assert.equal(invalid, true);
});

const counted = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };

test("cache reads are found under every vendor's name, even next to a zero under another", () => {
  const shapes = [
    { prompt_tokens_details: { cached_tokens: 60 } },
    { prompt_tokens_details: { cached_tokens: 0 }, cache_read_input_tokens: 60 },
    { prompt_tokens_details: { cache_read_input_tokens: 60 } },
    { prompt_tokens_details: { cached_tokens: 60 }, cache_read_input_tokens: 60 },
    { prompt_cache_hit_tokens: 60, prompt_cache_miss_tokens: 40 },
    { prompt_tokens_details: { cached_tokens: 0 }, prompt_cache_hit_tokens: 60 },
    { cached_tokens: 60 },
    { cached_prompt_tokens: 60 },
    { cached_input_tokens: 60 },
    { num_cached_tokens: 60 },
    { input_tokens_details: { cached_tokens: 60 }, prompt_tokens_details: null },
    { input_token_details: { cached_tokens: 60 } },
  ];
  for (const shape of shapes) {
    const { usage, invalid } = read({ ...counted, ...shape });
    assert.deepEqual(
      [usage, invalid],
      [{ input: 40, cache_read: 60, output: 10 }, false],
      JSON.stringify(shape),
    );
  }
  const responses = {
    input_tokens: 100,
    output_tokens: 10,
    total_tokens: 110,
    cache_read_input_tokens: 60,
  };
  assert.deepEqual(read(responses).usage, { input: 40, cache_read: 60, output: 10 });
});

test("cache writes are found under every name, with their lifetime if it is reported", () => {
  const written = (shape: object): unknown => read({ ...counted, ...shape }).usage;
  const fiveMinutes = { input: 40, cache_write_5m: 60, output: 10 };
  for (const name of [
    "cache_write_tokens",
    "cache_creation_input_tokens",
    "cache_creation_tokens",
  ]) {
    assert.deepEqual(
      written({ prompt_tokens_details: { [name]: 60, cached_tokens: 0 } }),
      fiveMinutes,
      `${name} in the details`,
    );
    assert.deepEqual(written({ [name]: 60 }), fiveMinutes, name);
  }
  assert.deepEqual(written({ prompt_tokens_details: { cached_creation_tokens: 60 } }), fiveMinutes);
  const split = { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 40 };
  const lifetimes = { input: 40, cache_write_5m: 20, cache_write_1h: 40, output: 10 };
  assert.deepEqual(written({ cache_creation: split }), lifetimes);
  assert.deepEqual(written({ cache_creation_input_tokens: 60, cache_creation: split }), lifetimes);
  assert.deepEqual(
    written({
      prompt_tokens_details: { cache_creation_tokens: 60, cache_creation_token_details: split },
    }),
    lifetimes,
  );
  assert.deepEqual(
    written({ prompt_tokens_details: { cache_creation_input_tokens: 60, cache_creation: split } }),
    lifetimes,
  );
  assert.deepEqual(
    written({ claude_cache_creation_5_m_tokens: 20, claude_cache_creation_1_h_tokens: 40 }),
    lifetimes,
  );
});

test("cached tokens are outside the prompt if the total says so, or Anthropic's names do without a total", () => {
  const cache = { cache_read_input_tokens: 60, cache_creation_input_tokens: 30 };
  const beside = { input: 100, cache_read: 60, cache_write_5m: 30, output: 10 };
  assert.deepEqual(
    read({ prompt_tokens: 100, completion_tokens: 10, total_tokens: 200, ...cache }).usage,
    beside,
  );
  assert.deepEqual(
    read({ input_tokens: 100, output_tokens: 10, total_tokens: 200, ...cache }).usage,
    beside,
  );
  assert.deepEqual(read({ input_tokens: 100, output_tokens: 10, ...cache }), {
    usage: beside,
    reportedCost: null,
    costIsPart: false,
    tools: undefined,
    invalid: false,
  });
  assert.deepEqual(read({ prompt_tokens: 100, completion_tokens: 10, ...cache }).usage, {
    input: 10,
    cache_read: 60,
    cache_write_5m: 30,
    output: 10,
  });
});

test("the rest of a total beyond all reported counts is hidden output", () => {
  assert.deepEqual(read({ prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 }), {
    usage: { input: 20, output: 603, reasoning: 405 },
    reportedCost: null,
    costIsPart: false,
    tools: undefined,
    invalid: false,
  });
  const details = {
    prompt_tokens_details: { cached_tokens: 5 },
    completion_tokens_details: { reasoning_tokens: 30 },
  };
  assert.deepEqual(
    read({ prompt_tokens: 20, completion_tokens: 10, total_tokens: 130, ...details }).usage,
    {
      input: 15,
      cache_read: 5,
      output: 110,
      reasoning: 100,
    },
  );
});

test("a total of zero, or of less than its parts, is ignored", () => {
  for (const total_tokens of [0, 5, null]) {
    assert.deepEqual(read({ prompt_tokens: 20, completion_tokens: 10, total_tokens }).usage, {
      input: 20,
      output: 10,
    });
  }
  assert.deepEqual(read({ completion_tokens: 10, total_tokens: 30 }).usage, {
    input: 20,
    output: 10,
  });
});

test("no reported token is lost or counted twice, whatever names are used", () => {
  const count = fc.integer({ min: 0, max: 300 });
  const anything = fc.record(
    {
      cached_tokens: count,
      cache_read_input_tokens: count,
      cache_creation_input_tokens: count,
      prompt_cache_hit_tokens: count,
      reasoning_tokens: count,
      cache_creation: fc.record(
        { ephemeral_5m_input_tokens: count, ephemeral_1h_input_tokens: count },
        { requiredKeys: [] },
      ),
      prompt_tokens_details: fc.record(
        {
          cached_tokens: count,
          cache_creation_input_tokens: count,
          cache_write_tokens: count,
          audio_tokens: count,
          image_tokens: count,
        },
        { requiredKeys: [] },
      ),
      completion_tokens_details: fc.record(
        { reasoning_tokens: count, audio_tokens: count },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.tuple(count, count, fc.option(fc.integer({ min: 0, max: 1500 }))),
      anything,
      ([prompt, completion, total], fields) => {
        const { usage } = read({
          prompt_tokens: prompt,
          completion_tokens: completion,
          total_tokens: total,
          ...fields,
        });
        assert.ok(usage);
        assert.ok(Object.values(usage).every((value) => Number.isInteger(value) && value >= 0));
        assert.ok(countContext(usage) >= prompt);
        const output = countTokens(usage) - countContext(usage);
        assert.ok(output >= completion);
        assert.ok((usage.reasoning ?? 0) <= (usage.output ?? 0));
        // A total that leaves room for its parts is the sum of what is charged.
        if (total !== null && total >= prompt + completion && total > 0)
          assert.equal(countTokens(usage), total);
      },
    ),
  );
});
