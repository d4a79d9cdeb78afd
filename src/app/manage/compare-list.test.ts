/** What a published list may change in the price book. */

import assert from "node:assert/strict";
import { test } from "node:test";
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
