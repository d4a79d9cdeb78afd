/** Tests that an alert fires once per window, and is answered or escalated once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../money/money.ts";
import type { Alert } from "../rule/alert.ts";
import { decideAcknowledge, decideEscalate, decideFire } from "./decide-rule.ts";
import type { LedgerView } from "./view.ts";
import { Registry, isDefinition, mostOfRule } from "./registry.ts";
import type { Entry } from "./entry.ts";

const alert: Alert = {
  ruleId: "r",
  when: "spend_over",
  value: "ann",
  chargedAt: 100,
  window: { start: 0, end: 100 },
  until: 200,
  figure: pico(2n),
  limit: pico(1n),
  currency: "USD",
  attribution: { user: "ann" },
  budgetId: null,
  operationId: null,
  notify: null,
  escalate: { afterMs: 60_000, notify: ["pager"] },
  action: null,
};

function ledger() {
  const registry = new Registry();
  const condition = { when: "unpriced_model" } as const;
  const rule = { ruleId: "r", condition, notify: null, escalate: null, action: null };
  registry.apply({ kind: "rule", at: 0, rule, deleted: false });
  const view = registry as unknown as LedgerView;
  const apply = (entries: readonly Entry[]): number => {
    for (const entry of entries) if (isDefinition(entry)) registry.apply(entry);
    return entries.length;
  };
  const fire = (changes: Partial<Alert> = {}): number =>
    fireUnder(registry.rules.get("r")?.since ?? 0, changes);
  const fireUnder = (since: number, changes: Partial<Alert> = {}): number =>
    apply(
      decideFire(view, { kind: "fire_rule", at: 1, since, alert: { ...alert, ...changes } })
        .entries,
    );
  const of = { ruleId: "r", value: "ann" };
  const acknowledge = (note: string): number => {
    const command = { kind: "acknowledge_rule", at: 2, by: "key", note, ...of } as const;
    return apply(decideAcknowledge(view, command).entries);
  };
  const escalate = (): number =>
    apply(decideEscalate(view, { kind: "escalate_rule", at: 3, ...of }).entries);
  return { registry, fire, fireUnder, acknowledge, escalate };
}

test("a rule fires once per window and value", () => {
  const { fire } = ledger();
  assert.deepEqual(
    [fire(), fire(), fire({ chargedAt: 199 }), fire({ value: "bob" })],
    [1, 0, 0, 1],
  );
  assert.equal(fire({ chargedAt: 200, until: 300 }), 1);
  assert.equal(fire({ ruleId: "deleted" }), 0);
});

test("of a rule for single operations, the newest alerts are kept", () => {
  const { registry, fire } = ledger();
  const fireFor = (value: string): number =>
    fire({ when: "operation_over", value, until: null, operationId: value });
  for (let n = 0; n <= mostOfRule; n++) fireFor(`op-${n}`);
  assert.equal(registry.alerts.size, mostOfRule);
  const [oldest] = registry.alerts.values();
  assert.equal(oldest?.value, "op-1");
  assert.deepEqual([fireFor("op-1"), fireFor("op-0")], [0, 1], "the newest do not fire again");
});

test("alerts that are over are dropped once they are acknowledged or a day old", () => {
  const day = 86_400_000;
  const { registry, fire, acknowledge } = ledger();
  const values = (): readonly string[] => [...registry.alerts.values()].map(({ value }) => value);
  const fireAt = (at: number, value: string, changes: Partial<Alert> = {}): void => {
    const times = { chargedAt: at, until: at + 100, escalate: null };
    registry.apply({
      kind: "rule_fired",
      at,
      alert: { ...alert, value, ...times, ...changes },
      by: null,
      note: null,
    });
  };
  fire();
  acknowledge("seen");
  fireAt(150, "bob");
  assert.deepEqual(values(), ["ann", "bob"], "ann's is not over");
  fireAt(201, "cid");
  assert.deepEqual(values(), ["bob", "cid"]);
  fireAt(day + 149, "dan", { escalate: alert.escalate });
  assert.deepEqual(values(), ["bob", "cid", "dan"]);
  fireAt(day + 250, "eve");
  assert.deepEqual(values(), ["dan", "eve"]);
  fireAt(3 * day, "fay");
  assert.deepEqual(values(), ["dan", "fay"], "dan's is to be escalated");
  const entry = { at: 3 * day, alert: { ...alert, value: "bob" }, by: "x", note: null };
  registry.apply({ kind: "rule_acknowledged", ...entry });
  assert.deepEqual(values(), ["dan", "fay"], "an answer in an older journal");
});

test("an alert is escalated once, unless it was acknowledged", () => {
  const { fire, acknowledge, escalate } = ledger();
  fire();
  assert.deepEqual([escalate(), escalate()], [1, 0]);
  fire({ chargedAt: 200, until: 300 });
  assert.deepEqual([acknowledge("first"), acknowledge("second"), escalate()], [1, 0, 0]);
});

test("another condition begins anew; other notifiers do not", () => {
  const { registry, fire, fireUnder } = ledger();
  fire();
  const [kept] = registry.rules.values();
  assert.ok(kept);
  registry.apply({ kind: "rule", at: 5, rule: { ...kept, notify: ["ops"] }, deleted: false });
  assert.equal(fire(), 0);
  const condition = { when: "task_over", amount: 1n, currency: "tokens" } as const;
  registry.apply({ kind: "rule", at: 6, rule: { ...kept, condition }, deleted: false });
  assert.equal(fireUnder(0), 0, "found under the condition before");
  assert.equal(fire(), 1);
});
