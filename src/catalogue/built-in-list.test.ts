/** The files of the built-in list say what a full parse of them says. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parseRow } from "../domain/price/text/row-text.ts";
import { openBuiltInList } from "./built-in-list.ts";
import { formatListed, type ListedRow } from "./listed-row.ts";
import { readListed } from "./read-listed.ts";

const list = openBuiltInList();
const folder = new URL("list/", import.meta.url);

function listed(provider: string): readonly ListedRow[] {
  return JSON.parse(
    readFileSync(new URL(`${provider}.json`, folder), "utf8"),
  ) as readonly ListedRow[];
}

test("every file is of a provider of the index", () => {
  const files = readdirSync(folder).map((name) => name.replace(".json", ""));
  const ids = list.providers.map(({ id }) => id);
  assert.deepEqual(files.sort(), [...ids, "disagreements", "index"].sort());
  for (const { api_pattern, fallback_model_providers = [] } of list.providers) {
    assert.doesNotThrow(() => new RegExp(api_pattern));
    for (const id of fallback_model_providers) assert.ok(ids.includes(id), id);
  }
});

test("every row is valid in the language of prices, and is read as a full parse reads it", () => {
  for (const { id: provider } of list.providers) {
    const rows = list.rowsOf(provider);
    for (const [index, text] of listed(provider).entries()) {
      const { source, also: _also, starts_with: _starts, contains: _contains, ...price } = text;
      const parsed = parseRow({ provider, ...price }, { field: text.model, source, version: "" });
      const { ids: _ids, regions, version: _, ...expected } = parsed;
      const {
        ids: __,
        regions: stated,
        version: ___,
        supplements,
        ...read
      } = rows[index] ?? assert.fail();
      assert.deepEqual(read, { ...expected }, `${provider}/${text.model}`);
      assert.deepEqual(stated, price.regions === undefined ? undefined : regions);
      assert.equal(supplements?.length, text.also?.length);
    }
  }
});

test("a row that charges reasoning apart is read in whole: under tiers, at sizes and from others", () => {
  const price = { input: "1", output: "2", reasoning: "4" };
  const text: ListedRow = {
    model: "m",
    ...price,
    context_tiers: [{ above: 9, reasoning: "5" }],
    service_tiers: { priority: { ...price, reasoning: "8" } },
    source: "list",
    regions: "included",
    also: [{ source: "other", reasoning: "4" }],
  };
  const row = readListed(text, { provider: "acme", versions: {} });
  const { source, also: _, ...own } = text;
  const parsed = parseRow({ provider: "acme", ...own }, { field: "", source, version: "" });
  const { ids: _ids, supplements, ...read } = row;
  const { ids: __, ...expected } = parsed;
  assert.deepEqual(read, expected);
  assert.deepEqual(supplements?.[0]?.rates, { reasoning: 4_000_000n });
  assert.deepEqual(formatListed(row), text);
});

test("a row is written as it was read", () => {
  for (const provider of ["openai", "azure", "aws", "mistral", "deepseek", "fal_ai"])
    assert.deepEqual(
      list.rowsOf(provider).map((row) => JSON.stringify(formatListed(row))),
      listed(provider).map((row) => JSON.stringify(row)),
      provider,
    );
});

test("periods of one id do not overlap in a source", () => {
  for (const { id: provider } of list.providers) {
    const byModel = Map.groupBy(list.rowsOf(provider), ({ source, model }) => `${source} ${model}`);
    for (const [model, rows] of byModel) {
      const ascending = rows.toSorted(
        (a, b) => (a.validFrom ?? -Infinity) - (b.validFrom ?? -Infinity),
      );
      ascending.forEach((row, index) => {
        const next = ascending[index + 1];
        if (next)
          assert.ok(
            (row.validTo ?? Infinity) <= (next.validFrom ?? -Infinity),
            `${provider} ${model}`,
          );
      });
    }
  }
});

test("prices on which the sources disagree are listed with both figures", () => {
  const found = list.disagreements();
  assert.ok(found.length > 0);
  for (const { stated } of found) {
    assert.equal(stated.length, 2);
    assert.notEqual(stated[0]?.usd, stated[1]?.usd);
  }
});
