/** Tests what people read of events: sentences, facts and templates. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../error.ts";
import type { CloudEvent } from "./cloud-event.ts";
import { factNames, factsOf } from "./facts.ts";
import { sentenceOf } from "./sentence.ts";
import { fillTemplate, parseTemplate } from "./template.ts";

const window = { start: "2026-11-01T00:00:00Z", end: "2026-12-01T00:00:00Z" };
const spent = {
  budget_id: "team-a",
  budget_type: "team",
  resource_id: "atlas",
  current_usage: 80.4,
  budget_amount: 100,
  currency: "USD",
  value: null,
  window,
};
const alert = {
  rule_id: "whale",
  when: "spend_over",
  value: "ann",
  owner: "ann",
  current_usage: 21,
  budget_amount: 20,
  currency: "USD",
};
const call = { operation_id: "op-1", provider: "openai", requested_model: "gpt-5" };

function event(type: string, data: CloudEvent["data"], subject = "op-1"): CloudEvent {
  const time = "2026-11-29T04:00:00Z";
  return {
    specversion: "1.0",
    id: "7",
    source: "/purser",
    type,
    time,
    subject,
    datacontenttype: "application/json",
    data,
  };
}

const sentences: readonly (readonly [type: string, data: CloudEvent["data"], sentence: string])[] =
  [
    [
      "budget.warning",
      spent,
      "Budget team-a (team atlas) has used 80.40 USD of 100.00 USD (80%). It resets on 2026-12-01 at 00:00 UTC.",
    ],
    [
      "budget.warning",
      { ...spent, currency: "tokens", current_usage: 80_400, budget_amount: 100_500, value: "ann" },
      "Budget team-a (team ann) has used 80,400 tokens of 100,500 tokens (80%). It resets on 2026-12-01 at 00:00 UTC.",
    ],
    [
      "budget.exceeded",
      { ...spent, current_usage: 0.0012, budget_amount: 0.001, window: { ...window, end: null } },
      "Budget team-a (team atlas) has reached its limit: 0.0012 USD of 0.001 USD (120%) is used.",
    ],
    [
      "rule.fired",
      { ...alert, action: "notify" },
      "Rule whale fired for ann: 21.00 USD is over 20.00 USD.",
    ],
    [
      "rule.fired",
      { ...alert, action: "pause" },
      "Rule whale fired for ann: 21.00 USD is over 20.00 USD. New calls are refused until the budget is resumed.",
    ],
    [
      "rule.fired",
      { ...alert, when: "threshold", value: "team-a", action: "model" },
      "Rule whale fired for team-a, owner ann: 21.00 USD has reached 20.00 USD. Cheaper models serve its calls.",
    ],
    [
      "budget.paused",
      spent,
      "Budget team-a (team atlas) is paused: new calls are refused until it is resumed. 80.40 USD of 100.00 USD (80%) is used. It resets on 2026-12-01 at 00:00 UTC.",
    ],
    [
      "budget.approval_requested",
      {
        ...spent,
        needed: "0.5",
        available: "-0.3",
        remedy: "Approve.",
        expires_at: "2026-11-29T23:30:00Z",
      },
      "Budget team-a (team atlas) asks for more: a call needs 0.50 USD and waits, 0.00 USD is left. Approve. Answer by 23:30 UTC.",
    ],
    [
      "budget.changed",
      { budget_id: "team-a", change: "changed", fields: ["amount", "period"] },
      "Budget team-a was changed: amount, period.",
    ],
    [
      "call.refused",
      { ...call, budget_id: "team-a", reason: "budget_exhausted", needed: "0.25", currency: "USD" },
      "A call to openai/gpt-5 was refused by budget team-a (budget exhausted). It needs 0.25 USD.",
    ],
    [
      "cost.recorded",
      { ...call, model_id: "gpt-5-2025", total_cost: 1.239, total_tokens: 1200, currency: "USD" },
      "A call to openai/gpt-5-2025 cost 1.24 USD for 1,200 tokens.",
    ],
    [
      "price.missing",
      { ...call, refused: true },
      "openai/gpt-5 has no price, so a call was refused.",
    ],
    ["key.created", { name: "ci" }, "Key ci was created."],
    ["purser.test", { notifier: "chat" }, "This is a test of Purser: notifier chat works."],
    ["task.signed_off", {}, "Event task.signed_off: op-1."],
    ["constructor", {}, "Event constructor: op-1."],
  ];

for (const [type, data, sentence] of sentences)
  test(`a sentence for ${type}: ${sentence.slice(0, 40)}`, () =>
    assert.equal(sentenceOf(event(type, data)), sentence));

test("a template is filled, and values are escaped", () => {
  const known = factNames(["budget.warning"]);
  const text = "{{<b>{budget_id}</b>}} {percent}% {used}/{limit} until { resets_at }.";
  const template = parseTemplate(text, { field: "template", known });
  const facts = factsOf(event("budget.warning", { ...spent, budget_id: "<a>" }), null);
  const escape = (value: string): string => value.replaceAll("<", "&lt;");
  assert.equal(
    fillTemplate(template, { facts, escape }),
    "{<b>&lt;a></b>} 80% 80.40 USD/100.00 USD until 2026-12-01T00:00:00Z.",
  );
});

test("a template with a field that the events do not have is refused with the list", () => {
  const parse = (text: string, types = ["budget.warning"]) =>
    parseTemplate(text, { field: "template", known: factNames(types) });
  const remedyOf = (text: string): string | undefined => {
    try {
      parse(text);
    } catch (error) {
      assert.ok(error instanceof PurserError);
      return error.detail.remedy;
    }
    return assert.fail(`${text} was accepted`);
  };
  assert.match(remedyOf("{budgt_id}") ?? "", /Did you mean \{budget_id\}\? .*\{percent\}/);
  assert.match(remedyOf("{model}") ?? "", /They have .*\{resets_at\}/);
  assert.match(remedyOf("a } b") ?? "", /\{\{ and \}\}/);
  assert.match(remedyOf("{") ?? "", /\{NAME\}/);
  assert.ok(parse("{model}", ["call.refused"]));
});

test("every fact of a family that an event can have has a name", () => {
  const names = factNames(["budget.warning"]);
  const facts = factsOf(event("budget.warning", spent), "https://p.example.com/x");
  for (const name of ["used", "limit", "percent", "resets_at", "link", "text"])
    assert.ok(names.includes(name) && facts.get(name), name);
});
