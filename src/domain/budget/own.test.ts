/** Budgets that count only the calls of one key holder. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ownValue } from "./own.ts";

const budget = (
  budgetType: "platform" | "org" | "project" | "user" | "tag:plan",
  resourceId: string,
) => ({ budgetType, resourceId });
const holder = { org: "o1", project: "p1" };

test("a holder owns a budget that counts only its narrowest fixed value", () => {
  assert.equal(ownValue(budget("project", "p1"), holder), "p1");
  assert.equal(ownValue(budget("project", "*"), holder), "p1");
  for (const other of [
    budget("project", "p2"),
    budget("org", "o1"),
    budget("org", "*"),
    budget("user", "*"),
    budget("platform", "main"),
  ])
    assert.equal(ownValue(other, holder), undefined);
});

test("a holder that fixes nothing owns no budget, and a tag is narrower than any dimension", () => {
  assert.equal(ownValue(budget("project", "*"), {}), undefined);
  assert.equal(ownValue(budget("tag:plan", "*"), { ...holder, tags: { plan: "pro" } }), "pro");
  assert.equal(ownValue(budget("project", "p1"), { ...holder, tags: { plan: "pro" } }), undefined);
});
