/** Serves what people do with a budget while it runs: pause, resume, extend, decline. */

import {
  declineBudget,
  extendBudget,
  pauseBudget,
  resumeBudget,
} from "../app/manage/control-budgets.ts";
import { findBudget, observeBudget } from "../app/manage/manage-budgets.ts";
import type { Principal } from "../app/caller/principal.ts";
import {
  budgetParams,
  controlledBudgetSchema,
  declineInput,
  extendInput,
  pauseInput,
  resumeInput,
  type ControlledBudgetJson,
} from "../contract/budget.ts";
import { everyValue } from "../domain/budget/applies.ts";
import { parseInstant } from "../domain/input/scalar.ts";
import { budgetJson } from "./budget-json.ts";
import type { ApiContext } from "./context.ts";
import { adminOnly, answer, ok, problem, route, type Route } from "./route.ts";

const noBudget = problem("No such budget.");
const badField = problem("A field is invalid.");

export const budgetControlRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/api/v1/budgets/{budget_id}/pause",
    access: adminOnly,
    tag: "budgets",
    summary: "Pause a budget: new calls are refused until it is resumed",
    description: "Calls under way go on. A budget that is paused already stays as it is.",
    params: budgetParams,
    body: pauseInput,
    responses: { 200: answer("Paused.", controlledBudgetSchema), 400: badField, 404: noBudget },
    async handler({ params: { budget_id }, body, caller, context }) {
      const control = controlOf(budget_id, body ?? {}, caller);
      await pauseBudget(context, control);
      return ok(await shown(context, control));
    },
  }),
  route({
    method: "post",
    path: "/api/v1/budgets/{budget_id}/resume",
    access: adminOnly,
    tag: "budgets",
    summary: "Resume a paused budget",
    description: "A threshold that paused it does not pause again in the same window.",
    params: budgetParams,
    body: resumeInput,
    responses: {
      200: answer("Resumed, or not paused.", controlledBudgetSchema),
      400: badField,
      404: noBudget,
      409: problem("A value was given, and the whole budget is paused."),
    },
    async handler({ params: { budget_id }, body, caller, context }) {
      const control = controlOf(budget_id, body ?? {}, caller);
      await resumeBudget(context, control);
      return ok(await shown(context, control));
    },
  }),
  route({
    method: "post",
    path: "/api/v1/budgets/{budget_id}/extend",
    access: adminOnly,
    tag: "budgets",
    summary: "Add money to a budget for its current window",
    description:
      "Each request adds: a repeated one adds again, unless it names the question that it answers (`asked_at`). Calls that wait for the money go on.",
    params: budgetParams,
    body: extendInput,
    responses: {
      200: answer("Extended.", controlledBudgetSchema),
      400: badField,
      404: noBudget,
      409: problem("The only window of the budget is not open, or the question was answered."),
    },
    async handler({ params: { budget_id }, body: { amount, ...rest }, caller, context }) {
      const control = { ...controlOf(budget_id, rest, caller), ...answered(rest) };
      await extendBudget(context, { ...control, amount });
      return ok(await shown(context, control));
    },
  }),
  route({
    method: "post",
    path: "/api/v1/budgets/{budget_id}/decline",
    access: adminOnly,
    tag: "budgets",
    summary: "Decline the open question of a budget: it gets no more money",
    description:
      "Calls that wait are refused. For the time of `ask_timeout`, calls that cannot be paid are refused, too, and do not ask again.",
    params: budgetParams,
    body: declineInput,
    responses: {
      200: answer("Declined.", controlledBudgetSchema),
      400: badField,
      404: noBudget,
      409: problem("No question is open, or the one that is meant was answered."),
    },
    async handler({ params: { budget_id }, body, caller, context }) {
      const control = { ...controlOf(budget_id, body ?? {}, caller), ...answered(body ?? {}) };
      await declineBudget(context, control);
      return ok(await shown(context, control));
    },
  }),
];

interface ControlInput {
  readonly value?: string | undefined;
  readonly reason?: string | undefined;
}

function controlOf(budgetId: string, { value, reason }: ControlInput, { key }: Principal) {
  return { budgetId, value: value ?? null, reason: reason ?? null, by: key?.keyId ?? "admin" };
}

/** The question that is meant, if one was named. */
function answered({ asked_at: askedAt }: { readonly asked_at?: string | undefined }) {
  return askedAt === undefined ? {} : { askedAt: parseInstant(askedAt, "asked_at") };
}

/** With the figures of the value, if one was named. */
async function shown(
  context: ApiContext,
  { budgetId, value }: { readonly budgetId: string; readonly value: string | null },
): Promise<ControlledBudgetJson> {
  const budget = findBudget(context.ledger, budgetId);
  const named = budget.resourceId === everyValue ? value : null;
  return { ...budgetJson(await observeBudget(context, budget, named)), value: named };
}
