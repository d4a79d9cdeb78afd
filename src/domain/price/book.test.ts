/** Look-ups in the price book: precedence, validity and caching. */

import type { PriceOverride } from "./text/override.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../money/money.ts";
import { makePriceBook, type PriceBookOptions } from "./book.ts";
import { lookAheadMs } from "./row/schedule.ts";
import { definePrice } from "./text/override.ts";
import type { CatalogueRow } from "./row/row.ts";
import type { PriceBook } from "./sheet.ts";

const base: CatalogueRow = {
  provider: "acme",
  model: "m",
  ids: { startsWith: "m" },
  rates: { input: pico(10n), output: pico(20n) },
  cacheWrites: "asked",
  source: "list",
  version: "1",
};
const at = (time: string): number => Date.parse(time);
const now = at("2026-11-20T12:00:00Z");

function bookOf(rows: readonly CatalogueRow[], more: Partial<PriceBookOptions> = {}): PriceBook {
  return makePriceBook({
    sources: [(provider) => rows.filter((row) => row.provider === provider)],
    version: "v1",
    ...more,
  });
}

interface Asked {
  readonly model?: string;
  readonly at?: number;
  readonly provider?: string;
}

function inputRate(
  book: PriceBook,
  { model = "m", at = now, provider = "acme" }: Asked = {},
): bigint | undefined {
  const sheet = book.sheet({ provider, model, at });
  return sheet?.charge({ model: null, usage: { input: 1 } }, { serviceTier: "standard", at })[0]
    ?.cost;
}

function override(fields: Readonly<Record<string, string>>): PriceOverride {
  return definePrice(
    { provider: "acme", model: "m", output: "1", ...fields },
    { field: "", source: "api" },
  );
}

test("a model without a row has no sheet", () => {
  const book = bookOf([base]);
  assert.equal(book.sheet({ provider: "acme", model: "other", at: now }), undefined);
  assert.equal(book.sheet({ provider: "other", model: "m", at: now }), undefined);
});

test("an id has the price of its own row, a snapshot that of its model, and another version none", () => {
  const rows = [
    { ...base, rates: { input: pico(1n) } },
    { ...base, model: "m-5", ids: { startsWith: "m-5" }, rates: { input: pico(2n) } },
    { ...base, model: "m-5-5", ids: { equals: "m-5-5" }, rates: { input: pico(3n) } },
  ];
  const book = bookOf(rows);
  assert.deepEqual(
    ["m", "m-5", "m-5-20260101", "m-5-5", "m-5-6", "m-x"].map((model) => [
      model,
      book.sheet({ provider: "acme", model, at: now })?.match,
      inputRate(book, { model }),
    ]),
    [
      ["m", "exact", 1n],
      ["m-5", "exact", 2n],
      ["m-5-20260101", "snapshot", 2n],
      ["m-5-5", "exact", 3n],
      ["m-5-6", undefined, undefined],
      ["m-x", undefined, undefined],
    ],
  );
});

test("a stated price wins over every source, and the first source over the second", () => {
  const sources = [() => [{ ...base, rates: { input: pico(2n) } }], () => [base]];
  assert.equal(inputRate(makePriceBook({ sources, version: "1" })), 2n);
  assert.equal(
    inputRate(
      makePriceBook({ sources, overrides: [override({ input: "0.000007" })], version: "1" }),
    ),
    7n,
  );
});

test("of two overrides the later in the list wins, from its valid_from on", () => {
  const overrides = [override({ input: "1" }), override({ input: "2", valid_from: "2026-12-01" })];
  const book = bookOf([base], { overrides });
  assert.equal(inputRate(book, { at: at("2026-11-30T23:59:59Z") }), 1_000_000n);
  assert.equal(inputRate(book, { at: at("2026-12-01T00:00:00Z") }), 2_000_000n);
  assert.equal(
    inputRate(bookOf([base], { overrides: [override({ input: "1" }), override({ input: "3" })] })),
    3_000_000n,
  );
});

test("of two override prefixes of equal length the later wins", () => {
  const overrides = [override({ model: "m*", input: "1" }), override({ model: "m*", input: "2" })];
  assert.equal(inputRate(bookOf([], { overrides }), { model: "m-next" }), 2_000_000n);
});

test("after an override ends, the catalogue's price applies", () => {
  const book = bookOf([base], { overrides: [override({ input: "1", valid_to: "2026-12-01" })] });
  assert.equal(inputRate(book, { at: now }), 1_000_000n);
  assert.equal(inputRate(book, { at: at("2026-12-01T00:00:00Z") }), 10n);
});

test("an exact stated price wins over a stated prefix that came later", () => {
  const overrides = [override({ input: "1" }), override({ model: "m*", input: "2" })];
  const book = bookOf([], { overrides });
  assert.equal(inputRate(book, { model: "m" }), 1_000_000n);
  assert.equal(inputRate(book, { model: "m-next" }), 2_000_000n);
  assert.equal(book.sheet({ provider: "acme", model: "m-next", at: now })?.match, "prefix");
});

test("an override keeps the catalogue's limits of the same model, not those of a similar name", () => {
  const overrides = [override({ input: "1" }), override({ model: "m-6", input: "1" })];
  const book = bookOf([{ ...base, contextWindow: 1_000, maxOutputTokens: 100 }], { overrides });
  assert.equal(book.sheet({ provider: "acme", model: "m", at: now })?.maxOutputTokens, 100);
  assert.equal(book.sheet({ provider: "acme", model: "m", at: now })?.contextWindow, 1_000);
  assert.equal(book.sheet({ provider: "acme", model: "m-6", at: now })?.maxOutputTokens, undefined);
});

test("an override applies only to its own provider and model", () => {
  const overrides = [override({ input: "1" })];
  assert.equal(
    inputRate(bookOf([{ ...base, provider: "other" }], { overrides }), { provider: "other" }),
    10n,
  );
  assert.equal(
    inputRate(bookOf([base], { overrides }), { model: "m-20260101" }),
    10n,
    "without a star it is no prefix",
  );
  assert.equal(
    inputRate(bookOf([base], { overrides: [override({ model: "m*", input: "1" })] }), {
      model: "m-x",
    }),
    1_000_000n,
  );
});

test("a provider's other names find its rows and overrides", () => {
  const providerIds = (name: string): readonly string[] =>
    name === "a" ? ["acme", "vendor"] : [name];
  const vendor = {
    ...base,
    provider: "vendor",
    model: "v",
    ids: { equals: "v" },
    rates: { input: pico(5n) },
  };
  const book = bookOf([base, vendor], { providerIds });
  assert.equal(inputRate(book, { model: "m", provider: "a" }), 10n);
  assert.equal(
    inputRate(book, { model: "v", provider: "a" }),
    5n,
    "a reseller has its vendor's prices",
  );
  const stated = bookOf([base], {
    providerIds,
    overrides: [override({ input: "1", provider: "a" })],
  });
  assert.equal(inputRate(stated, { model: "m", provider: "acme" }), 1_000_000n);
  assert.equal(inputRate(stated, { model: "m", provider: "a" }), 1_000_000n);
});

test("a dated price applies from its start up to its end, excluded", () => {
  const edge = at("2026-12-01T00:00:00Z");
  const book = bookOf([
    { ...base, validTo: edge },
    { ...base, validFrom: edge, rates: { input: pico(30n) } },
  ]);
  assert.equal(inputRate(book, { at: edge - 1 }), 10n);
  assert.equal(inputRate(book, { at: edge }), 30n);
  assert.equal(
    inputRate(book, { at: edge - 1 }),
    10n,
    "questions about the past are answered after the price has changed",
  );
  assert.equal(
    book.sheet({ provider: "acme", model: "m", at: edge })?.validUntil,
    Number.POSITIVE_INFINITY,
  );
});

test("a model has no price before its first one", () => {
  const book = bookOf([{ ...base, validFrom: now }]);
  assert.equal(book.sheet({ provider: "acme", model: "m", at: now - 1 }), undefined);
  assert.ok(book.sheet({ provider: "acme", model: "m", at: now }));
});

test("a sheet is the same object while valid, and expires when its price may change for a call", () => {
  const edge = at("2026-12-01T00:00:00Z");
  const book = bookOf([{ ...base, validTo: edge }]);
  const sheet = book.sheet({ provider: "acme", model: "m", at: now });
  assert.equal(sheet?.validUntil, edge - lookAheadMs);
  assert.equal(book.sheet({ provider: "acme", model: "m", at: edge - lookAheadMs - 1 }), sheet);
  const next = book.sheet({ provider: "acme", model: "m", at: edge - lookAheadMs });
  assert.equal(next?.validUntil, edge);
  assert.equal(book.sheet({ provider: "acme", model: "m", at: edge - lookAheadMs }), next);
});

const peak = {
  weekdays: [5],
  fromMinute: 13 * 60,
  toMinute: 14 * 60,
  rates: { input: pico(100n) },
};

test("a call that ends in other hours is charged at the price of its end, even with the sheet of its start", () => {
  const book = bookOf([{ ...base, schedules: [peak] }]);
  const sheet = book.sheet({ provider: "acme", model: "m", at: now });
  const end = at("2026-11-20T13:00:00Z");
  const charged = (moment: number) =>
    sheet?.charge(
      { model: null, usage: { input: 1, output: 1 } },
      { serviceTier: "standard", at: moment },
    );
  assert.equal(charged(now)?.[0]?.cost, 10n);
  assert.equal(charged(end)?.[0]?.cost, 100n);
  assert.equal(charged(end)?.[1]?.cost, 20n, "a schedule replaces only the rates it names");
});

test("a charge at a time without a price uses the sheet of the call", () => {
  const sheet = bookOf([{ ...base, validFrom: now }]).sheet({
    provider: "acme",
    model: "m",
    at: now,
  });
  assert.equal(
    sheet?.charge({ model: null, usage: { input: 1 } }, { serviceTier: "standard", at: now - 1 })[0]
      ?.cost,
    10n,
  );
});

test("a call that begins within an hour before more expensive hours is bounded by them", () => {
  const book = bookOf([{ ...base, schedules: [peak] }]);
  const dearest = (moment: number) =>
    book
      .sheet({ provider: "acme", model: "m", at: moment })
      ?.dearest({ inputTokens: 1, cacheWrite: "none", serviceTier: "standard" }).input;
  assert.equal(dearest(at("2026-11-20T11:59:59Z")), 10n);
  assert.equal(dearest(at("2026-11-20T12:00:00Z")), 100n);
  assert.equal(dearest(at("2026-11-20T13:30:00Z")), 100n);
  assert.equal(dearest(at("2026-11-20T14:00:00Z")), 10n);
});

test("the version of a book changes with every override", () => {
  const versions = [
    [],
    [override({ input: "1" })],
    [override({ input: "2" })],
    [override({ input: "1" }), override({ input: "2" })],
  ].map((overrides) => bookOf([], { overrides }).version);
  assert.equal(new Set(versions).size, versions.length);
  assert.equal(bookOf([], { overrides: [override({ input: "1" })] }).version, versions[1]);
});

test("made-up model names do not fill the memory", () => {
  const asked: string[] = [];
  const source = (provider: string): readonly CatalogueRow[] => {
    asked.push(provider);
    return [base];
  };
  const book = makePriceBook({ sources: [source], version: "1" });
  for (let index = 0; index < 10_000; index++)
    book.sheet({ provider: "acme", model: `x${index}`, at: now });
  book.sheet({ provider: "acme", model: "x0", at: now });
  assert.equal(asked.length, 10_000, "as many are remembered");
  book.sheet({ provider: "acme", model: "x10000", at: now });
  book.sheet({ provider: "acme", model: "x10000", at: now });
  assert.equal(asked.length, 10_001, "what was asked last is remembered");
  book.sheet({ provider: "acme", model: "x0", at: now });
  assert.equal(asked.length, 10_002, "what was asked first is forgotten");
  book.sheet({ provider: "acme", model: "x10000", at: now });
  assert.equal(asked.length, 10_002, "and nothing else, until as many are new again");
  for (let index = 0; index < 2; index++)
    book.sheet({ provider: "acme", model: "m".repeat(300), at: now });
  assert.equal(asked.length, 10_004, "an absurd name is never remembered");
});
