/** Events about rules of alerts: one fired, was acknowledged, or was not in time. */

import { formatAmount } from "../budget/amount.ts";
import { formatInstant } from "../input/scalar.ts";
import type { AlertEntry } from "../ledger/entry.ts";
import { idOfOperation } from "../ledger/operation.ts";
import { pico, toNumber } from "../money/money.ts";
import type { Alert } from "../rule/alert.ts";
import type { EventType, Happening } from "./event.ts";

const types = {
  rule_fired: "rule.fired",
  rule_acknowledged: "rule.acknowledged",
  rule_escalated: "rule.escalated",
} as const satisfies Readonly<Record<AlertEntry["kind"], EventType>>;

/** An alert goes to the notifiers that its rule names; an acknowledgement to who selects it. */
export function alerted({ kind, at, alert, by, note }: AlertEntry): Happening {
  const { attribution, budgetId } = alert;
  const about = { kind: "rule", attribution, budgetId } as const;
  const event = { type: types[kind], at, subject: alert.ruleId };
  const data = alertData(alert, at);
  if (kind === "rule_acknowledged")
    return { ...event, about, data: { ...data, acknowledged_by: by, note } };
  const { notify } = kind === "rule_fired" ? alert : (alert.escalate ?? alert);
  return { ...event, about: { ...about, notify }, data };
}

function alertData(alert: Alert, at: number): Happening["data"] {
  const { currency, window, operationId } = alert;
  const amount = (figure: bigint): number =>
    currency === "USD" ? toNumber(pico(figure)) : Number(figure);
  const instant = (ms: number | null): string | null => (ms === null ? null : formatInstant(ms));
  return {
    rule_id: alert.ruleId,
    when: alert.when,
    action: alert.action ?? "notify",
    value: alert.value,
    budget_id: alert.budgetId,
    operation_id: operationId === null ? null : idOfOperation(operationId),
    owner: alert.attribution.user ?? null,
    attribution: alert.attribution,
    figure: formatAmount(alert.figure, currency),
    limit: formatAmount(alert.limit, currency),
    currency,
    current_usage: amount(alert.figure),
    budget_amount: amount(alert.limit),
    window: { start: instant(window.start), end: instant(window.end) },
    charged_at: formatInstant(alert.chargedAt),
    timestamp: formatInstant(at),
  };
}
