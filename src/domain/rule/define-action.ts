/** Reads what a rule also does, and prints it in the same form. */

import {
  type Fields,
  invalid,
  isObject,
  optionalWord,
  requiredText,
  show,
} from "../input/fields.ts";
import { suggest } from "../input/nearest.ts";
import { shorten } from "../input/shorten.ts";
import type { RuleNames } from "./rule-names.ts";
import type { Action, Condition, PauseAction } from "./rule.ts";

/** `notify` is what every rule does, and the only action of a rule without one. */
const actionNames = ["notify", "pause", "model"] as const;

/** The fields that only some actions have. */
export const actionFields: readonly string[] = ["action", "models"];

/** @throws PurserError `invalid_request` with field and remedy. */
export function readAction(fields: Fields, condition: Condition, names: RuleNames): Action | null {
  const action = optionalWord(fields, "action", actionNames) ?? "notify";
  const models = fields.values.get("models");
  if (action !== "model" && models !== undefined)
    throw invalid(
      `${fields.prefix}models`,
      "needs action: model",
      "Leave it out, or set action: model.",
    );
  if (action === "pause") return readPause(fields, condition, names);
  refuseBudget(fields, condition);
  return action === "model" ? { kind: "model", models: readModels(fields, condition) } : null;
}

export function actionToJson(action: Action | null, { when }: Condition) {
  if (action === null) return { action: "notify" as const };
  if (action.kind === "model") return { action: action.kind, models: action.models };
  return { action: action.kind, ...(when !== "threshold" && { budget_id: action.budgetId }) };
}

/** The dimension whose values the alerts of a condition name; null if they name none. */
export function dimensionOf(condition: Condition): string | null {
  if (condition.when === "task_over") return "task";
  return condition.when === "spend_over" ? condition.by : null;
}

/** Only a pause needs a budget besides the condition's own. */
function refuseBudget({ prefix, values }: Fields, condition: Condition): void {
  if (condition.when === "threshold" || !values.has("budget_id")) return;
  throw invalid(`${prefix}budget_id`, "needs action: pause", "Leave it out, or set action: pause.");
}

function readPause(fields: Fields, condition: Condition, names: RuleNames): PauseAction {
  if (condition.when === "threshold") return { kind: "pause", budgetId: condition.budgetId };
  const dimension = dimensionOf(condition);
  if (dimension === null)
    throw invalid(
      `${fields.prefix}action`,
      `is pause, but ${condition.when} has no budget to pause`,
      "Use threshold, spend_over or task_over.",
    );
  const remedy = `Name a budget with budget_type: ${dimension} and resource_id: "*", whose value is paused.`;
  const budgetId = requiredText(fields, "budget_id", remedy);
  const field = `${fields.prefix}budget_id`;
  if (!names.budgets.includes(budgetId)) {
    const near = names.budgets.length === 0 ? remedy : suggest(budgetId, names.budgets);
    throw invalid(field, `is ${show(budgetId)}, which is not a budget`, near);
  }
  if (names.perValue.get(budgetId) === dimension) return { kind: "pause", budgetId };
  throw invalid(field, `is ${show(budgetId)}, which does not count each ${dimension}`, remedy);
}

const mostModels = 100;

function readModels(fields: Fields, { when }: Condition): Readonly<Record<string, string>> {
  if (when !== "threshold")
    throw invalid(
      `${fields.prefix}action`,
      `is model, but ${when} is not tied to a budget, so there are no calls to reroute`,
      "Use threshold.",
    );
  const field = `${fields.prefix}models`;
  const remedy = "Give the models to replace, such as { openai/gpt-5: openai/gpt-5-mini }.";
  const input = fields.values.get("models");
  if (input === undefined) throw invalid(field, "is missing", remedy);
  const models = isObject(input) ? Object.entries(input) : [];
  if (models.length === 0) throw invalid(field, `is ${show(input)}`, remedy);
  if (models.length > mostModels)
    throw invalid(field, `has ${models.length} models`, `Give up to ${mostModels}.`);
  return Object.fromEntries(models.map(([asked, served]) => readPair(field, asked, served)));
}

function readPair(field: string, asked: string, served: unknown): readonly [string, string] {
  const own = `${field}.${shorten(asked, 100)}`;
  const provider = providerOf(asked);
  if (provider === null)
    throw invalid(
      own,
      "is not in the form PROVIDER/MODEL",
      "Write it as PROVIDER/MODEL, such as openai/gpt-5.",
    );
  if (typeof served !== "string" || providerOf(served) === null)
    throw invalid(
      own,
      `is ${show(served)}, which is not in the form PROVIDER/MODEL`,
      "Write it as PROVIDER/MODEL, such as openai/gpt-5-mini.",
    );
  if (served === asked)
    throw invalid(own, "names the same model", "Name a cheaper model of the same provider.");
  if (providerOf(served) === provider) return [asked, served];
  throw invalid(
    own,
    `is ${show(served)}, a model of another provider`,
    "Name a model of the same provider: it has the same format, stored objects and keys.",
  );
}

function providerOf(name: string): string | null {
  const slash = name.indexOf("/");
  const isName = slash > 0 && slash < name.length - 1 && name.length <= 300;
  // A pattern would be a name for a budget.
  return isName && !/[*!]/.test(name) ? name.slice(0, slash) : null;
}
