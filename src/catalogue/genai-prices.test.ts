/** Conversion of the price list of genai-prices. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Provider } from "@pydantic/genai-prices";
import { formatPerMillion } from "../domain/price/per-million.ts";
import type { CatalogueRow } from "../domain/price/row.ts";
import { convertProvider } from "./genai-prices.ts";

function convert(prices: unknown, id = "acme"): readonly CatalogueRow[] {
  const model = { id: "m", match: { equals: "m" }, prices } as Provider["models"][number];
  return convertProvider({ id, name: id, api_pattern: "", models: [model] });
}

function first(rows: readonly CatalogueRow[]): CatalogueRow {
  return rows[0] ?? assert.fail("there is a row");
}

function perMillion(price: number): string {
  const rate = first(convert({ input_mtok: price })).rates.input;
  return rate === undefined ? assert.fail("input has a rate") : formatPerMillion(rate);
}

test("a float becomes the intended price, exactly", () => {
  assert.equal(perMillion(0.18000000000000002), "0.18");
  assert.equal(perMillion(0.003625), "0.003625");
  assert.equal(perMillion(0.3), "0.3");
  assert.equal(perMillion(600), "600");
  assert.equal(perMillion(0), "0");
  assert.equal(perMillion(1e-6), "0.000001");
});

test("a price that is not a whole pico-USD per token is rounded up", () => {
  assert.equal(perMillion(0.08333333333333334), "0.083334");
});

test("prices per thousand calls are fees per call", () => {
  const { rates } = first(
    convert({
      input_mtok: 1,
      web_searches_kcount: 10,
      storage_searches_kcount: 2.5,
      requests_kcount: 5,
    }),
  );
  assert.deepEqual(
    [rates.web_search, rates.file_search, rates.request],
    [10_000_000_000n, 2_500_000_000n, 5_000_000_000n],
  );
});

test("a model sold only by the hour has no row", () => {
  assert.deepEqual(convert({ audio_hours: 3 }), []);
  assert.deepEqual(convert({}), []);
});

test("tiers begin above their start, or at the round number after it", () => {
  const prices = (start: number) => ({
    input_mtok: { base: 1, tiers: [{ start, price: 2 }] },
    output_mtok: 3,
  });
  const tier = (start: number, id?: string) => first(convert(prices(start), id)).contextTiers?.[0];
  assert.deepEqual(tier(200_000), {
    tokens: 200_000,
    inclusive: false,
    rates: { input: 2_000_000n },
  });
  assert.deepEqual(tier(199_999), {
    tokens: 200_000,
    inclusive: true,
    rates: { input: 2_000_000n },
  });
  assert.deepEqual(tier(271_999, "openai"), {
    tokens: 272_000,
    inclusive: false,
    rates: { input: 2_000_000n },
  });
});

test("dated prices become consecutive rows", () => {
  const rows = convert([
    { prices: { input_mtok: 1 } },
    { constraint: { type: "start_date", start_date: "2026-01-01" }, prices: { input_mtok: 2 } },
  ]);
  const day = Date.parse("2026-01-01T00:00:00Z");
  assert.deepEqual(
    rows.map(({ validFrom, validTo, rates }) => [validFrom, validTo, rates.input]),
    [
      [undefined, day, 1_000_000n],
      [day, undefined, 2_000_000n],
    ],
  );
});

test("time-of-day prices belong to the dated price before them, and may pass midnight", () => {
  const hours = (start_time: string, end_time: string) => ({
    constraint: { type: "time_of_date", start_time, end_time },
    prices: { input_mtok: 5 },
  });
  const dated = {
    constraint: { type: "start_date", start_date: "2026-01-01" },
    prices: { input_mtok: 2 },
  };
  const rows = convert([
    { prices: { input_mtok: 1 } },
    dated,
    hours("01:00:00Z", "04:30:00Z"),
    hours("22:00:00Z", "00:30:00Z"),
  ]);
  assert.equal(rows[0]?.schedules, undefined);
  assert.deepEqual(
    rows[1]?.schedules?.map(({ weekdays, fromMinute, toMinute }) => [
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
