/** Decides what becomes of an alert: it fires once per window, and is answered or escalated once. */

import { everyValue } from "../budget/applies.ts";
import { PurserError } from "../error.ts";
import { type Alert, alertKey, covers, type KeptAlert } from "../rule/alert.ts";
import { dimensionOf } from "../rule/define-action.ts";
import type { Rule } from "../rule/rule.ts";
import type {
  AcknowledgeRuleCommand,
  AnswerOf,
  EscalateRuleCommand,
  FireRuleCommand,
} from "./command.ts";
import { decidePause } from "./decide-control.ts";
import type { Decided } from "./decided.ts";
import type { AlertEntry, Entry } from "./entry.ts";
import type { LedgerView } from "./view.ts";

export function decideFire(
  books: LedgerView,
  { at, alert, since }: FireRuleCommand,
): Decided<AnswerOf["fire_rule"]> {
  const kept = books.alerts.get(alertKey(alert));
  const rule = books.rules.get(alert.ruleId);
  if (covers(kept, alert) || rule?.since !== since)
    return { answer: { repeated: true, paused: false }, entries: [] };
  // Found late, such as after a day without a process: it is too late to act.
  const isOver = alert.until !== null && at >= alert.until;
  const fired = isOver ? { ...alert, action: null } : alert;
  const entry: AlertEntry = { kind: "rule_fired", at, alert: fired, by: null, note: null };
  const pause = isOver ? [] : pauseBy(books, { at, rule, alert });
  return { answer: { repeated: false, paused: pause.length > 0 }, entries: [entry, ...pause] };
}

/**
 * The pause that comes with an alert, in the same decision: neither is without the other. Nothing
 * if the budget is paused already, is gone, or counts something else by now.
 */
function pauseBy(
  books: LedgerView,
  { at, rule, alert }: Omit<FireRuleCommand, "kind" | "since"> & { readonly rule: Rule },
): readonly Entry[] {
  const { action, condition, ruleId } = rule;
  if (action?.kind !== "pause") return [];
  const { budgetId } = action;
  const budget = books.budgets.get(budgetId);
  const isEach = budget?.resourceId === everyValue;
  const dimension = dimensionOf(condition);
  if (!budget || (dimension !== null && !(isEach && budget.budgetType === dimension))) return [];
  const value = isEach ? alert.value : null;
  const [by, reason] = [`rule:${ruleId}`, `rule ${ruleId} fired`];
  return decidePause(books, { kind: "pause_budget", at, budgetId, value, by, reason }).entries;
}

/** @throws PurserError `not_found` if the rule has not fired for the value. */
export function decideAcknowledge(
  books: LedgerView,
  command: AcknowledgeRuleCommand,
): Decided<AnswerOf["acknowledge_rule"]> {
  const alert = books.alerts.get(alertKey(command));
  if (!alert)
    throw new PurserError("not_found", `rule "${command.ruleId}" has no such alert`, {
      field: "value",
      remedy: "Take the value from the rule's alerts.",
    });
  if (alert.acknowledged) return { answer: { alert, repeated: true }, entries: [] };
  const { at, by, note } = command;
  const acknowledged: KeptAlert = { ...alert, acknowledged: { at, by, note } };
  const entry: AlertEntry = { kind: "rule_acknowledged", at, alert: plain(alert), by, note };
  return { answer: { alert: acknowledged, repeated: false }, entries: [entry] };
}

export function decideEscalate(
  books: LedgerView,
  command: EscalateRuleCommand,
): Decided<AnswerOf["escalate_rule"]> {
  const alert = books.alerts.get(alertKey(command));
  if (!alert || alert.acknowledged || alert.escalatedAt !== null)
    return { answer: { repeated: true }, entries: [] };
  const { at } = command;
  const entry: AlertEntry = {
    kind: "rule_escalated",
    at,
    alert: plain(alert),
    by: null,
    note: null,
  };
  return { answer: { repeated: false }, entries: [entry] };
}

/** The alert as it fired. */
function plain(kept: KeptAlert): Alert {
  const { firedAt: _, acknowledged: __, escalatedAt: ___, resumedAt: ____, ...alert } = kept;
  return alert;
}
