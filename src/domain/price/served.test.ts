/** The price of an answer whose model is not the one that was asked for. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../money/money.ts";
import { openMeter } from "../usage/open-meter.ts";
import { makePriceBook } from "./book.ts";
import { definePrice } from "./text/override.ts";
import { isSameStatement, type CatalogueRow } from "./row/row.ts";
import { askedOf, sheetOfServed } from "./served.ts";
import type { PriceBook } from "./sheet.ts";

const at = Date.parse("2026-11-20T12:00:00Z");

function row(model: string, input: bigint): CatalogueRow {
  return {
    provider: "acme",
    model,
    ids: { startsWith: model },
    rates: { input: pico(input), output: pico(input) },
    cacheWrites: "asked",
    source: "list",
    version: "1",
  };
}

const rows = [row("small", 1n), row("large", 2n), row("large-2026-05-01", 3n)];
const book = makePriceBook({ sources: [() => rows], version: "1" });

function served(asked: string, answered: string, by: PriceBook = book): readonly unknown[] {
  const sheet = sheetOfServed(by, askedOf(by, { provider: "acme", model: asked, at }), answered);
  return [sheet?.row.model, sheet?.match];
}

test("another model that answers has its own price, found by the answer", () => {
  assert.deepEqual(served("large", "small"), ["small", "served"]);
  assert.deepEqual(served("my-deployment", "small-2026-01-01"), ["small", "served"]);
  assert.deepEqual(served("large", "large-2026-05-01"), ["large-2026-05-01", "served"]);
});

test("the model that was asked for has its price, by whichever of its names it answers", () => {
  assert.deepEqual(served("small", "small"), ["small", "exact"]);
  assert.deepEqual(served("small", "small-2026-01-01"), ["small", "exact"]);
  assert.deepEqual(served("small-2026-01-01", "small"), ["small", "snapshot"]);
});

test("of two prices that a user states for one model, each applies to the names that it lists", () => {
  const stated = (fields: object) =>
    definePrice(
      { provider: "acme", model: "m", output: "1", ...fields },
      { field: "", source: "api" },
    );
  const overrides = [stated({ input: "1", aliases: ["m-old"] }), stated({ input: "2" })];
  const by = makePriceBook({ sources: [], overrides, version: "1" });
  const asked = askedOf(by, { provider: "acme", model: "m", at });
  const found = sheetOfServed(by, asked, "m-old");
  assert.deepEqual([found?.row.rates.input, found?.match], [1_000_000n, "served"]);
});

test("a copy of a row with other ids is the same price, and one that differs in anything else is not", () => {
  const [small = assert.fail()] = rows;
  assert.ok(isSameStatement(small, { ...small, ids: { equals: "x" } }));
  assert.equal(isSameStatement(small, row("small", 2n)), false);
  assert.equal(isSameStatement(small, { ...small, validTo: at }), false);
  assert.equal(isSameStatement({ ...small, validTo: at }, small), false);
});

test("an answer with an unknown name has the price of the model that was asked for", () => {
  assert.deepEqual(served("small", "internal-7"), ["small", "exact"]);
  assert.deepEqual(served("unknown", "internal-7"), [undefined, undefined]);
});

test("a preview that answers does not replace the price of the exact model", () => {
  assert.deepEqual(served("large", "small-preview"), ["large", "exact"]);
});

test("a price that a user states is that of the snapshots by which the provider answers", () => {
  const stated = makePriceBook({
    sources: [() => rows],
    overrides: [definePrice({ provider: "acme", model: "large", input: "9", output: "9" })],
    version: "1",
  });
  assert.deepEqual(served("large", "large-2026-05-01", stated), ["large", "exact"]);
  assert.deepEqual(served("large", "small", stated), ["large", "exact"]);
});

test("an answer that leaves out what the request adds does not change the price", () => {
  const regions = [
    row("us.acme.large", 12n),
    row("acme.large", 10n),
    row("ft:small", 5n),
    row("small", 1n),
    row("v/small:free", 0n),
    row("v/small", 2n),
  ];
  const listed = makePriceBook({ sources: [() => regions], version: "1" });
  assert.deepEqual(served("us.acme.large", "large", listed), ["us.acme.large", "exact"]);
  assert.deepEqual(served("us.acme.large", "acme.large", listed), ["us.acme.large", "exact"]);
  assert.deepEqual(served("ft:small:org::id", "small", listed), ["ft:small", "snapshot"]);
  assert.deepEqual(served("v/small:free", "v/small", listed), ["v/small:free", "exact"]);
  assert.deepEqual(served("us.acme.large", "small", listed), ["small", "served"]);
});

test("charges of a served model name how it was found, at any time", () => {
  const sheet = sheetOfServed(
    book,
    askedOf(book, { provider: "acme", model: "large", at }),
    "small",
  );
  const [line] =
    sheet?.charge({ model: null, usage: { input: 1 } }, { serviceTier: "standard", at }) ?? [];
  assert.deepEqual([line?.cost, line?.rate?.match], [1n, "served"]);
});

test("a model that is priced by unit only has no price for the tokens of a call to another one", () => {
  const painter = {
    ...row("painter", 0n),
    rates: { input: pico(0n), [openMeter("images")]: pico(5n) },
  };
  const by = makePriceBook({ sources: [() => [...rows, painter]], version: "1" });
  const found = (units?: []): string | undefined =>
    sheetOfServed(by, askedOf(by, { provider: "acme", model: "large", at, units }), "painter")?.row
      .model;
  assert.equal(found(), "large");
  assert.equal(found([]), "painter");
});

test("a model that is priced by tokens only has no price for the unit of a call to another one", () => {
  const images = openMeter("images");
  const painter = (model: string, usd: bigint): CatalogueRow => ({
    ...row(model, 0n),
    rates: { input: pico(0n), [images]: pico(usd) },
  });
  const painters = [painter("painter", 5n), painter("other", 3n)];
  const by = makePriceBook({ sources: [() => [...rows, ...painters]], version: "1" });
  const units = [{ meters: [images], family: images }];
  const found = (answered: string): string | undefined =>
    sheetOfServed(by, askedOf(by, { provider: "acme", model: "painter", at, units }), answered)?.row
      .model;
  assert.equal(found("large"), "painter");
  assert.equal(found("other"), "other");
});
