/** The stored form of rules and their alerts: JSON, with amounts as text. */

import { assert } from "../../domain/assert.ts";
import type { AlertEntry, RuleEntry } from "../../domain/ledger/entry.ts";
import type { Alert } from "../../domain/rule/alert.ts";
import type { Condition, Rule } from "../../domain/rule/rule.ts";
import { kinds } from "./kind.ts";

/** JSON has no bigint. */
type AsText<Value> = {
  readonly [Field in keyof Value]: Value[Field] extends bigint ? string : Value[Field];
};
type StoredCondition = Condition extends infer One
  ? One extends Condition
    ? AsText<One>
    : never
  : never;
/** Entries of versions without actions have none. */
type WithoutAction<Value extends { readonly action: unknown }> = Omit<Value, "action"> &
  Partial<Pick<Value, "action">>;
type StoredRule = readonly [
  rule: WithoutAction<Omit<Rule, "condition"> & { readonly condition: StoredCondition }>,
  deleted: 0 | 1,
];
type StoredAlert = readonly [
  alert: WithoutAction<AsText<Alert>>,
  by: string | null,
  note: string | null,
];

export function ruleBody(entry: RuleEntry | AlertEntry): string {
  const stored =
    entry.kind === "rule"
      ? [entry.rule, entry.deleted ? 1 : 0]
      : [entry.alert, entry.by, entry.note];
  return JSON.stringify(stored, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
}

export function decodeRuleEntry({
  kind,
  at,
  body,
}: {
  readonly kind: number;
  readonly at: number;
  readonly body: string;
}): RuleEntry | AlertEntry {
  if (kind === kinds.rule) {
    const [rule, deleted] = JSON.parse(body) as StoredRule;
    const condition = withAmount(rule.condition);
    const { action = null } = rule;
    return { kind: "rule", at, rule: { ...rule, condition, action }, deleted: deleted === 1 };
  }
  const [stored, by, note] = JSON.parse(body) as StoredAlert;
  const { figure, limit, action = null } = stored;
  const alert = { ...stored, figure: BigInt(figure), limit: BigInt(limit), action };
  return { kind: alertKind(kind), at, alert, by, note };
}

function alertKind(kind: number): AlertEntry["kind"] {
  if (kind === kinds.rule_fired) return "rule_fired";
  if (kind === kinds.rule_acknowledged) return "rule_acknowledged";
  assert(kind === kinds.rule_escalated, "an entry of an alert");
  return "rule_escalated";
}

function withAmount(condition: StoredCondition): Condition {
  return "amount" in condition ? { ...condition, amount: BigInt(condition.amount) } : condition;
}
