/** Decides what becomes of an alert: it fires once per window, and is answered or escalated once. */

import { PurserError } from "../error.ts";
import { type Alert, alertKey, covers, type KeptAlert } from "../rule/alert.ts";
import type {
  AcknowledgeRuleCommand,
  AnswerOf,
  EscalateRuleCommand,
  FireRuleCommand,
} from "./command.ts";
import type { Decided } from "./decided.ts";
import type { AlertEntry } from "./entry.ts";
import type { LedgerView } from "./view.ts";

export function decideFire(
  books: LedgerView,
  { at, alert }: FireRuleCommand,
): Decided<AnswerOf["fire_rule"]> {
  const kept = books.alerts.get(alertKey(alert));
  if (covers(kept, alert.chargedAt) || !books.rules.has(alert.ruleId))
    return { answer: { repeated: true }, entries: [] };
  const entry: AlertEntry = { kind: "rule_fired", at, alert, by: null, note: null };
  return { answer: { repeated: false }, entries: [entry] };
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
  const { firedAt: _, acknowledged: __, escalatedAt: ___, ...alert } = kept;
  return alert;
}
