/** What a published list may change in the price book. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { makePriceBook } from "../../domain/price/book.ts";
import { parseRow } from "../../domain/price/text/row-text.ts";
import { compareList } from "./compare-list.ts";

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
  const { texts } = await compareList(list, { book, models: [], at });
  assert.deepEqual(
    texts.map(({ model, aliases }) => [model, aliases]),
    [["thief", ["free-name"]]],
  );
});

test("a model that changes keeps its own aliases", async () => {
  const book = makePriceBook({ sources: [() => [row("known", "2", ["also"])]], version: "1" });
  const list = { source: "list", version: "2", rows: [row("known", "3", ["also"])], skipped: [] };
  const { texts } = await compareList(list, { book, models: [], at });
  assert.deepEqual(texts[0]?.aliases, ["also"]);
});
