/** Serves `/api/v1/rules`: rules of alerts, a test of each, and who acknowledged what. */

import type { Principal } from "../app/caller/principal.ts";
import {
  acknowledge,
  alertsOf,
  deleteRule,
  findRule,
  notifiersOf,
  putRule,
} from "../app/rule/manage.ts";
import {
  acknowledgedSchema,
  acknowledgeInput,
  deletedRuleSchema,
  ruleInput,
  ruleParams,
  ruleSchema,
  rulesSchema,
  ruleTestSchema,
  setRuleSchema,
  type RuleAlertJson,
  type RuleJson,
} from "../contract/rule.ts";
import { formatAmount } from "../domain/budget/amount.ts";
import { PurserError } from "../domain/error.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { idOfOperation } from "../domain/ledger/operation.ts";
import type { KeptAlert } from "../domain/rule/alert.ts";
import { ruleToJson } from "../domain/rule/define.ts";
import type { Rule } from "../domain/rule/rule.ts";
import type { ApiContext } from "./context.ts";
import { adminOnly, answer, anyKey, ok, problem, route, type Route } from "./route.ts";

const common = { access: adminOnly, tag: "events" } as const;
const unknown = problem("There is no such rule.");
const mostAlerts = 500;

export const ruleRoutes: readonly Route[] = [
  route({
    ...common,
    method: "get",
    path: "/api/v1/rules",
    summary: "List the rules and their alerts",
    responses: { 200: answer("All rules.", rulesSchema) },
    handler({ context, caller }) {
      const rules = context.ledger.rules().toSorted((a, b) => (a.ruleId < b.ruleId ? -1 : 1));
      return ok({ data: rules.map((rule) => ruleJson(context, rule, caller)) });
    },
  }),
  route({
    ...common,
    method: "get",
    path: "/api/v1/rules/{rule_id}",
    summary: "Show a rule and its alerts",
    params: ruleParams,
    responses: { 200: answer("The rule.", ruleSchema), 404: unknown },
    handler({ params, context, caller }) {
      return ok(ruleJson(context, findRule(context, params.rule_id), caller));
    },
  }),
  route({
    ...common,
    method: "put",
    path: "/api/v1/rules/{rule_id}",
    summary: "Set a rule",
    description:
      "It counts calls that end from now on. With another condition it restarts its count.",
    params: ruleParams,
    body: ruleInput,
    responses: { 200: answer("Set.", setRuleSchema), 400: problem("A field is invalid.") },
    async handler({ params, body, context, caller }) {
      if (body.rule_id !== undefined && body.rule_id !== params.rule_id)
        throw new PurserError("invalid_request", "rule_id differs from the path", {
          field: "rule_id",
          remedy: "Leave it out.",
        });
      const input = { ...body, rule_id: params.rule_id };
      const { rule, warnings } = await putRule(context, input, context.notifiers?.names ?? []);
      await context.rulesChanged();
      return ok({ ...ruleJson(context, rule, caller), warnings: [...warnings] });
    },
  }),
  route({
    ...common,
    method: "delete",
    path: "/api/v1/rules/{rule_id}",
    summary: "Delete a rule",
    params: ruleParams,
    responses: { 200: answer("Deleted.", deletedRuleSchema), 404: unknown },
    async handler({ params, context }) {
      const { ruleId } = await deleteRule(context, params.rule_id);
      return ok({ rule_id: ruleId, deleted: true });
    },
  }),
  route({
    ...common,
    method: "post",
    path: "/api/v1/rules/{rule_id}/test",
    summary: "Send a test event through the rule's notifiers, also in quiet hours",
    params: ruleParams,
    responses: {
      200: answer("What became of each.", ruleTestSchema),
      400: problem("There are no notifiers."),
      404: unknown,
    },
    async handler({ params, context }) {
      const rule = findRule(context, params.rule_id);
      const names = notifiersOf(rule, context.notifiers?.names ?? []);
      return ok({ data: await Promise.all(names.map((name) => testOf(context, rule, name))) });
    },
  }),
  route({
    ...common,
    access: anyKey,
    method: "post",
    path: "/api/v1/rules/{rule_id}/acknowledge",
    summary: "Acknowledge alerts of a rule",
    description: "A key acknowledges the alerts about its own attribution.",
    params: ruleParams,
    body: acknowledgeInput,
    responses: {
      200: answer("The alerts that are acknowledged now.", acknowledgedSchema),
      400: problem("A field is invalid."),
      404: problem("There is no such rule or alert."),
    },
    async handler({ params, body, caller, context }) {
      const of = { ruleId: params.rule_id, caller };
      const { value, note } = body;
      const done = await acknowledge(context, of, {
        ...(value !== undefined && { value }),
        ...(note !== undefined && { note }),
      });
      return ok({ count: done.length, data: done.slice(-mostAlerts).map(alertJson) });
    },
  }),
];

async function testOf({ notifiers }: ApiContext, { ruleId }: Rule, name: string) {
  try {
    const sent = await notifiers?.test(name, { rule_id: ruleId });
    return { notifier: name, event_id: sent ?? null, problem: null };
  } catch (error) {
    if (!(error instanceof PurserError) || error.code === "bug") throw error;
    return { notifier: name, event_id: null, problem: error.message };
  }
}

function ruleJson(context: ApiContext, rule: Rule, caller: Principal): RuleJson {
  const alerts = alertsOf(context, rule.ruleId, caller).slice(-mostAlerts);
  return { ...ruleToJson(rule), alerts: alerts.map(alertJson) };
}

function alertJson(alert: KeptAlert): RuleAlertJson {
  const { window, currency, acknowledged, escalatedAt, operationId } = alert;
  const instant = (at: number | null): string | null => (at === null ? null : formatInstant(at));
  return {
    value: alert.value,
    fired_at: formatInstant(alert.firedAt),
    charged_at: formatInstant(alert.chargedAt),
    window: { start: instant(window.start), end: instant(window.end) },
    figure: formatAmount(alert.figure, currency),
    limit: formatAmount(alert.limit, currency),
    currency,
    operation_id: operationId === null ? null : idOfOperation(operationId),
    attribution: alert.attribution,
    acknowledged: acknowledged && {
      at: formatInstant(acknowledged.at),
      by: acknowledged.by,
      note: acknowledged.note,
    },
    escalated_at: instant(escalatedAt),
    action: alert.action,
    resumed_at: instant(alert.resumedAt),
  };
}
