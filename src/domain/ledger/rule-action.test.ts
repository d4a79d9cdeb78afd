/** Tests what rules do besides alerts: pauses, and cheaper models while a window is open. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { defineBudget } from "../budget/define.ts";
import { pico } from "../money/money.ts";
import type { Alert } from "../rule/alert.ts";
import type { Action, Condition, Rule } from "../rule/rule.ts";
import { Books } from "./books.ts";
import type { Command } from "./command.ts";
import { decide } from "./decide.ts";
import type { Entry } from "./entry.ts";
import { noHistory } from "./past.ts";

const fields = { amount: "1", period: "day" } as const;
const all = { budget_id: "all", budget_type: "platform", resource_id: "main", ...fields };
const team = { budget_id: "team", budget_type: "team", resource_id: "t", ...fields };
const each = { budget_id: "each", budget_type: "user", resource_id: "*", ...fields };
const models = { "openai/big": "openai/small", "openai/small": "openai/tiny" };
const dayEnd = 1000;

const atHalf: Condition = {
  when: "threshold",
  budgetId: "all",
  partsPerMillion: 500_000,
  of: "actual",
};
const spendOver: Condition = {
  when: "spend_over",
  amount: 1n,
  currency: "USD",
  windowMs: 100,
  by: "user",
};

function ledger(at = 10) {
  const books = new Books(noHistory);
  const commit = (command: Command): readonly Entry[] => {
    const { entries } = decide(books, command);
    for (const entry of entries) books.apply(entry);
    return entries;
  };
  for (const input of [all, { ...team, parent_budget_id: "all" }, each]) {
    const parentOf = (id: string): null | undefined => (id === "all" ? null : undefined);
    commit({ kind: "put_budget", at: 0, budget: defineBudget(input, { parentOf }), when: "put" });
  }
  const put = (action: Action | null, condition: Condition = atHalf, ruleId = "r"): void => {
    const rule: Rule = { ruleId, condition, notify: null, escalate: null, action };
    commit({ kind: "put_rule", at, rule, deleted: false });
  };
  const fire = (changes: Partial<Alert> = {}, now = at): readonly Entry[] =>
    commit({
      kind: "fire_rule",
      at: now,
      since: books.rules.get(changes.ruleId ?? alert.ruleId)?.since ?? 0,
      alert: { ...alert, ...changes },
    });
  const resume = (budgetId: string, value: string | null = null): readonly Entry[] =>
    commit({ kind: "resume_budget", at, budgetId, value, by: "admin", reason: null });
  const served = (model: string, now = at, user = "ann"): string | undefined =>
    books.registry.replacements.current?.of(
      {
        attribution: { team: "t", user },
        route: { provider: "openai", model },
        budgets: [],
      },
      now,
    )?.model;
  return { books, commit, put, fire, resume, served };
}

const alert: Alert = {
  ruleId: "r",
  when: "threshold",
  value: "all",
  chargedAt: 5,
  window: { start: null, end: dayEnd },
  until: dayEnd,
  figure: pico(1n),
  limit: pico(1n),
  currency: "USD",
  attribution: {},
  budgetId: "all",
  operationId: null,
  notify: null,
  escalate: null,
  action: null,
};
const ofAnn = { when: "spend_over", value: "ann", budgetId: null, until: 105 } as const;

function kinds(entries: readonly Entry[]): readonly string[] {
  return entries.map(({ kind }) => kind);
}

test("an alert and its pause are one decision, and a repeated alert does not pause again", () => {
  const { books, put, fire, resume } = ledger();
  put({ kind: "pause", budgetId: "all" });
  assert.deepEqual(kinds(fire()), ["rule_fired", "budget_pause"]);
  assert.deepEqual(
    books.pausesOf("all").map(({ value, by, reason }) => [value, by, reason]),
    [[null, "rule:r", "rule r fired"]],
  );
  assert.deepEqual(kinds(resume("all")), ["budget_resume"]);
  assert.deepEqual(kinds(fire({ chargedAt: 7 })), []);
  assert.deepEqual(books.pausesOf("all"), []);
});

test("a rule about a dimension pauses the value of a budget for every value", () => {
  const { books, put, fire } = ledger();
  put({ kind: "pause", budgetId: "each" }, spendOver);
  assert.deepEqual(kinds(fire(ofAnn)), ["rule_fired", "budget_pause"]);
  assert.deepEqual(
    books.pausesOf("each").map(({ value }) => value),
    ["ann"],
  );
});

test("a rule does not pause what is paused, gone, or counts something else by now", () => {
  const { commit, put, fire } = ledger();
  put({ kind: "pause", budgetId: "each" }, { ...spendOver, by: "team" });
  assert.deepEqual(kinds(fire({ ...ofAnn, value: "t" })), ["rule_fired"]);
  put({ kind: "pause", budgetId: "each" }, spendOver, "s");
  const pause = { kind: "pause_budget", at: 8, by: "admin", reason: null } as const;
  commit({ ...pause, budgetId: "each", value: "ann" });
  assert.deepEqual(kinds(fire({ ...ofAnn, ruleId: "s" })), ["rule_fired"]);
  commit({ kind: "delete_budget", at: 9, budgetId: "each" });
  assert.deepEqual(kinds(fire({ ...ofAnn, ruleId: "s", value: "bob" })), ["rule_fired"]);
});

test("an alert that is found after its window only notifies", () => {
  const { put, fire } = ledger();
  put({ kind: "pause", budgetId: "all" });
  const [fired, ...others] = fire({ action: "pause" }, dayEnd);
  assert.ok(fired?.kind === "rule_fired");
  assert.deepEqual([fired.alert.action, others], [null, []]);
});

test("a threshold fires once per window, whenever its calls are charged", () => {
  const { put, fire } = ledger();
  put(null);
  assert.equal(fire().length, 1);
  assert.equal(fire({ chargedAt: 2000 }).length, 0, "a late charge of the same window");
  const next = { window: { start: dayEnd, end: 2000 }, until: 2000 };
  assert.equal(fire({ ...next, chargedAt: 1500 }).length, 1);
  assert.equal(fire({ chargedAt: 1600 }).length, 0, "the window before");
});

test("models are replaced once, in the budget's scope, until the window ends", () => {
  const { put, fire, served } = ledger();
  put({ kind: "model", models });
  assert.equal(served("big"), undefined, "nothing has fired");
  fire();
  assert.deepEqual(
    [served("big"), served("small"), served("other")],
    ["openai/small", "openai/tiny", undefined],
  );
  assert.deepEqual([served("big", dayEnd - 1), served("big", dayEnd)], ["openai/small", undefined]);
});

test("a model is replaced in every spelling that has its price", () => {
  const { put, fire, served } = ledger();
  put({ kind: "model", models: { "openai/gpt-5": "openai/gpt-5-mini" } });
  fire();
  const asked = ["gpt-5", "GPT-5", "gpt-5-2025-08-07", "gpt-5-mini", "gpt-5-pro"];
  const mini = "openai/gpt-5-mini";
  assert.deepEqual(
    asked.map((model) => served(model)),
    [mini, mini, mini, undefined, undefined],
  );
});

test("models of one value of a budget are replaced, and those of others not", () => {
  const { put, fire, served } = ledger();
  put({ kind: "model", models }, { ...atHalf, budgetId: "each" });
  fire({ value: "ann", budgetId: "each" });
  assert.deepEqual([served("big"), served("big", 10, "bob")], ["openai/small", undefined]);
});

test("of two rules, the one with the higher threshold decides", () => {
  const { put, fire, served } = ledger();
  put(
    { kind: "model", models: { "openai/big": "openai/tiny" } },
    { ...atHalf, partsPerMillion: 900_000 },
    "high",
  );
  put({ kind: "model", models });
  fire();
  assert.equal(served("big"), "openai/small");
  fire({ ruleId: "high" });
  assert.equal(served("big"), "openai/tiny");
});

const ends: readonly (readonly [name: string, end: (of: ReturnType<typeof ledger>) => void])[] = [
  ["a person resumes the budget", ({ resume }) => assert.equal(resume("all").length, 1)],
  ["the rule loses its action", ({ put }) => put(null)],
  [
    "the condition changes",
    ({ put }) => put({ kind: "model", models }, { ...atHalf, of: "forecast" }),
  ],
];

for (const [name, end] of ends) {
  test(`models are no longer replaced once ${name}`, () => {
    const of = ledger();
    of.put({ kind: "model", models });
    of.fire();
    assert.equal(of.served("big"), "openai/small");
    end(of);
    assert.equal(of.served("big"), undefined);
  });
}

test("a resume that ends nothing is a repeat", () => {
  const { put, fire, resume } = ledger();
  put({ kind: "model", models });
  fire();
  assert.deepEqual([resume("each"), resume("all").length, resume("all")], [[], 1, []]);
});
