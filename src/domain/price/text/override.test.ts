/** Parsing of price overrides. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../../error.ts";
import { definePrice, overrideRow, readStoredOverride, usdPerMillion } from "./override.ts";

const price = { provider: "openai", model: "my-model", input: "0.15", output: "0.60" };
const define = (input: unknown) =>
  definePrice(input, { field: "prices[3]", source: "configuration" });

function refusedField(input: unknown): string | undefined {
  try {
    define(input);
  } catch (error) {
    if (error instanceof PurserError && error.code === "invalid_request" && error.detail.remedy)
      return error.detail.field;
    throw error;
  }
  return assert.fail("the price was accepted");
}

test("an id with a control character is refused by its field", () => {
  const bad = "a\u001b[31mb";
  assert.equal(refusedField({ ...price, model: bad }), "prices[3].model");
  assert.equal(refusedField({ ...price, provider: "a\nb" }), "prices[3].provider");
  assert.equal(refusedField({ ...price, aliases: ["x", bad] }), "prices[3].aliases[1]");
  const stored = { row: { ...price, model: bad }, source: "api" };
  assert.equal(overrideRow(stored, undefined).model, bad, "an earlier version stored it");
});

test("an override keeps exact decimals, per million tokens and per call", () => {
  const stated = define({
    ...price,
    cache_read: "0.0750",
    web_search: "0.01",
    valid_from: "2026-01-01",
  });
  assert.deepEqual(stated, {
    row: {
      provider: "openai",
      model: "my-model",
      input: "0.15",
      cache_read: "0.075",
      output: "0.6",
      web_search: "0.01",
      valid_from: "2026-01-01T00:00:00.000Z",
    },
    source: "configuration",
  });
  const row = overrideRow(stated, undefined);
  assert.equal(row.rates.input, 150_000n);
  assert.equal(row.rates.web_search, 10_000_000_000n);
  assert.equal(row.validFrom, Date.parse("2026-01-01T00:00:00Z"));
});

test("meters has the prices of tools and other units, per unit", () => {
  const stated = define({
    ...price,
    meters: { web_search: "0.01", "tool:ocr": "0.002", pages: "0.000000000001" },
  });
  assert.deepEqual(usdPerMillion(stated), {
    input: "0.15",
    output: "0.6",
    web_search: "10000",
    "tool:ocr": "2000",
    pages: "0.000001",
  });
  const rates: Readonly<Record<string, bigint | undefined>> = overrideRow(stated, undefined).rates;
  assert.deepEqual(
    [rates["web_search"], rates["tool:ocr"], rates["pages"]],
    [10_000_000_000n, 2_000_000_000n, 1n],
  );
});

test("an error in meters names the meter", () => {
  for (const [meters, field] of [
    [[], "meters"],
    ["0.01", "meters"],
    [Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`tool:${n}`, "1"])), "meters"],
    [{ "tool:ocr": 0.002 }, "meters.tool:ocr"],
    [{ "tool:ocr": "-1" }, "meters.tool:ocr"],
    [{ "tool:o c": "1" }, "meters.tool:o c"],
    [{ pages: "2000000" }, "meters.pages"],
    [{ input: "1" }, "meters.input"],
    [{ reasoning: "1" }, "meters.reasoning"],
    [{ web_search: "1" }, "meters.web_search"],
  ] as const)
    assert.equal(
      refusedField({ ...price, web_search: "0.01", meters }),
      `prices[3].${field}`,
      JSON.stringify(meters),
    );
});

test("the version of an override is the start of its validity", () => {
  assert.equal(
    overrideRow(define({ ...price, valid_from: "2026-01-01" }), undefined).version,
    "2026-01-01T00:00:00.000Z",
  );
  assert.equal(overrideRow(define(price), undefined).version, "1");
});

test("a fee may exceed 1 USD per call", () => {
  assert.equal(
    overrideRow(define({ ...price, web_search: "2" }), undefined).rates.web_search,
    2_000_000_000_000n,
  );
});

test("a star at the end of a model makes it a prefix", () => {
  assert.deepEqual(overrideRow(define({ ...price, model: "gpt-9*" }), undefined).ids, {
    startsWith: "gpt-9",
  });
  assert.equal(refusedField({ ...price, model: "gpt*9" }), "prices[3].model");
});

test("an error names the field and the remedy", () => {
  assert.equal(refusedField("gpt"), "prices[3]");
  assert.equal(refusedField(null), "prices[3]");
  assert.equal(refusedField({ ...price, provider: " " }), "prices[3].provider");
  assert.equal(refusedField({ ...price, input: 0.15 }), "prices[3].input");
  assert.equal(refusedField({ ...price, input: "-0.15" }), "prices[3].input");
  assert.equal(refusedField({ ...price, output: undefined }), "prices[3].output");
  assert.equal(refusedField({ ...price, cache: "1" }), "prices[3].cache");
  assert.equal(refusedField({ ...price, valid_from: "1 January" }), "prices[3].valid_from");
  assert.equal(
    refusedField({ ...price, valid_from: new Date(Number.NaN) }),
    "prices[3].valid_from",
  );
  assert.equal(
    define({ ...price, valid_from: new Date(0) }).row.valid_from,
    "1970-01-01T00:00:00.000Z",
  );
  assert.equal(
    refusedField({ ...price, valid_from: "2026-01-01T00:00:00" }),
    "prices[3].valid_from",
  );
  assert.equal(
    refusedField({ ...price, valid_from: "2026-02-30T99:00:00Z" }),
    "prices[3].valid_from",
  );
  for (const day of [
    "2026-02-31",
    "2026-02-31T00:00:00Z",
    "2026-02-31 00:00+01:00",
    "2027-02-29",
    "2026-01-01T24:00:00Z",
  ]) {
    assert.equal(refusedField({ ...price, valid_from: day }), "prices[3].valid_from", day);
    assert.equal(refusedField({ ...price, valid_to: day }), "prices[3].valid_to", day);
  }
  assert.equal(
    define({ ...price, valid_from: "2028-02-29 01:00+01:00" }).row.valid_from,
    "2028-02-29T00:00:00.000Z",
  );
  assert.equal(
    refusedField({ ...price, valid_from: "2026-02-01", valid_to: "2026-02-01" }),
    "prices[3].valid_to",
  );
});

test("a top-level field has no path prefix", () => {
  assert.throws(
    () => definePrice({ ...price, model: 7 }),
    (error) => error instanceof PurserError && error.detail.field === "model",
  );
});

test("a price of an old ledger is read as one of today", () => {
  const stored = {
    provider: "openai",
    model: "gpt-9",
    match: "prefix",
    perMillion: { input: "0.15", output: "0.6", web_search: "10000", "tool:ocr": "2000" },
    validFrom: "2026-01-01T00:00:00.000Z",
    validTo: null,
    source: "api",
  } as const;
  const read = readStoredOverride(stored);
  assert.deepEqual(read, {
    row: {
      provider: "openai",
      model: "gpt-9*",
      input: "0.15",
      output: "0.6",
      web_search: "0.01",
      meters: { "tool:ocr": "0.002" },
      valid_from: "2026-01-01T00:00:00.000Z",
    },
    source: "api",
  });
  assert.deepEqual(usdPerMillion(read), stored.perMillion);
  assert.equal(readStoredOverride(read), read);
});
