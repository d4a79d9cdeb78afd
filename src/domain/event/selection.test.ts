/** Tests which events a selection finds. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../error.ts";
import { aBudget } from "../ledger/desk.test-kit.ts";
import type { Event, EventSubject, EventType } from "./event.ts";
import { checkTypes, selects } from "./selection.ts";

function anEvent(type: EventType, about: EventSubject): Event {
  return { type, about, at: 1, subject: "s", data: {}, position: { seq: 1, index: 0 } };
}

const call = anEvent("cost.recorded", {
  kind: "call",
  attribution: { team: "a", tags: { customer: "c" } },
  provider: "p",
  budgetId: null,
});
const budget = anEvent("budget.warning", {
  kind: "budget",
  budget: aBudget({ budgetId: "b", budgetType: "team", resourceId: "*" }),
  value: "a",
});
const key = anEvent("key.created", { kind: "key" });

test("patterns of types select by any characters in place of a *", () => {
  for (const pattern of ["*", "cost.recorded", "cost.*", "*recorded", "c*t.*d", "**"])
    assert.ok(selects({ types: [pattern] }, call), pattern);
  for (const pattern of [
    "cost",
    "budget.*",
    "cost.recorded*x",
    "*.recorde",
    "cost.recorded.recorded",
  ])
    assert.ok(!selects({ types: [pattern] }, call), pattern);
  assert.ok(selects({ types: ["budget.*", "cost.*"] }, call));
});

test("a value selects calls that have it and budgets that count it, nothing else", () => {
  for (const attribution of [{ team: "a" }, { "tag:customer": "c" }, {}])
    assert.ok(selects({ attribution }, call));
  for (const attribution of [{ team: "b" }, { team: "a", user: "u" }])
    assert.ok(!selects({ attribution }, call));
  assert.ok(selects({ attribution: { team: "a" } }, budget));
  assert.ok(!selects({ attribution: { team: "b" } }, budget));
  assert.ok(!selects({ attribution: { user: "a" } }, budget));
  assert.ok(!selects({ attribution: { team: "a" } }, key));
});

test("a budget selects its own events, and a provider can be left out", () => {
  assert.ok(selects({ budgetId: "b" }, budget));
  assert.ok(!selects({ budgetId: "b" }, call));
  assert.ok(!selects({ exceptProvider: "p" }, call));
  assert.ok(selects({ exceptProvider: "p" }, budget));
});

test("a pattern that no type matches is refused, with the one that was meant", () => {
  assert.throws(
    () => checkTypes(["budget.exeeded"], "type"),
    (error) => error instanceof PurserError && /budget\.exceeded/.test(error.detail.remedy ?? ""),
  );
  assert.throws(() => checkTypes([], "type"), PurserError);
  assert.deepEqual(checkTypes(["budget.*"], "type"), ["budget.*"]);
});
