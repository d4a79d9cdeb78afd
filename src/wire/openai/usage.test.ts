/** Tests how reported usage becomes disjoint counts, and reported costs exact amounts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatUsd, mostPerCall } from "../../domain/money/money.ts";
import { countContext } from "../../domain/usage/usage.ts";
import { parseReportedUsd } from "../count/decimal.ts";
import { readUsage, type UsageReading } from "./usage.ts";

function read(usage: unknown, generates = true): UsageReading {
  return readUsage(typeof usage === "string" ? usage : JSON.stringify(usage), generates);
}

function cost(usage: string): string | null {
  const { reportedCost } = read(usage);
  return reportedCost === null ? null : formatUsd(reportedCost);
}

test("cache reads and writes are subtracted from the prompt", () => {
  const { usage, invalid } = read({
    prompt_tokens: 100,
    completion_tokens: 10,
    total_tokens: 110,
    prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 },
  });
  assert.deepEqual(usage, { input: 10, cache_read: 60, cache_write_5m: 30, output: 10 });
  assert.equal(invalid, false);
});

test("reasoning is inside the completion, unless the total says otherwise", () => {
  const details = { completion_tokens_details: { reasoning_tokens: 50 } };
  assert.deepEqual(
    read({ prompt_tokens: 1, completion_tokens: 60, total_tokens: 61, ...details }).usage,
    {
      input: 1,
      output: 60,
      reasoning: 50,
    },
  );
  assert.deepEqual(
    read({ prompt_tokens: 1, completion_tokens: 60, total_tokens: 111, ...details }).usage,
    {
      input: 1,
      output: 110,
      reasoning: 50,
    },
  );
  assert.deepEqual(read({ prompt_tokens: 1, completion_tokens: 60, ...details }).usage, {
    input: 1,
    output: 60,
    reasoning: 50,
  });
});

test("tokens that only the total includes are audio if seconds of it are reported, else output", () => {
  const counts = { prompt_tokens: 4, completion_tokens: 635, total_tokens: 3264 };
  const output = { input: 4, output: 3260, reasoning: 2625 };
  const heard = { input: 4, output: 635, input_audio: 2625 };
  for (const seconds of [203, 202.1])
    assert.deepEqual(read({ ...counts, prompt_audio_seconds: seconds }).usage, {
      ...heard,
      audio_seconds: 203,
    });
  for (const nothing of [undefined, null, 0, {}, "203", -1]) {
    const { usage, invalid } = read({ ...counts, prompt_audio_seconds: nothing });
    assert.deepEqual([usage, invalid], [output, false], JSON.stringify(nothing));
  }
  assert.ok(read({ ...counts, prompt_audio_seconds: 1e12 }).invalid);
});

test("without a total, reasoning that cannot be inside the completion is added, and flagged", () => {
  const { usage, invalid } = read({
    prompt_tokens: 1,
    completion_tokens: 2,
    completion_tokens_details: { reasoning_tokens: 50 },
  });
  assert.deepEqual(usage, { input: 1, output: 52, reasoning: 50 });
  assert.equal(invalid, true);
});

test("DeepSeek's cache hits and misses add up to the prompt", () => {
  const expected = { input: 19, cache_read: 320, output: 83 };
  assert.deepEqual(
    read({
      prompt_tokens: 339,
      completion_tokens: 83,
      prompt_cache_hit_tokens: 320,
      prompt_cache_miss_tokens: 19,
    }).usage,
    expected,
  );
  assert.deepEqual(
    read({ completion_tokens: 83, prompt_cache_hit_tokens: 320, prompt_cache_miss_tokens: 19 })
      .usage,
    expected,
  );
});

test("audio has its own meters, and is not counted as text", () => {
  const { usage, invalid } = read({
    prompt_tokens: 100,
    completion_tokens: 50,
    total_tokens: 150,
    prompt_tokens_details: { audio_tokens: 40, cached_tokens: 30 },
    completion_tokens_details: { audio_tokens: 45 },
  });
  assert.deepEqual(usage, {
    input: 30,
    cache_read: 30,
    input_audio: 40,
    output: 5,
    output_audio: 45,
  });
  assert.equal(invalid, false);
});

test("audio that can only have been cached is cached audio", () => {
  const { usage, invalid } = read({
    prompt_tokens: 100,
    completion_tokens: 1,
    prompt_tokens_details: { audio_tokens: 50, cached_tokens: 80 },
  });
  assert.deepEqual(usage, {
    input: 0,
    cache_read: 50,
    input_audio: 20,
    cache_read_audio: 30,
    output: 1,
  });
  assert.equal(invalid, false);
});

test("images that a provider counts separately have their own meters", () => {
  const details = {
    prompt_tokens_details: { image_tokens: 8 },
    completion_tokens_details: { image_tokens: 20 },
  };
  assert.deepEqual(read({ prompt_tokens: 10, completion_tokens: 30, ...details }).usage, {
    input: 2,
    input_image: 8,
    output: 10,
    output_image: 20,
  });
});

test("an embedding has no output, and a reported zero is a zero", () => {
  const embedded = read({ prompt_tokens: 12, total_tokens: 12 }, false);
  assert.deepEqual([embedded.usage, embedded.invalid], [{ input: 12, output: 0 }, false]);
  assert.deepEqual(read({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }).usage, {
    input: 0,
    output: 0,
  });
});

test("the rest of an embedding's total beyond the prompt is input", () => {
  for (const usage of [
    { prompt_tokens: 100, total_tokens: 130 },
    { total_tokens: 130 },
    { prompt_tokens: 130, total_tokens: 100 },
  ]) {
    const { usage: read, invalid } = readUsage(JSON.stringify(usage), false);
    assert.deepEqual([read, invalid], [{ input: 130, output: 0 }, false], JSON.stringify(usage));
  }
});

test("an absent completion count follows from the total", () => {
  assert.deepEqual(read({ prompt_tokens: 5, total_tokens: 12 }).usage, { input: 5, output: 7 });
});

test("an empty usage object counts nothing", () => {
  assert.equal(read({}).usage, null);
});

test("counts that are negative, fractional or absurd are omitted and flagged", () => {
  for (const count of ["-1", "1.5", "1e10", '"7"', "true", "[1]", "1e400"]) {
    const { usage, invalid } = read(
      `{"prompt_tokens":${count},"completion_tokens":3,"total_tokens":4}`,
    );
    assert.deepEqual(usage, { output: 3 }, count);
    assert.equal(invalid, true, count);
  }
  assert.deepEqual(read({ prompt_tokens: 3, completion_tokens: -5, total_tokens: 9 }).usage, {
    input: 3,
  });
  const negative = read({ prompt_tokens: 3, completion_tokens: -5 });
  assert.deepEqual([negative.usage, negative.invalid], [{ input: 3 }, true]);
});

test("parts larger than a confirmed whole are reduced to it, and flagged", () => {
  const { usage, invalid } = read({
    prompt_tokens: 10,
    completion_tokens: 1,
    total_tokens: 11,
    prompt_tokens_details: { cached_tokens: 15, cache_write_tokens: 2 },
  });
  assert.deepEqual(usage, { input: 0, cache_read: 10, output: 1 });
  assert.equal(invalid, true);
});

test("details that are null or of another type are ignored", () => {
  assert.deepEqual(
    read({
      prompt_tokens: 1,
      completion_tokens: 2,
      prompt_tokens_details: null,
      completion_tokens_details: 5,
    }).usage,
    {
      input: 1,
      output: 2,
    },
  );
});

test("the counts are disjoint and add up to all tokens read and written, whatever is reported", () => {
  const count = fc.integer({ min: 0, max: 200 });
  const details = fc.record({
    cached_tokens: count,
    cache_write_tokens: count,
    audio_tokens: count,
    image_tokens: count,
  });
  fc.assert(
    fc.property(
      fc.tuple(count, count),
      details,
      fc.record({ reasoning_tokens: count, audio_tokens: count, image_tokens: count }),
      ([prompt, completion], input, output) => {
        const { usage } = read({
          prompt_tokens: prompt,
          completion_tokens: completion,
          total_tokens: prompt + completion,
          prompt_tokens_details: input,
          completion_tokens_details: output,
        });
        assert.ok(usage);
        assert.ok(Object.values(usage).every((value) => value >= 0));
        assert.equal(countContext(usage), prompt);
        assert.equal(
          (usage.output ?? 0) + (usage.output_audio ?? 0) + (usage.output_image ?? 0),
          completion,
        );
      },
    ),
  );
});

test("searches in a usage object are counted", () => {
  assert.equal(
    read({ prompt_tokens: 1, completion_tokens: 1, server_tool_use: { web_search_requests: 2 } })
      .usage?.web_search,
    2,
  );
  assert.equal(
    read({ prompt_tokens: 1, completion_tokens: 1, num_search_queries: 3 }).usage?.web_search,
    3,
  );
});

test("xAI's tools are counted as they are billed, and a count of zero is zero", () => {
  const details = {
    web_search_calls: 1,
    x_search_calls: 2,
    code_interpreter_calls: 3,
    file_search_calls: 4,
    mcp_calls: 5,
  };
  const toolsOf = (counts: unknown): unknown =>
    read({ input_tokens: 1, output_tokens: 1, server_side_tool_usage_details: counts }).tools;
  assert.deepEqual(toolsOf(details), { web_search: 3, file_search: 4, code_execution: 3 });
  assert.deepEqual(toolsOf({ web_search_calls: 0, x_search_calls: -1 }), {
    web_search: 0,
    file_search: 0,
    code_execution: 0,
  });
  assert.equal(toolsOf(null), undefined);
});

test("OpenRouter's cost is exact, and includes the upstream's cost for a caller's own key", () => {
  assert.equal(cost('{"prompt_tokens":1,"completion_tokens":1,"cost":0.0043275}'), "0.0043275");
  assert.equal(
    cost('{"cost":1.2e-05,"is_byok":false,"cost_details":{"upstream_inference_cost":9}}'),
    "0.000012",
  );
  assert.equal(
    cost('{"cost":0.001,"is_byok":true,"cost_details":{"upstream_inference_cost":0.019}}'),
    "0.02",
  );
  assert.equal(
    cost('{"cost":0,"is_byok":true,"cost_details":{"upstream_inference_cost":null}}'),
    "0",
  );
});

test("OpenRouter's fee is only a part of the cost if the upstream's is not reported", () => {
  const isPart = (usage: string): boolean => readUsage(usage, true).costIsPart;
  assert.ok(
    isPart('{"cost":0.001,"is_byok":true,"cost_details":{"upstream_inference_cost":null}}'),
  );
  assert.ok(isPart('{"cost":0.001,"is_byok":true}'));
  assert.ok(!isPart('{"cost":0.001,"is_byok":true,"cost_details":{"upstream_inference_cost":0}}'));
  assert.ok(!isPart('{"cost":0.001,"is_byok":false}'));
});

test("xAI's ticks are ten-billionths of a dollar", () => {
  assert.equal(cost('{"cost_in_usd_ticks":1176500}'), "0.00011765");
  assert.equal(cost('{"cost_in_usd_ticks":1}'), "0.0000000001");
});

test("a nested cost is found, a missing or absurd one is omitted", () => {
  assert.equal(cost('{"cost":{"total_cost":0.006}}'), "0.006");
  assert.equal(cost('{"cost":null}'), null);
  assert.equal(cost('{"cost":-1}'), null);
  assert.equal(cost('{"cost":1e300}'), null);
});

test("an impossible cost is ignored and flagged; an absent one is not flagged", () => {
  const isInvalid = (fields: string): boolean =>
    readUsage(`{"prompt_tokens":1,"completion_tokens":1,${fields}}`, true).invalid;
  assert.equal(cost(`{"cost":${formatUsd(mostPerCall)}}`), formatUsd(mostPerCall));
  const upstream = '"is_byok":true,"cost_details":{"upstream_inference_cost":9000000}';
  const unbelievable = [
    '"cost":10000000',
    '"cost":-1',
    '"cost":"free"',
    '"cost_in_usd_ticks":1e17',
    `"cost":900000,${upstream}`,
  ];
  for (const fields of unbelievable) {
    assert.equal(cost(`{${fields}}`), null, fields);
    assert.ok(isInvalid(fields), fields);
  }
  for (const fields of ['"cost":null', '"cost":{}', `"cost":1,${upstream}`])
    assert.ok(!isInvalid(fields), fields);
});

test("a cost with the noise of a float is rounded to a pico-dollar", () => {
  assert.equal(formatUsd(parseReportedUsd("0.00009900000000000001") ?? assert.fail()), "0.000099");
  assert.equal(formatUsd(parseReportedUsd("1.5e-12") ?? assert.fail()), "0.000000000002");
  assert.equal(formatUsd(parseReportedUsd("4e-400") ?? assert.fail()), "0");
  assert.equal(formatUsd(parseReportedUsd("1E+2") ?? assert.fail()), "100");
  assert.deepEqual(
    ["", "1.", ".5", "NaN", "1e", "0x10", "1e9999"].map((text) => parseReportedUsd(text)),
    Array.from({ length: 7 }, () => null),
  );
});

test("any amount of pico-dollars is read exactly, in any notation", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: mostPerCall }),
      fc.integer({ min: -6, max: 6 }),
      (amount, exponent) => {
        const digits = amount.toString().padStart(20, "0");
        const point = digits.length - 12;
        const plain = `${digits.slice(0, point)}.${digits.slice(point)}`;
        const moved = `${digits.slice(0, point + exponent)}.${digits.slice(point + exponent)}e${-exponent}`;
        assert.equal(parseReportedUsd(plain), amount);
        assert.equal(parseReportedUsd(moved), amount);
      },
    ),
  );
});
