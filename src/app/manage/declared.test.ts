/** Tests what a start reports about changes in its configuration. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { aBudget } from "../../domain/ledger/desk.test-kit.ts";
import { definePrice } from "../../domain/price/text/override.ts";
import { differencesOf, namesOf } from "./declared.ts";

const price = (model: string, input: string) =>
  definePrice(
    { provider: "openai", model, input, output: "2" },
    { field: "prices[0]", source: "configuration" },
  );
const key = (name: string) => ({ definition: { name } });

test("a start reports what its configuration adds, changes and omits compared to the last one", () => {
  const before = namesOf(
    {
      budgets: [aBudget({ budgetId: "kept" }), aBudget({ budgetId: "gone" })],
      keys: [key("ci"), key("old")],
    },
    [price("a", "1"), price("b", "1"), price("c", "1")],
  );
  const now = namesOf({ budgets: [aBudget({ budgetId: "kept" })], keys: [key("ci")] }, [
    price("a", "1"),
    price("b", "1.5"),
    price("d*", "1"),
  ]);
  assert.deepEqual(
    differencesOf(before, now).map(({ kind, name, what, fields }) => [kind, name, what, ...fields]),
    [
      ["price", "openai/b", "changed", "input"],
      ["price", "openai/d*", "added"],
      ["budget", "gone", "no longer named"],
      ["key", "old", "no longer named"],
      ["price", "openai/c", "no longer named"],
    ],
  );
  assert.deepEqual(differencesOf(now, now), []);
});

test("a changed tier of a price is reported by its field, and a price of an earlier version is the same", () => {
  const names = (fields: object) =>
    namesOf({ budgets: [], keys: [] }, [
      definePrice({ provider: "openai", model: "a", input: "1", output: "2", ...fields }),
    ]);
  const tiers = (input: string) => names({ context_tiers: [{ above: 1000, input }] });
  assert.deepEqual(
    differencesOf(tiers("3"), tiers("4")).map(({ what, fields }) => [what, fields]),
    [["changed", ["context_tiers"]]],
  );
  const earlier = {
    budgets: [],
    keys: [],
    prices: { "openai/a": '{"input":"1","output":"2","web_search":"10000","valid_to":null}' },
  };
  assert.deepEqual(differencesOf(earlier, names({ web_search: "0.01" })), []);
});
