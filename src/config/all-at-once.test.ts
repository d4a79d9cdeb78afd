/** Tests that one run reports every error of a file, and none that another error causes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../domain/error.ts";
import { loadConfiguration } from "./load.ts";

const environment = { CHAT: "https://hooks.example.com/services/T/B/verysecret" };

function byText(left: string, right: string): number {
  return left < right ? -1 : 1;
}

function fieldsOf(text: string): readonly string[] {
  try {
    loadConfiguration(text, { environment, file: "purser.yaml" });
  } catch (error) {
    assert.ok(error instanceof PurserError, String(error));
    return (error.detail.faults ?? []).map(({ field }) => field ?? "").toSorted(byText);
  }
  return [];
}

for (const [fact, text, fields] of [
  [
    "each rate with an error",
    `display: { currency: EUR, rates: [{ from: 2026-01-01, units_per_usd: 0.92 }, { from: 2026-01-40, usd_per_unit: "x" }, y] }`,
    [
      "display.rates[0].units_per_usd",
      "display.rates[1].from",
      "display.rates[1].usd_per_unit",
      "display.rates[2]",
    ],
  ],
  [
    "a currency, but not the rates that have none of their own",
    `display: { currency: EURX, rates: [{ from: 2026-01-01, units_per_usd: "1" }] }`,
    ["display.currency"],
  ],
  [
    "each address, and the other fields of a notifier",
    `notifiers: [{ name: A b, kind: email, host: smtp.example.com, from: z, to: [y, w] }]`,
    ["notifiers[0].from", "notifiers[0].name", "notifiers[0].to[0]", "notifiers[0].to[1]"],
  ],
  [
    "a URL and a secret",
    `notifiers: [{ name: a, kind: webhook, url: "ftp://x", secret: abc }]`,
    ["notifiers[0].secret", "notifiers[0].url"],
  ],
  [
    "a pair of models",
    `
rules: [{ rule_id: a, when: threshold, budget_id: b, percent: 80, action: model, models: { gpt: x } }]
budgets: [{ budget_id: b, budget_type: platform, amount: "1" }]`,
    ["rules[0].models.gpt"],
  ],
  [
    "a condition and an action, but not what depends on them",
    `
rules:
  - { rule_id: a, when: spend_ovr, amount: 1, by: user, window: 1h }
  - { rule_id: b, when: threshold, budget_id: b, percent: 80, action: modle, models: { o/a: o/b } }
budgets: [{ budget_id: b, budget_type: platform, amount: "1" }]`,
    ["rules[0].when", "rules[1].action"],
  ],
  [
    "a notifier with an error, but not the rules that name it",
    `
rules: [{ rule_id: a, when: unpriced_model, notify: [n] }]
notifiers: [{ name: n, kind: log, colour: red }]`,
    ["notifiers[0].colour"],
  ],
] as const)
  test(`one run reports ${fact}`, () => assert.deepEqual(fieldsOf(text), fields));

test("an unknown name and a single brace of a template are reported together", () => {
  const template = `"{budgt_id} {open"`;
  assert.throws(
    () =>
      loadConfiguration(
        `notifiers: [{ name: a, kind: slack, url: "\${CHAT}", template: ${template} }]`,
        { environment, file: "purser.yaml" },
      ),
    /has \{budgt_id\}, which the events of this notifier do not have, and a single \{/,
  );
});
