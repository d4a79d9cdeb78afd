/** Which calls a budget counts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { appliesTo, mayCount, valueFor } from "./applies.ts";
import type { Budget } from "./budget.ts";
import { defineBudget } from "./define.ts";

function budget(change: Readonly<Record<string, unknown>>): Budget {
  return defineBudget(
    { budget_id: "b", budget_type: "project", resource_id: "p1", amount: "1", ...change },
    { parentOf: () => undefined },
  );
}

const call = {
  attribution: { project: "p1", tags: { customer: "c1" } },
  provider: "openai",
  model: "gpt-5-mini",
};

test("a budget applies to calls with its value, and no others", () => {
  assert.equal(appliesTo(budget({}), call), true);
  assert.equal(appliesTo(budget({ resource_id: "p2" }), call), false);
  assert.equal(appliesTo(budget({ budget_type: "team" }), call), false);
  assert.equal(appliesTo(budget({ budget_type: "tag:customer", resource_id: "c1" }), call), true);
  assert.equal(appliesTo(budget({ budget_type: "tag:customer", resource_id: "c2" }), call), false);
});

test("a budget of a model counts it in every spelling", () => {
  const ofModel = budget({ models: ["gpt-5-mini"] });
  for (const model of ["gpt-5-mini", "GPT-5-Mini", " gpt-5-mini", "models/gpt-5-mini"])
    assert.equal(mayCount(ofModel, { ...call, model }), true, model);
  assert.equal(mayCount(ofModel, { ...call, model: "gpt-5" }), false);
});

test("a budget of the platform applies to every call", () => {
  const platform = budget({ budget_type: "platform", resource_id: "main" });
  assert.equal(appliesTo(platform, { ...call, attribution: {} }), true);
  assert.equal(valueFor(platform, call.attribution), "main");
});

test("a budget for every value skips calls without one, unless configured to count them on a shared counter", () => {
  const every = budget({ budget_type: "user", resource_id: "*" });
  const counting = budget({ budget_type: "user", resource_id: "*", unattributed: "count" });
  const named = { ...call, attribution: { user: "u1" } };
  assert.deepEqual([appliesTo(every, named), appliesTo(counting, named)], [true, true]);
  assert.deepEqual([appliesTo(every, call), appliesTo(counting, call)], [false, true]);
  assert.deepEqual(
    [valueFor(every, { user: "u1" }), valueFor(counting, {})],
    ["u1", "unattributed"],
  );
  assert.equal(
    mayCount(budget({ resource_id: "p2" }), call),
    true,
    "as an ancestor it counts what its children count",
  );
});

test("a budget for `unattributed` applies only to calls without a value", () => {
  const rest = budget({ budget_type: "team", resource_id: "unattributed" });
  assert.equal(appliesTo(rest, call), true);
  assert.equal(appliesTo(rest, { ...call, attribution: { team: "t1" } }), false);
});

test("an inherited object property is not read as a tag", () => {
  const odd = budget({ budget_type: "tag:constructor", resource_id: "*" });
  assert.equal(valueFor(odd, { tags: {} }), "unattributed");
  assert.equal(valueFor(odd, {}), "unattributed");
});

test("models and providers narrow a budget, exactly or by a prefix", () => {
  assert.equal(appliesTo(budget({ models: ["gpt-5-mini"] }), call), true);
  assert.equal(appliesTo(budget({ models: ["gpt-5"] }), call), false);
  assert.equal(appliesTo(budget({ models: ["claude-*", "gpt-*"] }), call), true);
  assert.equal(appliesTo(budget({ providers: ["anthropic"] }), call), false);
  assert.equal(appliesTo(budget({ providers: ["open*"], models: ["*"] }), call), true);
  assert.equal(
    appliesTo(
      budget({ budget_type: "platform", resource_id: "main", providers: ["anthropic"] }),
      call,
    ),
    false,
  );
});
