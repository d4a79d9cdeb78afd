/** Tests the input of rules: each round trip, and each error with field and remedy. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../error.ts";
import { defineRule, ruleToJson } from "./define.ts";
import { forecastSpend } from "./forecast.ts";

const perValue = new Map([
  ["each-user", "user"],
  ["each-task", "task"],
] as const);
const names = {
  prefix: "rules[0].",
  notifiers: ["ops", "pager"],
  budgets: ["atlas", "each-user", "each-task"],
  perValue,
};

const spend = { when: "spend_over", amount: "1", window: "24h", by: "user" };
const threshold = { when: "threshold", budget_id: "atlas", percent: 80 };
const cheaper = { ...threshold, action: "model" };

const valid: readonly Readonly<Record<string, unknown>>[] = [
  { when: "threshold", budget_id: "atlas", percent: 75, of: "forecast" },
  { when: "threshold", budget_id: "atlas", percent: 99.99, of: "actual" },
  { when: "operation_over", amount: "1000", currency: "tokens" },
  { when: "task_over", amount: "0.5", currency: "USD", notify: ["ops"] },
  { when: "spend_over", amount: "20", currency: "USD", window: "90m", by: "tag:customer" },
  { when: "unpriced_model", escalate: { after: "30m", notify: ["pager"] } },
  { when: "threshold", budget_id: "atlas", percent: 75, of: "actual", action: "pause" },
  {
    when: "threshold",
    budget_id: "atlas",
    percent: 75,
    of: "actual",
    action: "model",
    models: { "openai/gpt-5": "openai/gpt-5-mini", "openrouter/a/b": "openrouter/c/d" },
  },
  { ...spend, window: "90m", currency: "USD", action: "pause", budget_id: "each-user" },
  { when: "task_over", amount: "5", currency: "USD", action: "pause", budget_id: "each-task" },
];

for (const fields of valid) {
  test(`${JSON.stringify(fields)} is read and printed the same`, () => {
    const printed = ruleToJson(defineRule({ rule_id: "r", ...fields }, names));
    assert.deepEqual(printed, {
      rule_id: "r",
      notify: null,
      escalate: null,
      action: "notify",
      ...fields,
    });
    assert.deepEqual(ruleToJson(defineRule(printed, names)), printed);
  });
}

const refused: readonly (readonly [fields: object, field: string, remedy: RegExp])[] = [
  [{}, "when", /Give one of threshold/],
  [{ when: "rule.fired" }, "when", /Use one of: threshold/],
  [{ ...threshold, rule_id: "A b" }, "rule_id", /a-z 0-9/],
  [{ ...threshold, percent: 0 }, "percent", /above 0/],
  [{ ...threshold, percent: -5 }, "percent", /above 0/],
  [{ ...threshold, percent: undefined }, "percent", /above 0/],
  [{ ...threshold, budget_id: "atlsa" }, "budget_id", /atlas/],
  [{ ...threshold, notify: ["opps"] }, "notify", /ops/],
  [{ ...threshold, notify: [] }, "notify", /leave it out/],
  [{ ...threshold, amount: "1" }, "amount", /one of/],
  [{ ...spend, window: "soon" }, "window", /24h/],
  [{ ...spend, window: "0h" }, "window", /24h/],
  [{ ...spend, window: "400d" }, "window", /366 days/],
  [{ ...spend, amount: "0" }, "amount", /above zero/],
  [{ ...spend, amount: "-1" }, "amount", /above zero/],
  [{ ...spend, by: "usr" }, "by", /dimension/],
  [{ ...threshold, action: "stop" }, "action", /notify, pause, model/],
  [{ when: "unpriced_model", action: "pause" }, "action", /spend_over/],
  [{ ...spend, action: "pause" }, "budget_id", /budget_type: user and resource_id: "\*"/],
  [{ ...spend, action: "pause", budget_id: "atlas" }, "budget_id", /budget_type: user/],
  [{ ...spend, action: "pause", budget_id: "each-task" }, "budget_id", /budget_type: user/],
  [{ ...spend, action: "pause", budget_id: "each-usr" }, "budget_id", /each-user/],
  [{ ...spend, budget_id: "each-user" }, "budget_id", /action: pause/],
  [{ ...spend, action: "model", models: { "a/b": "a/c" } }, "action", /threshold/],
  [{ ...threshold, models: { "a/b": "a/c" } }, "models", /action: model/],
  [cheaper, "models", /openai\/gpt-5-mini/],
  [{ ...cheaper, models: {} }, "models", /openai\/gpt-5-mini/],
  [{ ...cheaper, models: ["a/b"] }, "models", /openai\/gpt-5-mini/],
  [{ ...cheaper, models: { gpt: "a/b" } }, "models.gpt", /PROVIDER\/MODEL/],
  [{ ...cheaper, models: { "a/b*": "a/c" } }, "models.a/b*", /PROVIDER\/MODEL/],
  [{ ...cheaper, models: { "a/b": "c" } }, "models.a/b", /PROVIDER\/MODEL/],
  [{ ...cheaper, models: { "a/b": 7 } }, "models.a/b", /PROVIDER\/MODEL/],
  [{ ...cheaper, models: { "a/b": "a/b" } }, "models.a/b", /cheaper/],
  [{ ...cheaper, models: { "a/b": "c/b" } }, "models.a/b", /same provider/],
  [{ ...spend, escalate: { notify: ["ops"] } }, "escalate.after", /30m/],
  [{ ...spend, escalate: { after: "30m", notify: ["nobody"] } }, "escalate.notify", /./],
];

for (const [fields, field, remedy] of refused) {
  test(`${JSON.stringify(fields)} is refused at ${field}`, () => {
    assert.throws(
      () => defineRule({ rule_id: "r", ...fields }, names),
      (error) => {
        assert.ok(error instanceof PurserError);
        assert.equal(error.detail.field, `rules[0].${field}`);
        assert.match(error.detail.remedy ?? "", remedy);
        return true;
      },
    );
  });
}

test("a forecast goes on at the pace of the window, once enough of it is over", () => {
  const window = { start: 0, end: 1000 };
  assert.equal(forecastSpend(10n, window, 49), null);
  assert.equal(forecastSpend(10n, window, 100), 100n);
  assert.equal(forecastSpend(10n, window, 2000), 10n);
  assert.equal(forecastSpend(10n, { start: 0, end: null }, 100), null);
});
