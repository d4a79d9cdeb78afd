/** Validates a key written in JSON or YAML, and serializes it for the API. */

import { type Dimension, dimensions } from "../attribution/attribution.ts";
import { checkValue, readAttribution } from "../attribution/value.ts";
import {
  type Fields,
  invalid,
  openFields,
  optionalTexts,
  optionalWhole,
  optionalWord,
  requiredText,
  show,
} from "../input/fields.ts";
import { checkPatterns } from "../input/name-pattern.ts";
import { suggest } from "../input/nearest.ts";
import { checkId, formatInstant, parseInstant } from "../input/scalar.ts";
import type { Key, Role } from "./key.ts";

/** What a key's owner defines; the other fields are generated. */
export type KeyDefinition = Omit<Key, "keyId" | "hash" | "hint" | "createdAt" | "revokedAt">;

export interface DefineKeyContext {
  /** Prepended to field names in errors: `keys[2].`; empty by default. */
  readonly prefix?: string;
  /** Milliseconds since the epoch; an expiry must be later. If omitted, any expiry is accepted. */
  readonly now?: number;
  /** Whether the budget exists. If omitted, any id is accepted. */
  readonly hasBudget?: (budgetId: string) => boolean;
}

/** The fields of a key definition. */
export const keyFields = [
  "name",
  "role",
  "attribution",
  "may_refine",
  "models",
  "providers",
  "budgets",
  "max_concurrent",
  "expires_at",
] as const;

/**
 * By default a key has the role `caller`, fixes nothing, refines nothing, may use every model and
 * never expires.
 *
 * @throws PurserError `invalid_request` naming the field and the remedy.
 */
export function defineKey(input: unknown, context: DefineKeyContext = {}): KeyDefinition {
  const fields = openFields(input, { prefix: context.prefix ?? "", known: keyFields });
  const { prefix } = fields;
  return {
    name: checkValue(
      requiredText(fields, "name", "Give a name by which people know the key."),
      `${prefix}name`,
    ),
    role: optionalWord(fields, "role", roles) ?? "caller",
    attribution: readAttribution(fields.values.get("attribution") ?? {}, `${prefix}attribution.`),
    mayRefine: readMayRefine(fields),
    models: checkPatterns(optionalTexts(fields, "models", patternRemedy), `${prefix}models`),
    providers: checkPatterns(
      optionalTexts(fields, "providers", patternRemedy),
      `${prefix}providers`,
    ),
    budgets: readBudgets(fields, context),
    maxConcurrent: optionalWhole(fields, "max_concurrent", { least: 1, most: 100_000 }) ?? null,
    expiresAt: readExpiry(fields, context),
  };
}

/** The public fields of a key: not its hash; the secret is not stored at all. */
export function keyToJson(key: Key) {
  return {
    key_id: key.keyId,
    name: key.name,
    hint: key.hint,
    role: key.role,
    attribution: key.attribution,
    may_refine: key.mayRefine,
    models: key.models,
    providers: key.providers,
    budgets: key.budgets,
    max_concurrent: key.maxConcurrent,
    created_at: formatInstant(key.createdAt),
    expires_at: key.expiresAt === null ? null : formatInstant(key.expiresAt),
    revoked_at: key.revokedAt === null ? null : formatInstant(key.revokedAt),
  };
}

const roles: readonly Role[] = ["caller", "reader", "admin"];
const refinable: readonly (Dimension | "tags")[] = [...dimensions, "tags"];
const patternRemedy = "Give a list of names, or prefixes that end in *.";

function readMayRefine(fields: Fields): readonly (Dimension | "tags")[] {
  const names =
    optionalTexts(fields, "may_refine", `Give a list of ${refinable.join(", ")}.`) ?? [];
  return names.map((name, index) => {
    const known = refinable.find((candidate) => candidate === name);
    if (known !== undefined) return known;
    throw invalid(
      `${fields.prefix}may_refine[${index}]`,
      `is ${show(name)}, which is not a dimension`,
      suggest(name, refinable),
    );
  });
}

function readBudgets(fields: Fields, context: DefineKeyContext): readonly string[] {
  const budgets = optionalTexts(fields, "budgets", "Give a list of budget ids.") ?? [];
  budgets.forEach((budgetId, index) => {
    const field = `${fields.prefix}budgets[${index}]`;
    checkId(budgetId, field);
    if (context.hasBudget?.(budgetId) !== false) return;
    throw invalid(
      field,
      `is ${show(budgetId)}, which does not exist`,
      "Define the budget first, or leave it out.",
    );
  });
  return budgets;
}

function readExpiry(fields: Fields, context: DefineKeyContext): number | null {
  const value = fields.values.get("expires_at");
  if (value === undefined) return null;
  const field = `${fields.prefix}expires_at`;
  const expiresAt = parseInstant(value, field);
  if (context.now !== undefined && expiresAt <= context.now)
    throw invalid(field, `is ${show(value)}, which is in the past`, "Give a later time.");
  return expiresAt;
}
