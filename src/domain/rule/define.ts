/** Reads rules of alerts from JSON-shaped input, and prints them in the same form. */

import { dimensions, type AttributionKey } from "../attribution/attribution.ts";
import { formatAmount, parseAmount } from "../budget/amount.ts";
import {
  type Fields,
  invalid,
  openFields,
  optionalTexts,
  optionalWord,
  requiredText,
  show,
} from "../input/fields.ts";
import { dayMs, formatDuration, readDuration } from "../input/duration.ts";
import { suggest } from "../input/nearest.ts";
import { actionFields, actionToJson, readAction } from "./define-action.ts";
import type { RuleNames } from "./rule-names.ts";
import {
  type Condition,
  conditionNames,
  type Escalation,
  type Rule,
  type RuleAmount,
  type RuleCurrency,
} from "./rule.ts";

export interface RuleReading extends RuleNames {
  /** The prefix of field names in errors: `rules[2].`, or empty. */
  readonly prefix: string;
}

const commonFields = ["rule_id", "when", "notify", "escalate", ...actionFields] as const;

const fieldsOf: Readonly<Record<Condition["when"], readonly string[]>> = {
  threshold: ["budget_id", "percent", "of"],
  operation_over: ["amount", "currency"],
  task_over: ["amount", "currency", "budget_id"],
  spend_over: ["amount", "currency", "window", "by", "budget_id"],
  unpriced_model: [],
};

/** The fields that only some conditions have. */
export const conditionFields: readonly string[] = Object.values(fieldsOf).flat();

/** @throws PurserError `invalid_request` with field and remedy. */
export function defineRule(input: unknown, { prefix, ...names }: RuleReading): Rule {
  const all = [...new Set([...commonFields, ...Object.values(fieldsOf).flat()])];
  const when = readWhen(openFields(input, { prefix, known: all }));
  const fields = openFields(input, { prefix, known: [...commonFields, ...fieldsOf[when]] });
  const ruleId = readId(fields);
  const condition = readCondition(when, fields, names);
  return {
    ruleId,
    condition,
    notify: readNotify(fields, names),
    escalate: readEscalation(fields, names),
    action: readAction(fields, condition, names),
  };
}

export function ruleToJson({ ruleId, condition, notify, escalate, action }: Rule) {
  return {
    rule_id: ruleId,
    ...conditionToJson(condition),
    ...actionToJson(action, condition),
    notify: notify && [...notify],
    escalate: escalate && {
      after: formatDuration(escalate.afterMs),
      notify: escalate.notify && [...escalate.notify],
    },
  };
}

/** Whether both fire on the same charges. */
export function sameCondition(left: Rule, right: Rule): boolean {
  const [one, other] = [left, right].map(({ condition }) => conditionToJson(condition));
  return JSON.stringify(one) === JSON.stringify(other);
}

function conditionToJson(condition: Condition) {
  switch (condition.when) {
    case "threshold":
      return {
        when: condition.when,
        budget_id: condition.budgetId,
        percent: condition.partsPerMillion / 10_000,
        of: condition.of,
      };
    case "unpriced_model":
      return { when: condition.when };
    case "spend_over":
      return {
        when: condition.when,
        ...amountToJson(condition),
        window: formatDuration(condition.windowMs),
        by: condition.by,
      };
    default:
      return { when: condition.when, ...amountToJson(condition) };
  }
}

function amountToJson({ amount, currency }: RuleAmount) {
  return { amount: formatAmount(amount, currency), currency };
}

function readWhen(fields: Fields): Condition["when"] {
  const field = `${fields.prefix}when`;
  const given = fields.values.get("when");
  if (typeof given === "string" && /^rule[._]/.test(given))
    throw invalid(
      field,
      `is ${show(given)}, an event that rules emit: the rule would trigger itself`,
      `Use one of: ${conditionNames.join(", ")}.`,
    );
  const when = optionalWord(fields, "when", conditionNames);
  if (when !== undefined) return when;
  throw invalid(field, "is missing", `Give one of ${conditionNames.join(", ")}.`);
}

function readId(fields: Fields): string {
  const remedy = "Use 1 to 64 of the characters a-z 0-9 . _ - as its id.";
  const id = requiredText(fields, "rule_id", remedy);
  if (/^[a-z0-9._-]{1,64}$/.test(id)) return id;
  throw invalid(`${fields.prefix}rule_id`, `is ${show(id)}, which is not a valid id`, remedy);
}

function readCondition(when: Condition["when"], fields: Fields, { budgets }: RuleNames): Condition {
  switch (when) {
    case "threshold":
      return {
        when,
        budgetId: readBudget(fields, budgets),
        partsPerMillion: readPercent(fields),
        of: optionalWord<"actual" | "forecast">(fields, "of", ["actual", "forecast"]) ?? "actual",
      };
    case "unpriced_model":
      return { when };
    case "spend_over":
      return {
        when,
        ...readAmount(fields),
        windowMs: readDuration(fields, "window", { example: "24h", most: mostWindowMs }),
        by: readDimension(fields),
      };
    default:
      return { when, ...readAmount(fields) };
  }
}

function readBudget(fields: Fields, budgets: readonly string[]): string {
  const id = requiredText(fields, "budget_id", "Give the id of a budget.");
  if (budgets.includes(id)) return id;
  const remedy = budgets.length === 0 ? "Create the budget first." : suggest(id, budgets);
  throw invalid(`${fields.prefix}budget_id`, `is ${show(id)}, which is not a budget`, remedy);
}

function readPercent(fields: Fields): number {
  const value = fields.values.get("percent");
  const remedy = "Give a number above 0 and up to 1000, such as 80.";
  const field = `${fields.prefix}percent`;
  if (value === undefined) throw invalid(field, "is missing", remedy);
  const partsPerMillion = typeof value === "number" ? Math.round(value * 10_000) : 0;
  if (partsPerMillion >= 1 && partsPerMillion <= 10_000_000) return partsPerMillion;
  throw invalid(field, `is ${show(value)}`, remedy);
}

function readAmount(fields: Fields): RuleAmount {
  const currency = optionalWord<RuleCurrency>(fields, "currency", ["USD", "tokens"]) ?? "USD";
  const field = `${fields.prefix}amount`;
  const value = fields.values.get("amount");
  const remedy = 'Give an amount above zero, such as "20" USD or 50000 tokens.';
  if (value === undefined) throw invalid(field, "is missing", remedy);
  const amount = parseAmount(value, { currency, field, remedy });
  if (amount > 0n) return { amount, currency };
  throw invalid(field, `is ${show(value)}`, remedy);
}

function readDimension(fields: Fields): AttributionKey {
  const remedy = "Give a dimension, such as user, team or tag:customer.";
  const by = requiredText(fields, "by", remedy);
  const known = dimensions.find((dimension) => dimension === by);
  if (known !== undefined) return known;
  if (/^tag:.+/.test(by)) return `tag:${by.slice(4)}`;
  throw invalid(`${fields.prefix}by`, `is ${show(by)}, which is not a dimension`, remedy);
}

function readNotify(fields: Fields, { notifiers }: RuleNames): readonly string[] | null {
  const field = `${fields.prefix}notify`;
  const remedy = "Give a list of names of notifiers, such as [ops-chat]; leave it out for all.";
  const names = optionalTexts(fields, "notify", remedy);
  if (names === undefined) return null;
  if (names.length === 0) throw invalid(field, "is an empty list", remedy);
  for (const name of names) {
    if (notifiers.includes(name)) continue;
    const near = notifiers.length === 0 ? "Add it under notifiers." : suggest(name, notifiers);
    throw invalid(field, `names ${show(name)}, which is not a configured notifier`, near);
  }
  return names;
}

function readEscalation(fields: Fields, names: RuleNames): Escalation | null {
  const value = fields.values.get("escalate");
  if (value === undefined) return null;
  const prefix = `${fields.prefix}escalate.`;
  const escalation = openFields(value, { prefix, known: ["after", "notify"] });
  return {
    afterMs: readDuration(escalation, "after", { example: "30m", most: mostWindowMs }),
    notify: readNotify(escalation, names),
  };
}

const mostWindowMs = 366 * dayMs;
