/** Tests the input of rules: each round trip, and each error with field and remedy. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../error.ts";
import { defineRule, ruleToJson } from "./define.ts";
import { forecastSpend } from "./forecast.ts";

const names = { prefix: "rules[0].", notifiers: ["ops", "pager"], budgets: ["atlas"] };

const valid: readonly Readonly<Record<string, unknown>>[] = [
  { when: "threshold", budget_id: "atlas", percent: 75, of: "forecast" },
  { when: "threshold", budget_id: "atlas", percent: 99.99, of: "actual" },
  { when: "operation_over", amount: "1000", currency: "tokens" },
  { when: "task_over", amount: "0.5", currency: "USD", notify: ["ops"] },
  { when: "spend_over", amount: "20", currency: "USD", window: "90m", by: "tag:customer" },
  { when: "unpriced_model", escalate: { after: "30m", notify: ["pager"] } },
];

for (const fields of valid) {
  test(`${JSON.stringify(fields)} is read and printed the same`, () => {
    const printed = ruleToJson(defineRule({ rule_id: "r", ...fields }, names));
    assert.deepEqual(printed, { rule_id: "r", notify: null, escalate: null, ...fields });
    assert.deepEqual(ruleToJson(defineRule(printed, names)), printed);
  });
}

const spend = { when: "spend_over", amount: "1", window: "24h", by: "user" };
const threshold = { when: "threshold", budget_id: "atlas", percent: 80 };

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
  [{ ...spend, amount: "-1" }, "amount", /zero or more/],
  [{ ...spend, by: "usr" }, "by", /dimension/],
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
