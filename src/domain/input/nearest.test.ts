/** Tests suggestions for mistyped words. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest, suggest } from "./nearest.ts";

const known = ["budget_id", "amount", "end", "period"];

const cases: readonly (readonly [word: string, meant: string | undefined])[] = [
  ["amuont", "amount"],
  ["ammount", "amount"],
  ["amunt", "amount"],
  ["Amount", "amount"],
  ["budgetId", "budget_id"],
  ["budget-id", "budget_id"],
  ["ende", "end"],
  ["xyz", undefined],
  ["", undefined],
  ["colour", undefined],
  ["x".repeat(100_000), undefined],
];

for (const [word, meant] of cases) {
  test(`"${word.slice(0, 20)}" ${meant === undefined ? "is not similar to any known word" : `suggests ${meant}`}`, () => {
    assert.equal(nearest(word, known), meant);
  });
}

test("a part of a name suggests the shortest name with it, and a similar name takes precedence", () => {
  const fields = ["parent_budget_id", "budget_id", "budget_type", "resource_id", "parents"];
  for (const [part, meant] of [
    ["id", "budget_id"],
    ["type", "budget_type"],
    ["Type", "budget_type"],
    ["resource", "resource_id"],
    ["parent", "parents"],
    ["ty", undefined],
    ["period", undefined],
  ] as const)
    assert.equal(nearest(part, fields), meant, part);
});

test("a remedy names the most similar word, or all known words", () => {
  assert.equal(suggest("amunt", known), "Did you mean amount?");
  assert.equal(suggest("colour", known), "Use one of: budget_id, amount, end, period.");
});
