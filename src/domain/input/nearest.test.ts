/** Tests suggestions for mistyped words. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { nearest, nearestNames, suggest } from "./nearest.ts";

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

test("names are ordered by similarity, and dissimilar ones are omitted", () => {
  assert.deepEqual(nearestNames("gpt-4o-mni", ["gpt-4o-mini", "gpt-4o", "claude-3"], 2), [
    "gpt-4o-mini",
    "gpt-4o",
  ]);
  assert.deepEqual(nearestNames("gpt-4o-mni", ["gpt-4o-mini", "gpt-4o"], 1), ["gpt-4o-mini"]);
  assert.deepEqual(nearestNames("zzzzzz", ["gpt-4o"], 2), []);
  assert.deepEqual(nearestNames("", ["gpt-4o"], 2), []);
});

test("a word with one edit is always found", () => {
  const word = fc.stringMatching(/^[a-z0-9.]{6,20}$/);
  const at = fc.nat({ max: 19 });
  fc.assert(
    fc.property(word, at, fc.constantFrom("", "x", "yz"), (name, place, added) => {
      const index = place % name.length;
      const changed = name.slice(0, index) + added + name.slice(index + 1);
      assert.equal(nearest(changed, [name]), name);
    }),
  );
});

test("a name with its parts in another order is the nearest", () => {
  const names = ["claude-4-sonnet", "claude-sonnet-4-5", "claude-3-5-sonnet"];
  assert.equal(nearestNames("claude-4-5-sonnet", names, 3)[0], "claude-sonnet-4-5");
});

test("a name that only adds an ending is near, and the shortest of them comes first", () => {
  const names = ["claude-sonnet-4-5", "claude-sonnet-4", "claude-opus-4-1"];
  assert.deepEqual(nearestNames("claude-sonnet", names, 3), [
    "claude-sonnet-4",
    "claude-sonnet-4-5",
  ]);
  assert.equal(nearest("claude-sonnet-20", ["claude-sonnet-4-5-20990101"]), undefined);
});
