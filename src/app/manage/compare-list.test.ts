/** What a published list may change in the price book. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { withUpdated } from "../../catalogue/updated.ts";
import { makePriceBook } from "../../domain/price/book.ts";
import { parseRow } from "../../domain/price/text/row-text.ts";
import { compareWithBook } from "./compare-list.ts";

const at = Date.UTC(2026, 10, 28);

function row(model: string, input: string, aliases: readonly string[] = []) {
  const text = { provider: "p", model, input, output: "1", ...(aliases.length > 0 && { aliases }) };
  return parseRow(text, { field: "price", source: "list" });
}

test("an alias of a new model does not take another model's price", async () => {
  const book = makePriceBook({ sources: [() => [row("known", "2", ["also"])]], version: "1" });
  const list = {
    source: "list",
    version: "2",
    rows: [row("thief", "0.01", ["known", "also", "free-name"])],
    skipped: [],
  };
  const { texts } = await compareWithBook(list, { book, models: [], at });
  assert.deepEqual(
    texts.map(({ model, aliases }) => [model, aliases]),
    [["thief", ["free-name"]]],
  );
});

test("an id with a control character is skipped with the reason", async () => {
  const book = makePriceBook({ sources: [() => []], version: "1" });
  const ids = ["a\u0000b", "a\nb", "\u001b[31mred", "a\u2028b", "\ud800"];
  const list = {
    source: "list",
    version: "2",
    rows: [...ids.map((id) => row(id, "1")), row("fine", "1", ["also\u0007"]), row("good", "1")],
    skipped: [],
  };
  const { texts, skipped } = await compareWithBook(list, { book, models: [], at });
  assert.deepEqual(
    texts.map(({ model }) => model),
    ["good"],
  );
  assert.equal(skipped.length, ids.length + 1);
  for (const { why } of skipped) assert.match(why, /control character/);
});

test("a dated snapshot that the list leaves out follows its model, if it had the same price", async () => {
  const rows = [
    row("m", "2"),
    row("m-2025-04-14", "2"),
    row("m-2024-01-01", "5"),
    row("m-2026-01-01", "2"),
    row("m-mini-2025-04-14", "2"),
  ];
  const book = makePriceBook({ sources: [() => rows], version: "1" });
  const list = {
    source: "list",
    version: "2",
    rows: [row("m", "3"), row("m-2026-01-01", "4")],
    skipped: [],
  };
  const models = rows.map(({ provider, model, source }) => ({ provider, model, source }));
  const { texts, unchanged, gone } = await compareWithBook(list, { book, models, at });
  assert.deepEqual(
    texts.map(({ model, input }) => [model, input]),
    [
      ["m", "3"],
      ["m-2026-01-01", "4"],
      ["m-2025-04-14", "3"],
    ],
  );
  assert.equal(unchanged, 0);
  assert.ok(!gone.some(({ model }) => model === "m-2025-04-14"));
});

test("a model that is in the list twice, in another case, has the first price, and the update ends", async () => {
  const rows = [row("GPT-x", "3"), row("gpt-X", "4")];
  const list = { source: "list", version: "2", rows, skipped: [] };
  const before = makePriceBook({ sources: [() => [row("gpt-x", "2")]], version: "1" });
  const { texts, skipped } = await compareWithBook(list, { book: before, models: [], at });
  assert.deepEqual(
    texts.map(({ input }) => input),
    ["3"],
  );
  assert.deepEqual(
    skipped.map(({ model, why }) => [model, why]),
    [["gpt-X", "is in the list before, as GPT-x"]],
  );
  const after = makePriceBook({ sources: [() => [row("gpt-x", "3")]], version: "2" });
  assert.deepEqual((await compareWithBook(list, { book: after, models: [], at })).texts, []);
});

test("a model that loses the price of its tokens is a doubt", async () => {
  const book = makePriceBook({ sources: [() => [row("m", "2")]], version: "1" });
  const images = { provider: "p", model: "m", input: "0", output: "0", meters: { images: "0.01" } };
  const rows = [parseRow(images, { field: "price", source: "list" })];
  const list = { source: "list", version: "2", rows, skipped: [] };
  const { doubts } = await compareWithBook(list, { book, models: [], at });
  assert.deepEqual(
    doubts.map(({ kind, model }) => [kind, model]),
    [["zero", "m"]],
  );
});

test("a model that changes keeps its own aliases", async () => {
  const book = makePriceBook({ sources: [() => [row("known", "2", ["also"])]], version: "1" });
  const list = { source: "list", version: "2", rows: [row("known", "3", ["also"])], skipped: [] };
  const { texts } = await compareWithBook(list, { book, models: [], at });
  assert.deepEqual(texts[0]?.aliases, ["also"]);
});

/** A row that prices ids of several regions, one of which the list has. */
function inRegions(input: string): ReturnType<typeof row> {
  return row("regional.a.m-v1:0", input, ["us.a.m", "eu.a.m"]);
}

function listOf(...rows: readonly ReturnType<typeof row>[]) {
  return { source: "list", version: "2", rows, skipped: [] };
}

async function updatedBy(list: ReturnType<typeof listOf>, rows: readonly ReturnType<typeof row>[]) {
  const models = rows.map(({ provider, model, source }) => ({ provider, model, source }));
  const book = makePriceBook({ sources: [() => rows], version: "1" });
  const { texts, changes } = await compareWithBook(list, { book, models, at });
  const newer = texts.map((text) => parseRow(text, { field: "", source: "list" }));
  const sources = withUpdated([() => rows], { rows: newer, complete: (one) => one });
  const after = makePriceBook({ sources, version: "2" });
  const next = { book: after, models, at: at + 1 };
  const again = await compareWithBook(list, next);
  return { after, changed: changes.map(({ model }) => model), again: again.changes };
}

function inputOf(book: ReturnType<typeof makePriceBook>, model: string): bigint | undefined {
  return book.sheet({ provider: "p", model, at: at + 1 })?.row.rates.input;
}

test("an unlisted model whose row prices listed ids follows only with them", async () => {
  const rows = [row("a.m", "2"), inRegions("2")];
  const apart = await updatedBy(listOf(row("a.m", "1"), row("us.a.m", "2")), rows);
  assert.deepEqual(apart.changed, ["a.m"]);
  assert.equal(inputOf(apart.after, "eu.a.m"), 2_000_000n);
  assert.deepEqual(apart.again, []);
  const together = await updatedBy(listOf(row("a.m", "3"), row("us.a.m", "3")), rows);
  assert.equal(inputOf(together.after, "eu.a.m"), 3_000_000n);
  assert.deepEqual(together.again, []);
});

test("a listed id keeps its price when the model whose row it has gets another one", async () => {
  const rows = [row("m", "2", ["m-fast"])];
  const { after, changed, again } = await updatedBy(
    listOf(row("m", "3"), row("m-fast", "2")),
    rows,
  );
  assert.deepEqual(changed, ["m"]);
  assert.deepEqual([inputOf(after, "m"), inputOf(after, "m-fast")], [3_000_000n, 2_000_000n]);
  assert.deepEqual(again, []);
});
