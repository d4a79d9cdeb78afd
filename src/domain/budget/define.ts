/** Validates a budget written in JSON or YAML and fills in its defaults. */

import { type AttributionKey, dimensions } from "../attribution/attribution.ts";
import { checkTagName, checkValue } from "../attribution/value.ts";
import {
  eitherName,
  type Fields,
  invalid,
  openFields,
  optionalText,
  optionalTexts,
  optionalWhole,
  optionalWord,
  requiredText,
  show,
} from "../input/fields.ts";
import { checkPatterns } from "../input/name-pattern.ts";
import { suggest } from "../input/nearest.ts";
import { checkId, parseInstant } from "../input/scalar.ts";
import { parseAmount } from "./amount.ts";
import { everyValue } from "./applies.ts";
import type { Budget, BudgetType, Currency, Period } from "./budget.ts";
import { readExhausted } from "./exhausted.ts";
import { readThresholds } from "./threshold.ts";
import { readUnpriced } from "./unpriced.ts";

export interface DefineBudgetContext {
  /** Prepended to field names in errors: `budgets[2].`; empty by default. */
  readonly prefix?: string;
  /**
   * The parent of another budget; null when it has none, undefined when the budget does not exist.
   */
  readonly parentOf: (budgetId: string) => string | null | undefined;
}

/** The fields of a budget definition. */
const budgetFields = [
  "budget_id",
  "parent_budget_id",
  "budget_type",
  "resource_id",
  "unattributed",
  "amount",
  "currency",
  "period",
  "time_zone",
  "timezone",
  "anchor",
  "start",
  "end",
  "period_start",
  "period_end",
  "policy",
  "on_exhausted",
  "ask_timeout",
  "reserve_for_closing",
  "warning_threshold",
  "thresholds",
  "mode",
  "weight",
  "min",
  "max",
  "reserve",
  "models",
  "providers",
  "unpriced",
] as const;

/**
 * Checks every field and fills in defaults: USD, a month in UTC (`once` if only an end is given),
 * hard, a warning at 0.8.
 *
 * @throws PurserError `invalid_request` naming the field and the remedy.
 */
export function defineBudget(input: unknown, context: DefineBudgetContext): Budget {
  const fields = openFields(input, { prefix: context.prefix ?? "", known: budgetFields });
  refuseAllotment(fields);
  const budgetId = readId(fields);
  const budgetType = readType(fields);
  const currency = optionalWord(fields, "currency", currencies) ?? "USD";
  const policy = optionalWord(fields, "policy", policies) ?? "hard";
  const resourceId = readResource(fields, budgetType);
  const amount = parseAmount(required(fields, "amount"), {
    currency,
    field: `${fields.prefix}amount`,
  });
  return {
    budgetId,
    parentBudgetId: readParent(fields, budgetId, context),
    budgetType,
    resourceId,
    ...readUnattributed(fields, resourceId),
    amount,
    currency,
    ...readRecurrence(fields),
    policy,
    ...readExhausted(fields, { amount, currency, policy }),
    thresholds: readThresholds(fields),
    models: checkPatterns(optionalTexts(fields, "models", patternRemedy), `${fields.prefix}models`),
    providers: checkPatterns(
      optionalTexts(fields, "providers", patternRemedy),
      `${fields.prefix}providers`,
    ),
    unpriced: readUnpriced(fields, { currency, policy }),
    mode: "pooled",
  };
}

const currencies: readonly Currency[] = ["USD", "tokens", "requests"];
const policies: readonly Budget["policy"][] = ["hard", "soft"];
const periods: readonly Period[] = ["once", "hour", "day", "week", "month", "quarter", "year"];
const patternRemedy = "Give a list of names, or prefixes that end in *.";

/** Minimum, maximum and default anchor of each period. */
const anchors: Readonly<
  Record<Exclude<Period, "once">, readonly [least: number, most: number, usual: number]>
> = {
  hour: [0, 59, 0],
  day: [0, 23, 0],
  week: [1, 7, 1],
  month: [1, 28, 1],
  quarter: [1, 28, 1],
  year: [1, 28, 1],
};

function required(fields: Fields, name: string): unknown {
  const value = fields.values.get(name);
  if (value === undefined)
    throw invalid(fields.prefix + name, "is missing", 'Give a decimal string, such as "1.50".');
  return value;
}

function refuseAllotment(fields: Fields): void {
  const mode = optionalWord(fields, "mode", ["pooled", "allotted"]);
  if (mode === "allotted") {
    throw invalid(
      `${fields.prefix}mode`,
      'is "allotted", which is not available yet',
      "Leave mode out: the budget then draws on its parent.",
    );
  }
  const name = ["weight", "min", "max", "reserve"].find((field) => fields.values.has(field));
  if (name !== undefined) {
    throw invalid(
      fields.prefix + name,
      "belongs to allotted budgets, which are not available yet",
      `Leave ${name} out.`,
    );
  }
}

function readId(fields: Fields): string {
  const budgetId = requiredText(
    fields,
    "budget_id",
    "Give the budget an id of its own, such as team-a-monthly.",
  );
  return checkId(budgetId, `${fields.prefix}budget_id`);
}

function readType(fields: Fields): BudgetType {
  const remedy = `Give platform, a dimension (${dimensions.join(", ")}), or tag:NAME.`;
  const text = requiredText(fields, "budget_type", remedy);
  const field = `${fields.prefix}budget_type`;
  if (text.startsWith("tag:")) return `tag:${checkTagName(text.slice(4), field)}`;
  const types: readonly Exclude<BudgetType, `tag:${string}`>[] = ["platform", ...dimensions];
  const type = types.find((candidate) => candidate === text);
  if (type === undefined)
    throw invalid(
      field,
      `is ${show(text)}, which is not a dimension`,
      suggest(text, [...types, "tag:NAME"]),
    );
  return type;
}

function readResource(fields: Fields, type: "platform" | AttributionKey): string {
  const field = `${fields.prefix}resource_id`;
  const remedy = `Give the ${type} to limit, or * for all, each with its own counter.`;
  if (type === "platform" && !fields.values.has("resource_id")) return "main";
  const text = requiredText(fields, "resource_id", remedy);
  if (type === "platform" && text.includes("*")) {
    throw invalid(
      field,
      `is ${show(text)}, but there is only one platform`,
      "Give a name, such as main.",
    );
  }
  if (text.includes("*") && text !== everyValue)
    throw invalid(field, `is ${show(text)}, which is invalid: * must be the whole value`, remedy);
  return checkValue(text, field);
}

function readUnattributed(fields: Fields, resourceId: string): Pick<Budget, "unattributed"> {
  const word = optionalWord(fields, "unattributed", ["ignore", "count"]);
  if (word === "count" && resourceId !== everyValue) {
    throw invalid(
      `${fields.prefix}unattributed`,
      "belongs to budgets for every value (*)",
      "Leave unattributed out.",
    );
  }
  return word === "count" ? { unattributed: word } : {};
}

function readParent(fields: Fields, budgetId: string, context: DefineBudgetContext): string | null {
  const parent = optionalText(
    fields,
    "parent_budget_id",
    "Give the id of another budget, or leave it out.",
  );
  if (parent === undefined) return null;
  const field = `${fields.prefix}parent_budget_id`;
  const seen = new Set([budgetId]);
  for (let ancestor: string | null = parent; ancestor !== null;) {
    if (ancestor === budgetId)
      throw invalid(
        field,
        `is ${show(parent)}, which is below this budget`,
        "Choose a parent that is not below it.",
      );
    // A cycle among other budgets is reported for them; stop here instead of looping forever.
    if (seen.has(ancestor)) break;
    seen.add(ancestor);
    const next = context.parentOf(ancestor);
    if (next === undefined) {
      if (ancestor !== parent) break;
      throw invalid(
        field,
        `is ${show(parent)}, which does not exist`,
        "Define the parent first, or leave it out.",
      );
    }
    ancestor = next;
  }
  return parent;
}

function readRecurrence(
  fields: Fields,
): Pick<Budget, "period" | "timeZone" | "anchor" | "start" | "end"> {
  const startName = eitherName(fields, ["start", "period_start"]);
  const endName = eitherName(fields, ["end", "period_end"]);
  const period =
    optionalWord(fields, "period", periods) ?? (fields.values.has(endName) ? "once" : "month");
  const timeZone = readTimeZone(fields, eitherName(fields, ["time_zone", "timezone"]));
  if (period === "once")
    return {
      period,
      timeZone,
      anchor: readNoAnchor(fields),
      ...readSpan(fields, startName, endName),
    };

  for (const name of [startName, endName]) {
    if (fields.values.has(name))
      throw invalid(
        fields.prefix + name,
        `does not go with the period ${period}`,
        `Leave ${name} out, or set period to once.`,
      );
  }
  const [least, most, usual] = anchors[period];
  return {
    period,
    timeZone,
    anchor: optionalWhole(fields, "anchor", { least, most }) ?? usual,
    start: null,
    end: null,
  };
}

function readNoAnchor(fields: Fields): number {
  if (!fields.values.has("anchor")) return 0;
  throw invalid(
    `${fields.prefix}anchor`,
    "does not go with the period once",
    "Leave anchor out: start sets the beginning.",
  );
}

function readSpan(
  fields: Fields,
  startName: string,
  endName: string,
): Pick<Budget, "start" | "end"> {
  const endField = fields.prefix + endName;
  const remedy = "Give the time at which the budget ends, such as 2027-01-01T00:00:00Z.";
  if (!fields.values.has(endName))
    throw invalid(endField, "is missing: a budget with the period once has an end", remedy);
  const start = fields.values.has(startName)
    ? parseInstant(fields.values.get(startName), fields.prefix + startName)
    : null;
  const end = parseInstant(fields.values.get(endName), endField);
  if (end <= (start ?? 0))
    throw invalid(
      endField,
      `is not after ${startName}`,
      `Give an end that is later than ${startName}.`,
    );
  return { start, end };
}

/** @returns UTC if there is none. */
export function readTimeZone(fields: Fields, name: string): string {
  const remedy = "Give an IANA name, such as Europe/Berlin or UTC.";
  const text = optionalText(fields, name, remedy);
  if (text === undefined) return "UTC";
  const zone = canonicalZone(text);
  if (zone === undefined)
    throw invalid(fields.prefix + name, `is ${show(text)}, which is not a time zone`, remedy);
  return zone;
}

/** @returns The name of the zone; undefined if there is none. */
export function canonicalZone(text: string): string | undefined {
  // Temporal also accepts an offset or a full date-time as a zone.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(text)) return undefined;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text).timeZoneId;
  } catch (cause) {
    if (cause instanceof RangeError) return undefined;
    throw cause;
  }
}
