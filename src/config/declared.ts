/** Reads the budgets, prices, keys and aliases of a configuration. The domain validates them. */

import type { Budget } from "../domain/budget/budget.ts";
import { defineBudget } from "../domain/budget/define.ts";
import { type Fields, invalid, openFields, optionalList, show } from "../domain/input/fields.ts";
import { suggest } from "../domain/input/nearest.ts";
import { defineKey, keyFields } from "../domain/key/define.ts";
import { defineItem } from "../domain/price/text/item.ts";
import { definePrice, type PriceOverride } from "../domain/price/text/override.ts";
import type { KeyConfiguration } from "./configuration.ts";
import type { Faults } from "./fault.ts";

/** A parent may be declared after its children. Errors are added to `faults`. */
export function readBudgets(fields: Fields, faults: Faults): readonly Budget[] {
  const list =
    optionalList(fields, "budgets", "Give a list: one line with - for each budget.") ?? [];
  const parents = new Map<string, string | null>();
  list.forEach((item, index) => {
    const { budget_id: id, parent_budget_id: parent } = Object.fromEntries(
      Object.entries(item ?? {}),
    );
    if (typeof id !== "string") return;
    faults.attempt(() => {
      if (!parents.has(id)) return;
      throw invalid(
        `budgets[${index}].budget_id`,
        `is ${show(id)}, which is already used`,
        "Give every budget a unique id.",
      );
    });
    if (!parents.has(id)) parents.set(id, typeof parent === "string" ? parent : null);
  });
  return list.flatMap((item, index) => {
    const prefix = `budgets[${index}].`;
    const standIns = {
      budget_id: `budget-${index}`,
      budget_type: "platform",
      resource_id: "main",
      amount: "1",
    };
    return (
      faults.readObject({ input: item, prefix, standIns }, (input) =>
        defineBudget(input, { prefix, parentOf: (id) => parents.get(id) }),
      ) ?? []
    );
  });
}

/** The ids of all budgets in the file, including those with other errors. */
export function budgetIdsOf(fields: Fields): ReadonlySet<string> {
  const list = fields.values.get("budgets");
  const ids = (Array.isArray(list) ? list : []).map(
    (item: unknown) => Object.fromEntries(Object.entries(item ?? {}))["budget_id"],
  );
  return new Set(ids.filter((id) => typeof id === "string"));
}

/**
 * A row uses the provider name of the configuration or of the price list; the price book knows
 * both. Errors are added to `faults`.
 */
export function readPrices(fields: Fields, faults: Faults): readonly PriceOverride[] {
  const list = optionalList(fields, "prices", "Give a list: one line with - for each model.") ?? [];
  return list.flatMap((item, index) => {
    const field = `prices[${index}]`;
    const standIns = { provider: "openai", model: "m", input: "0", output: "0" };
    const price = faults.readObject({ input: item, prefix: `${field}.`, standIns }, (input) =>
      definePrice(input, { field, source: "configuration" }),
    );
    return price ?? [];
  });
}

/** Errors are added to `faults`. */
export function readItems(fields: Fields, faults: Faults): readonly PriceOverride[] {
  const list = optionalList(fields, "items", "Give a list: one line with - for each item.") ?? [];
  return list.flatMap((item, index) => {
    const field = `items[${index}]`;
    const standIns = { item_id: "i", kind: "tool", unit: "call", price_usd: "0" };
    const price = faults.readObject({ input: item, prefix: `${field}.`, standIns }, (input) =>
      defineItem(input, { field, source: "configuration" }),
    );
    return price ?? [];
  });
}

interface KeyContext {
  readonly budgetIds: ReadonlySet<string>;
  readonly faults: Faults;
  readonly isFromEnvironment: (field: string) => boolean;
}

/** Adds errors to the faults, without showing secrets. */
export function readKeys(fields: Fields, context: KeyContext): readonly KeyConfiguration[] {
  const list = optionalList(fields, "keys", "Give a list: one line with - for each key.") ?? [];
  const seen = { names: new Set<string>(), secrets: new Set<string>() };
  return list.flatMap((item, index) => {
    const prefix = `keys[${index}].`;
    const key = context.faults.readObject(
      { input: item, prefix, standIns: { name: `key ${index}`, secret: standInSecret } },
      (input) => readKey(input, prefix, context),
    );
    if (!key) return [];
    const { name } = key.definition;
    return (
      context.faults.attempt(() => {
        if (seen.names.has(name))
          throw invalid(
            `${prefix}name`,
            `is ${show(name)}, which is already used`,
            "Give every key a unique name.",
          );
        if (seen.secrets.has(key.secret))
          throw invalid(
            `${prefix}secret`,
            "is the secret of another key",
            "Give every key a different secret.",
          );
        seen.names.add(name);
        seen.secrets.add(key.secret);
        return key;
      }) ?? []
    );
  });
}

function readKey(input: unknown, prefix: string, context: KeyContext): KeyConfiguration {
  const { values } = openFields(input, { prefix, known: [...keyFields, "secret"] });
  const secret = readSecret(values.get("secret"), `${prefix}secret`, context);
  const definition = defineKey(
    Object.fromEntries([...values].filter(([name]) => name !== "secret")),
    {
      prefix,
      hasBudget: (budgetId) => context.budgetIds.has(budgetId),
    },
  );
  return { secret, definition };
}

/** Replaces a missing or invalid secret, to read the rest of the key. No file can contain it. */
const standInSecret = Symbol("a secret that is at fault");

/** The rule for secrets, as worded in remedies. */
export const secretBounds = "16 to 512 ASCII characters without spaces";

export function canBeSecret(text: string): boolean {
  return /^[!-~]{16,512}$/.test(text);
}

function readSecret(value: unknown, field: string, context: KeyContext): string {
  const remedy = `Write secret: \${NAME} and set NAME to ${secretBounds}.`;
  if (value === undefined) throw invalid(field, "is missing", remedy);
  if (value === standInSecret) return "";
  if (!context.isFromEnvironment(field))
    throw invalid(field, "is written in the file itself", remedy);
  if (typeof value === "string" && canBeSecret(value)) return value;
  throw invalid(field, "is not a valid secret", remedy);
}

/**
 * Reads `aliases: { fast: openai/gpt-5-mini }`. Errors are added to `faults`.
 *
 * @param context.names The names of all providers.
 */
export function readAliases(
  fields: Fields,
  context: { readonly names: readonly string[]; readonly faults: Faults },
): ReadonlyMap<string, string> {
  const value = fields.values.get("aliases");
  if (value === undefined) return new Map();
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(
      "aliases",
      `must be an object, not ${show(value)}`,
      "Give names and models: aliases: { fast: openai/gpt-5-mini }.",
    );
  }
  const names = [...new Set([...context.names, simulator])];
  const read = Object.entries(value).flatMap(
    ([name, target]): readonly (readonly [string, string])[] => {
      const model = context.faults.attempt(() =>
        readTarget(target, { field: `aliases.${name}`, names }),
      );
      return model === undefined ? [] : [[name, model]];
    },
  );
  return new Map(read);
}

/** The provider that always exists. */
const simulator = "sim";

function readTarget(
  target: unknown,
  context: { readonly field: string; readonly names: readonly string[] },
): string {
  const { field, names } = context;
  const match = typeof target === "string" ? /^([^/\s]+)\/\S+$/.exec(target) : null;
  if (typeof target !== "string" || !match)
    throw invalid(field, `is ${show(target)}`, "Give PROVIDER/MODEL, such as openai/gpt-5-mini.");
  const [, provider = ""] = match;
  if (!names.includes(provider)) {
    throw invalid(
      field,
      `is ${show(target)}, but no provider is named ${provider}`,
      `${suggest(provider, names)} A known provider also needs its key.`,
    );
  }
  return target;
}
