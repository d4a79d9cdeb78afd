/** Reads data of genai-prices as catalogue rows. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import { formatUsd } from "../../domain/money/money.ts";
import { formatPerMillion } from "../../domain/price/text/per-million.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import type { CatalogueRow } from "../../domain/price/row/row.ts";
import { readPublished, type PublishedList } from "./source.ts";

const at = Date.parse("2026-11-28T00:00:00Z");

/** @param prices JSON text, so that numbers are written as in a file. */
function list(prices: string, { id = "acme", more = "" } = {}): PublishedList {
  const model = `{"id":"m","match":{"equals":"m"},"prices":${prices}${more}}`;
  return readPublished(`[{"id":"${id}","name":"x","api_pattern":"x","models":[${model}]}]`, { at });
}

function rows(prices: string, options?: { id?: string; more?: string }): readonly CatalogueRow[] {
  return list(prices, options).rows;
}

function first(found: readonly CatalogueRow[]): CatalogueRow {
  return found[0] ?? assert.fail("there is a row");
}

function perMillion(price: string): string {
  const rate = first(rows(`{"input_mtok":${price}}`)).rates.input;
  return rate === undefined ? assert.fail("input has a rate") : formatPerMillion(rate);
}

test("a float becomes the intended price, exactly", () => {
  assert.equal(perMillion("0.18000000000000002"), "0.18");
  assert.equal(perMillion("0.003625"), "0.003625");
  assert.equal(perMillion("0.3"), "0.3");
  assert.equal(perMillion("600"), "600");
  assert.equal(perMillion("0"), "0");
  assert.equal(perMillion("1e-6"), "0.000001");
  assert.equal(perMillion("1.5E+1"), "15");
});

test("a price that is not a whole pico-USD per token is rounded up", () => {
  assert.equal(perMillion("0.08333333333333334"), "0.083334");
});

test("prices per thousand calls are fees per call, and other units have their price per unit", () => {
  const { rates } = first(
    rows(
      '{"input_mtok":1,"web_searches_kcount":10,"storage_searches_kcount":2.5,"requests_kcount":5}',
    ),
  );
  assert.deepEqual(
    [rates.web_search, rates.file_search, rates.request],
    [10_000_000_000n, 2_500_000_000n, 5_000_000_000n],
  );
  const speech = first(rows('{"audio_hours":0.36,"input_mchars":15}')).rates;
  assert.equal(formatUsd(speech[openMeter("audio_seconds")] ?? assert.fail("seconds")), "0.0001");
  assert.equal(formatUsd(speech[openMeter("characters")] ?? assert.fail("characters")), "0.000015");
  assert.equal(speech.input, 0n, "tokens are not billed");
});

test("a model without a price, or with one that a row cannot state, is skipped with the reason", () => {
  assert.deepEqual(list("{}").skipped, [
    { provider: "acme", model: "m", path: "[0].models[0]", why: "has no price", lacks: "price" },
  ]);
  assert.deepEqual(
    list('{"input_mtok":2,"output_mtok":8,"output_reasoning_mtok":3}').skipped[0]?.why,
    "charges output reasoning tokens apart",
  );
  assert.deepEqual(
    list('{"input_mtok":2,"moon_phases":8}').skipped[0]?.why,
    "has a price in an unknown unit, moon_phases",
  );
  assert.equal(rows('{"input_mtok":2,"output_mtok":8,"output_reasoning_mtok":8}').length, 1);
  const video = (rates: string): string | undefined =>
    list(`{"input_mtok":2,"output_mtok":8,${rates}}`).skipped[0]?.why;
  assert.equal(video('"input_video_mtok":3'), "charges input video tokens apart");
  assert.equal(video('"input_video_mtok":3,"input_image_mtok":3'), undefined);
  assert.equal(
    first(rows('{"input_mtok":2,"output_mtok":8,"output_video_mtok":17.5}')).rates.output_image,
    17_500_000n,
  );
});

test("tiers begin above their start, or at the round number after it", () => {
  const tier = (start: number, id = "acme") =>
    first(
      rows(`{"input_mtok":{"base":1,"tiers":[{"start":${start},"price":2}]},"output_mtok":3}`, {
        id,
      }),
    ).contextTiers?.[0];
  const rates = { input: 2_000_000n };
  assert.deepEqual(tier(200_000), { tokens: 200_000, inclusive: false, rates });
  assert.deepEqual(tier(199_999), { tokens: 200_000, inclusive: true, rates });
  assert.deepEqual(tier(271_999, "openai"), { tokens: 272_000, inclusive: false, rates });
});

const day = Date.parse("2026-01-01T00:00:00Z");
const dated = '{"constraint":{"start_date":"2026-01-01"},"prices":{"input_mtok":2}}';

test("dated prices become consecutive rows", () => {
  assert.deepEqual(
    rows(`[{"prices":{"input_mtok":1}},${dated}]`).map(({ validFrom, validTo, rates }) => [
      validFrom,
      validTo,
      rates.input,
    ]),
    [
      [undefined, day, 1_000_000n],
      [day, undefined, 2_000_000n],
    ],
  );
});

test("time-of-day prices belong to the dated price before them, and may pass midnight", () => {
  const hours = (from: string, to: string): string =>
    `{"constraint":{"start_time":"${from}","end_time":"${to}"},"prices":{"input_mtok":5}}`;
  const found = rows(
    `[{"prices":{"input_mtok":1}},${dated},${hours("01:00:00Z", "04:30:00Z")},${hours("22:00:00Z", "00:30:00Z")}]`,
  );
  assert.equal(found[0]?.schedules, undefined);
  assert.deepEqual(
    found[1]?.schedules?.map(({ weekdays, fromMinute, toMinute }) => [
      weekdays.length,
      fromMinute,
      toMinute,
    ]),
    [
      [7, 1_320, 1_440],
      [7, 0, 30],
      [7, 60, 270],
    ],
  );
});

test("a variant is the price of a tier: a factor where it is one, from its date on if that is to come", () => {
  const later = Date.parse("2099-01-01T00:00:00Z");
  const more = `,"price_variants":[
    {"when":{"service_tier":"flex"},"constraint":{"start_date":"2026-01-01"},"prices":{"input_mtok":1,"output_mtok":4}},
    {"when":{"processing":"batch"},"constraint":{"start_date":"2099-01-01"},"prices":{"input_mtok":1,"output_mtok":5}},
    {"when":{"service_tier":"default"},"prices":{}},
    {"when":{"route":"mistral/eu"},"prices":{"input_mtok":9}}]`;
  const found = rows('{"input_mtok":2,"output_mtok":8}', { more });
  const flex = { numerator: 1n, denominator: 2n };
  assert.deepEqual(
    found.map(({ validFrom, validTo, serviceTiers }) => [validFrom, validTo, serviceTiers]),
    [
      [undefined, later, { flex }],
      [later, undefined, { flex, batch: { rates: { input: 1_000_000n, output: 5_000_000n } } }],
    ],
  );
});

test("a variant is not the price of a tier under an earlier standard price", () => {
  const more = `,"price_variants":[
    {"when":{"processing":"batch"},"constraint":{"start_date":"2026-02-01"},"prices":{"input_mtok":1}}]`;
  assert.deepEqual(
    rows(`[{"prices":{"input_mtok":0.4}},${dated}]`, { more }).map(
      ({ validFrom, serviceTiers }) => [validFrom, serviceTiers],
    ),
    [
      [undefined, undefined],
      [day, { batch: { numerator: 1n, denominator: 2n } }],
    ],
  );
});

test("text that is not JSON, or not a known list, is refused", () => {
  assert.throws(() => readPublished("{", { at }), /not valid JSON/);
  for (const text of ["{}", "[]", "3", '{"data":[{}]}', '[{"id":"x"}]'])
    assert.throws(() => readPublished(text, { at }), /no known format/, text);
});

test("a list without models is read as empty where its format shows", () => {
  const cases = [
    ['{"units":[],"providers":[]}', "genai-prices"],
    ['[{"id":"a","api_pattern":"a","models":[]}]', "genai-prices"],
    ['{"sample_spec":{"litellm_provider":"one of"}}', "litellm"],
    ['{"data":[]}', "openrouter"],
    ['{"openai":{"id":"openai","models":{}}}', "models.dev"],
  ] as const;
  for (const [text, format] of cases) {
    const { source, rows, skipped } = readPublished(text, { at });
    assert.deepEqual([source, rows, skipped], [format, [], []], text);
  }
});

test("a list without a known format is refused with what it lacks, and what each format has", () => {
  const whole = '{"id":"a","api_pattern":"a","models":[]}';
  const cases = [
    ["[]", /it is an empty list$/],
    ["{}", /it is an empty object$/],
    ['[{"id":"b","models":[]}]', /: \[0\] has no api_pattern$/],
    [`{"providers":[${whole},{"id":"b","models":[]}]}`, /: providers\[1\] has no api_pattern$/],
    [`[${whole},{"id":"b","api_pattern":"b"}]`, /: \[1\] has no list of models$/],
    [`[${whole},3]`, /: \[1\] is not an object$/],
    ['[{"id":"x"}]', /no known format$/],
  ] as const;
  const remedy = /api_pattern[^]*litellm_provider[^]*models\.dev[^]*pricing/;
  for (const [text, message] of cases)
    assert.throws(
      () => readPublished(text, { at }),
      (error) => {
        assert.ok(error instanceof PurserError);
        assert.match(error.message, message);
        assert.match(error.detail.remedy ?? "", remedy);
        return true;
      },
    );
  for (const text of ["", " \n"])
    assert.throws(() => readPublished(text, { at }), /price list is empty/);
});

test("a model with a price of a tier or an hour that cannot be read is skipped", () => {
  const dated = (more: string): string =>
    `[{"prices":{"input_mtok":1,"output_mtok":2}},{"constraint":{${more}},"prices":{"input_mtok":-1}}]`;
  const found = [
    list(dated('"start_time":"00:30:00Z","end_time":"08:30:00Z"')),
    list('{"input_mtok":1,"output_mtok":2}', {
      more: ',"price_variants":[{"when":{"processing":"batch"},"prices":{"input_mtok":"x"}}]',
    }),
  ];
  for (const { rows: read, skipped } of found)
    assert.deepEqual(
      [read.length, skipped.map(({ why }) => why)],
      [0, ["has a price that is not a number of 0 or more, input_mtok"]],
    );
});

test("a model with a price that cannot be read is skipped, not free", () => {
  const cases = [
    '{"input_mtok":-1,"output_mtok":2}',
    '{"input_mtok":"abc","output_mtok":2}',
    '{"input_mtok":null,"output_mtok":2}',
    '{"input_mtok":{},"output_mtok":2}',
    '{"input_mtok":{"base":1,"tiers":[{"start":9,"price":-1}]},"output_mtok":2}',
    '{"input_mtok":1,"output_mtok":-2}',
    '{"output_mtok":2}',
    '{"output_audio_mtok":2}',
    '{"input_mtok":{"base":1,"tiers":{}},"output_mtok":2}',
    '{"input_mtok":{"base":1,"tiers":[{"start":"x","price":2}]},"output_mtok":2}',
    "true",
    '[{"prices":{"input_mtok":1,"output_mtok":2}},{"prices":true}]',
    '[{"constraint":true,"prices":{"input_mtok":1,"output_mtok":2}}]',
    ...[
      '{"start_time":"9:00","end_time":"10:00:00Z"}',
      '{"start_time":"09:00:00Z"}',
      '{"start_time":"09:00:00Z","end_time":"25:00:00Z"}',
      '{"start_time":"09:00:00+08:00","end_time":"10:00:00+08:00"}',
      '{"start_time":"09:00:00Z","end_time":"10:00:00Z","weekday":1}',
      '{"region":"eu"}',
      "{}",
    ].map(
      (constraint) =>
        `[{"prices":{"input_mtok":3,"output_mtok":4}},{"constraint":${constraint},"prices":{"input_mtok":1,"output_mtok":2}}]`,
    ),
  ];
  for (const prices of cases) {
    const { rows: found, skipped } = list(prices);
    assert.deepEqual([found.length, skipped.length], [0, 1], prices);
  }
});

test("names that every object has, and dates that are none, do not stop a list", () => {
  for (const name of ["constructor", "__proto__", "toString"])
    assert.equal(rows(`{"input_mtok":1,"output_mtok":2,"${name}":3}`).length, 1, name);
  const dated = '[{"constraint":{"start_date":"soon"},"prices":{"input_mtok":1}}]';
  assert.deepEqual(
    list(dated).skipped.map(({ why }) => why),
    ["has a date that is not valid"],
  );
});
