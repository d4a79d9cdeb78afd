/** Reads entries of LiteLLM's map as catalogue rows. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRow } from "../../domain/price/text/row-text.ts";
import { doubtsOf } from "../../domain/price/update/list-doubt.ts";
import { matchId } from "../../domain/price/id/id-rule.ts";
import { readPublished, type PublishedList } from "./source.ts";

const at = Date.parse("2026-11-28T00:00:00Z");

/** @param entries JSON text by key, without the provider's field. */
function read(provider: string, entries: Readonly<Record<string, string>>): PublishedList {
  const texts = Object.entries(entries).map(
    ([key, fields]) =>
      `${JSON.stringify(key)}:{${fields}${fields.includes("alias_of") ? "" : `,"litellm_provider":"${provider}"`}}`,
  );
  return readPublished(`{${texts.join(",")}}`, { at });
}

function rowTexts(list: PublishedList): readonly object[] {
  return list.rows.map((row) => {
    const { cache_writes: _, ...text } = formatRow(row);
    return row.regions === undefined ? { ...text, regions: undefined } : text;
  });
}

test("rates per token become USD per million, with tiers by context and service", () => {
  const list = read("openai", {
    "gpt-9": `"mode":"chat","input_cost_per_token":2e-06,"output_cost_per_token":1e-05,
      "cache_read_input_token_cost":2.0000000000000001e-07,"cache_creation_input_token_cost":0.0,
      "input_cost_per_token_above_272k_tokens":4e-06,"output_cost_per_token_above_272k_tokens":1.5e-05,
      "input_cost_per_token_batches":1e-06,"output_cost_per_token_batches":5e-06,
      "cache_read_input_token_cost_batches":1e-07,
      "input_cost_per_token_above_272k_tokens_batches":2e-06,
      "output_cost_per_token_above_272k_tokens_batches":7.5e-06,
      "input_cost_per_token_priority":4e-06,"output_cost_per_token_priority":2.1e-05,
      "input_cost_per_token_ultrafast":9e-06,
      "search_context_cost_per_query":{"search_context_size_low":0.01,"search_context_size_high":0.012},
      "max_input_tokens":922000,"max_output_tokens":128000`,
  });
  assert.deepEqual(rowTexts(list), [
    {
      provider: "openai",
      model: "gpt-9",
      input: "2",
      output: "10",
      cache_read: "0.2",
      web_search: "0.012",
      context_tiers: [{ above: 272_000, input: "4", output: "15" }],
      service_tiers: {
        batch: { factor: "0.5" },
        priority: { input: "4", output: "21" },
        fast: { input: "4", output: "21" },
      },
      regions: undefined,
      context_window: 922_000,
      max_output_tokens: 128_000,
    },
  ]);
});

test("xAI's thresholds are included, others' are not", () => {
  const entry = `"input_cost_per_token":2e-06,"output_cost_per_token":6e-06,"input_cost_per_token_above_200k_tokens":4e-06`;
  const tierOf = (provider: string) =>
    read(provider, { [`${provider}/m`]: entry }).rows[0]?.contextTiers?.[0]?.inclusive;
  assert.equal(tierOf("xai"), true);
  assert.equal(tierOf("gemini"), false);
});

test("regions, image variants and routes of one model become one row", () => {
  const azure = read("azure", {
    "azure/gpt-9": `"input_cost_per_token":1e-06,"output_cost_per_token":2e-06`,
    "azure/eu/gpt-9": `"input_cost_per_token":1.1e-06,"output_cost_per_token":2.2e-06`,
    "azure/global/gpt-9": `"input_cost_per_token":1e-06,"output_cost_per_token":2e-06`,
    "azure/hd/1024-x-1792/dall-e-3": `"mode":"image_generation","input_cost_per_pixel":6.539e-08`,
    "azure/standard/1024-x-1024/dall-e-3": `"mode":"image_generation","input_cost_per_image":0.04`,
  });
  assert.deepEqual(
    azure.rows.map(({ model, regions }) => [model, regions]),
    [
      ["gpt-9", { "azure-eu": { numerator: 11n, denominator: 10n } }],
      ["dall-e-3", undefined],
    ],
  );
  assert.deepEqual(formatRow(azure.rows[1] ?? assert.fail()).meters, {
    images_hd_1024x1792: "0.12",
    images_standard_1024x1024: "0.04",
  });
  const aws = read("bedrock", {
    "anthropic.claude-v9": `"input_cost_per_token":8e-06,"output_cost_per_token":2.4e-05`,
    "bedrock/ap-northeast-1/anthropic.claude-v9": `"input_cost_per_token":9e-06,"output_cost_per_token":2.5e-05`,
    "bedrock/*/1-month-commitment/anthropic.claude-v9": `"input_cost_per_second":0.01`,
  });
  assert.deepEqual(aws.rows[0]?.regions, {
    "ap-northeast-1": { rates: { input: 9_000_000n, output: 25_000_000n } },
  });
  assert.match(aws.skipped[0]?.why ?? "", /capacity bought for months/);
});

test("other units have the meter of what the model does", () => {
  const units = (entry: string) => {
    const list = read("acme", { m: entry });
    return list.rows[0] ? formatRow(list.rows[0]).meters : list.skipped[0]?.why;
  };
  assert.deepEqual(units(`"mode":"audio_transcription","input_cost_per_second":0.0001`), {
    audio_seconds: "0.0001",
  });
  assert.deepEqual(units(`"mode":"audio_speech","input_cost_per_character":1.5e-05`), {
    characters: "0.000015",
  });
  assert.deepEqual(
    units(
      `"mode":"video_generation","output_cost_per_second":0.1,"output_cost_per_second_1080p":0.2`,
    ),
    { video_seconds: "0.1", video_seconds_1080p: "0.2" },
  );
  assert.deepEqual(
    units(`"mode":"ocr","ocr_cost_per_page":0.004,"annotation_cost_per_page":0.005`),
    { pages: "0.004", annotated_pages: "0.005" },
  );
  assert.deepEqual(units(`"mode":"rerank","input_cost_per_query":0.002`), {
    search_units: "0.002",
  });
  assert.deepEqual(units(`"mode":"image_generation","output_cost_per_image":0.04`), {
    images: "0.04",
  });
  assert.deepEqual(units(`"mode":"embedding","input_cost_per_image":0.0001`), {
    input_images: "0.0001",
  });
  assert.match(
    JSON.stringify(units(`"mode":"embedding","input_cost_per_query":0.1`)),
    /unknown unit/,
  );
});

test("a price that is stated both by token and by unit is charged by token only", () => {
  const [row] = read("openai", {
    tts: `"mode":"audio_speech","input_cost_per_token":6e-07,"output_cost_per_audio_token":1.2e-05,
      "output_cost_per_second":0.00025`,
  }).rows;
  assert.deepEqual(Object.keys(row?.rates ?? {}).sort(), ["input", "output_audio"]);
});

test("what a row cannot state right is skipped with the reason", () => {
  const why = (entry: string) => read("acme", { m: entry }).skipped[0]?.why;
  const text = `"input_cost_per_token":1e-06,"output_cost_per_token":2e-06`;
  assert.equal(
    why(`${text},"output_cost_per_reasoning_token":3e-06`),
    "charges output reasoning tokens apart",
  );
  assert.equal(why(`${text},"output_cost_per_reasoning_token":2e-06`), undefined);
  assert.equal(
    why(`"input_cost_per_token":1e-06,"output_cost_per_token":0`),
    "has no price for output",
  );
  assert.match(why(`"input_cost_per_token":0,"output_cost_per_token":0`) ?? "", /at zero/);
  assert.equal(why(`"max_tokens":5`), "has no price");
  assert.match(why(`${text},"output_cost_per_moonbeam":3`) ?? "", /unknown unit/);
});

test("a model is skipped if a price is no number, or if only its output has one", () => {
  const why = (entry: string) => read("acme", { m: entry }).skipped[0]?.why;
  const output = `"output_cost_per_token":2e-06`;
  for (const value of ["true", "[1]", "{}", '""', "-1"])
    assert.equal(
      why(`"input_cost_per_token":${value},${output}`),
      "has a price that is not a number of 0 or more, input_cost_per_token",
    );
  const priced = `"input_cost_per_token":1e-06,${output}`;
  for (const field of ["input_cost_per_token_batches", "search_context_cost_per_query"])
    assert.match(why(`${priced},"${field}":true`) ?? "", new RegExp(`not a number.*${field}`));
  for (const more of [`"off_peak_pricing":true`, `"off_peak_pricing":{"input_cost_per_token":[]}`])
    assert.match(why(`${priced},${more}`) ?? "", /not a number/);
  assert.match(why(`${priced},"tiered_pricing":true`) ?? "", /ranges of another kind/);
  const outputs = [output, `"mode":"image_generation","output_cost_per_image_token":2e-06`];
  for (const entry of outputs)
    for (const input of ["", `"input_cost_per_token":null,`, `"input_cost_per_token":0,`])
      assert.equal(why(input + entry), "has no price for input");
  const byRequest = `"input_cost_per_request":0.005,${output}`;
  assert.equal(read("acme", { m: byRequest }).rows.length, 1, "input is charged by the call");
});

const offPeakRate = `"input_cost_per_token":1e-07`;

function offPeak(block: string): PublishedList {
  const peak = `"input_cost_per_token":3e-07,"output_cost_per_token":1.2e-06`;
  return read("acme", { m: `${peak},"off_peak_pricing":{${offPeakRate},${block}}` });
}

test("hours off the peak may go past midnight, and are those of every day without weekdays", () => {
  const every = [1, 2, 3, 4, 5, 6, 7];
  const wrapped = [
    [every, 990, 1440],
    [every, 0, 30],
  ];
  const cases = [
    [`"hours_utc":"16:30-00:30"`, wrapped],
    [`"hours_utc":["16:30-00:30"],"windows":null`, wrapped],
    [`"windows":[{"hours_utc":"16:30-00:30"}]`, wrapped],
    [
      `"hours_utc":"10:00-10:00"`,
      [
        [every, 600, 1440],
        [every, 0, 600],
      ],
    ],
    [
      `"hours_utc":"01:00-02:00","windows":[{"hours_utc":"00:00-00:00","weekdays":[6,"sun"]}]`,
      [
        [every, 60, 120],
        [[6, 7], 0, 1440],
      ],
    ],
    [
      `"windows":[{"hours_utc":"22:00-06:00","weekdays":["Friday","THURS"]}]`,
      [
        [[5, 4], 1320, 1440],
        [[5, 4], 0, 360],
      ],
    ],
    // 16:00 in UTC is midnight in Shanghai, after which it is the next day there.
    [
      `"weekday_timezone":"Asia/Shanghai","windows":[{"hours_utc":"10:00-18:00","weekdays":[1,2]}]`,
      [
        [[1, 2], 600, 960],
        [[1, 7], 960, 1080],
      ],
    ],
    [
      `"hours_utc":"01:00-02:00","windows":[{"hours_utc":"00:00-00:00","override_dates":["2026-10-01"]}]`,
      [[every, 60, 120]],
    ],
  ] as const;
  for (const [block, expected] of cases) {
    const [row] = offPeak(block).rows;
    assert.deepEqual(
      row?.schedules?.map(({ weekdays, fromMinute, toMinute }) => [weekdays, fromMinute, toMinute]),
      expected,
      block,
    );
    assert.ok(row.schedules?.every(({ rates }) => rates.input === 100_000n));
  }
});

test("an entry is skipped if its hours off the peak cannot be read", () => {
  const cases = [
    [`"windows":[]`, "windows"],
    [`"windows":{}`, "windows"],
    [`"windows":[1]`, "windows"],
    [`"windows":[{"weekdays":[6]}]`, "hours_utc"],
    [`"windows":[{"hours_utc":[]}]`, "hours_utc"],
    [`"windows":[{"hours_utc":["16:30-00:30","4pm-midnight"]}]`, "hours_utc"],
    [`"windows":[{"hours_utc":"01:00-02:00","weekdays":[]}]`, "weekdays"],
    [`"windows":[{"hours_utc":"01:00-02:00","weekdays":[0]}]`, "weekdays"],
    [`"windows":[{"hours_utc":"01:00-02:00","weekdays":["Funday"]}]`, "weekdays"],
    [`"windows":[{"hours_utc":"01:00-02:00","months":[1]}]`, "months"],
    [`"hours_utc":1630`, "hours_utc"],
    [`"hours_utc":"16:30"`, "hours_utc"],
    [`"hours_utc":"25:00-01:00"`, "hours_utc"],
    [`"hours_utc":"01:00-02:00","weekday_timezone":"Europe/Berlin"`, "weekday_timezone"],
    [`"discount":0.5`, "discount"],
    [`"note":null`, "note"],
    [offPeakRate, "hours_utc"],
  ] as const;
  for (const [block, name] of cases)
    assert.equal(
      offPeak(block).skipped[0]?.why,
      `has hours of another kind, off_peak_pricing.${name}`,
      block,
    );
});

test("a tier or a region of a new model at zero is doubted, also if the map calls it a price", () => {
  const main = `"input_cost_per_token":1e-06,"output_cost_per_token":2e-06`;
  const zeros = [
    `"input_cost_per_token_batches":0,"output_cost_per_token_batches":0`,
    `"input_cost_per_token_batches":5e-07,"output_cost_per_token_batches":0`,
    `"output_cost_per_token_flex":0`,
    `"output_cost_per_token_above_200k_tokens":0,"input_cost_per_token_above_200k_tokens":2e-06`,
    `"regional_endpoint_uplift_multiplier":0`,
  ];
  const kindsOf = (entry: string): readonly (readonly string[])[] =>
    read("acme", { m: entry }).rows.map((row) => {
      const change = {
        ...row,
        kind: "new",
        rates: [],
        carried: [],
        rows: [row],
        knownChange: null,
      } as const;
      return doubtsOf(change).map(({ kind }) => kind);
    });
  for (const zero of zeros) assert.deepEqual(kindsOf(`${main},${zero}`), [["zero"]], zero);
  assert.deepEqual(kindsOf(main), [[]]);
});

test("prices by range, hours off the peak, aliases and ends are read", () => {
  const list = read("acme", {
    ranges: `"tiered_pricing":[
      {"input_cost_per_token":5e-08,"output_cost_per_token":4e-07,"range":[0,256000.0]},
      {"input_cost_per_token":2.5e-07,"output_cost_per_token":2e-06,"range":[256000.0,1000000.0]}]`,
    hours: `"input_cost_per_token":3e-07,"output_cost_per_token":1.2e-06,"deprecation_date":"2026-07-24",
      "off_peak_pricing":{"input_cost_per_token":1.5e-07,"windows":[
        {"hours_utc":["10:00-00:00"],"weekdays":[1,2]},{"hours_utc":"00:00-00:00","weekdays":[6,7]}]}`,
    "acme/latest": `"alias_of":"hours"`,
  });
  const [ranges, hours] = list.rows;
  assert.deepEqual(ranges?.contextTiers, [
    { tokens: 256_000, inclusive: false, rates: { input: 250_000n, output: 2_000_000n } },
  ]);
  assert.deepEqual(
    hours?.schedules?.map(({ weekdays, fromMinute, toMinute }) => [weekdays, fromMinute, toMinute]),
    [
      [[1, 2], 600, 1440],
      [[6, 7], 0, 1440],
    ],
  );
  assert.equal(matchId(hours?.ids ?? { equals: "" }, "latest")?.match, "exact");
  assert.deepEqual(list.ends, [{ provider: "acme", model: "hours", on: Date.parse("2026-07-24") }]);
});

test("image tokens at the price of text follow it in long contexts", () => {
  const long = `"input_cost_per_token":1e-06,"input_cost_per_token_above_200k_tokens":2e-06,"output_cost_per_token":3e-06`;
  const imagesOf = (entry: string): string | undefined =>
    formatRow(read("acme", { m: `${long},${entry}` }).rows[0] ?? assert.fail()).input_image;
  assert.equal(imagesOf(`"input_cost_per_image_token":1e-06`), undefined);
  assert.equal(imagesOf(`"input_cost_per_image_token":1.5e-06`), "1.5");
  const stated = `"input_cost_per_image_token_above_200k_tokens":1.5e-06`;
  assert.equal(imagesOf(`"input_cost_per_image_token":1e-06,${stated}`), "1");
});

test("a tier without a price of cached images does not have that of cached text", () => {
  const text = `"input_cost_per_token":5e-06,"output_cost_per_token":8e-06,"cache_read_input_token_cost":1.25e-06,"input_cost_per_token_batches":2.5e-06,"output_cost_per_token_batches":4e-06,"cache_read_input_token_cost_batches":6.3e-07`;
  const batchOf = (entry: string) =>
    read("acme", { m: `${text},${entry}` }).rows[0]?.serviceTiers?.batch;
  assert.deepEqual(batchOf(`"cache_read_input_image_token_cost":2e-06`), {
    numerator: 1n,
    denominator: 2n,
  });
  const both = `"cache_read_input_image_token_cost":2e-06,"cache_read_input_image_token_cost_batches":9e-07`;
  assert.deepEqual(batchOf(both), {
    rates: { input: 2_500_000n, output: 4_000_000n, cache_read: 900_000n },
  });
});
