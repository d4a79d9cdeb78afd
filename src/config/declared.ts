/** Budgets, prices, keys and aliases that a configuration declares. The domain defines what each may be. */

import type { PriceOverride } from "../domain/price/rate.ts";
import type { Budget } from "../domain/budget/budget.ts";
import { defineBudget } from "../domain/budget/define.ts";
import { type Fields, invalid, openFields, optionalList, show } from "../domain/input/fields.ts";
import { suggest } from "../domain/input/nearest.ts";
import { defineKey, keyFields } from "../domain/key/define.ts";
import { definePrice } from "../domain/price/override.ts";
import type { KeyConfiguration, ProviderConfiguration } from "./configuration.ts";

/** A budget may name a parent that stands further down. @throws PurserError `invalid_request` naming the field. */
export function readBudgets(fields: Fields): readonly Budget[] {
  const list = optionalList(fields, "budgets", "Give a list: one line with - for each budget.") ?? [];
  const parents = new Map<string, string | null>();
  list.forEach((item, index) => {
    const { budget_id: id, parent_budget_id: parent } = Object.fromEntries(Object.entries(item ?? {}));
    if (typeof id !== "string") return;
    if (parents.has(id))
      throw invalid(`budgets[${index}].budget_id`, `is ${show(id)} for a second time`, "Give every budget an id of its own.");
    parents.set(id, typeof parent === "string" ? parent : null);
  });
  return list.map((item, index) => defineBudget(item, { prefix: `budgets[${index}].`, parentOf: (id) => parents.get(id) }));
}

/**
 * A row may name a provider as the configuration does; it then counts for the name by which the price book knows it.
 *
 * @throws PurserError `invalid_request` naming the field.
 */
export function readPrices(fields: Fields, providers: readonly ProviderConfiguration[]): readonly PriceOverride[] {
  const list = optionalList(fields, "prices", "Give a list: one line with - for each model.") ?? [];
  const names = new Map(providers.map((provider) => [provider.name, provider.priceProvider]));
  return list.map((item, index) => {
    const price = definePrice(item, { field: `prices[${index}]`, source: "configuration" });
    return { ...price, provider: names.get(price.provider) ?? price.provider };
  });
}

interface KeyContext {
  readonly budgets: readonly Budget[];
  readonly isFromEnvironment: (field: string) => boolean;
}

/** @throws PurserError `invalid_request` naming the field; never with a secret in it. */
export function readKeys(fields: Fields, context: KeyContext): readonly KeyConfiguration[] {
  const list = optionalList(fields, "keys", "Give a list: one line with - for each key.") ?? [];
  const budgetIds = new Set(context.budgets.map((budget) => budget.budgetId));
  const seen = { names: new Set<string>(), secrets: new Set<string>() };
  return list.map((item, index) => {
    const prefix = `keys[${index}].`;
    const { values } = openFields(item, { prefix, known: [...keyFields, "secret"] });
    const secret = readSecret(values.get("secret"), `${prefix}secret`, context);
    const definition = defineKey(Object.fromEntries([...values].filter(([name]) => name !== "secret")), {
      prefix,
      hasBudget: (budgetId) => budgetIds.has(budgetId),
    });
    if (seen.names.has(definition.name))
      throw invalid(`${prefix}name`, `is ${show(definition.name)} for a second time`, "Give every key a name of its own.");
    if (seen.secrets.has(secret)) throw invalid(`${prefix}secret`, "is the secret of another key", "Give every key a secret of its own.");
    seen.names.add(definition.name);
    seen.secrets.add(secret);
    return { secret, definition };
  });
}

/** In the words of a remedy. */
export const secretBounds = "16 to 512 ASCII characters without spaces";

export function canBeSecret(text: string): boolean {
  return /^[!-~]{16,512}$/.test(text);
}

function readSecret(value: unknown, field: string, context: KeyContext): string {
  const remedy = `Write secret: \${NAME} and set NAME to ${secretBounds}.`;
  if (value === undefined) throw invalid(field, "is missing", remedy);
  if (!context.isFromEnvironment(field)) throw invalid(field, "stands in the file itself", remedy);
  if (typeof value === "string" && canBeSecret(value)) return value;
  throw invalid(field, "cannot be a secret", remedy);
}

/** Reads `aliases: { fast: openai/gpt-5-mini }`. @throws PurserError `invalid_request` naming the field. */
export function readAliases(fields: Fields, providers: readonly ProviderConfiguration[]): ReadonlyMap<string, string> {
  const value = fields.values.get("aliases");
  if (value === undefined) return new Map();
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid("aliases", `must be an object, not ${show(value)}`, "Give names and models: aliases: { fast: openai/gpt-5-mini }.");
  }
  const names = [...providers.map((provider) => provider.name), simulator];
  return new Map(Object.entries(value).map(([name, target]) => [name, readTarget(target, { field: `aliases.${name}`, names })]));
}

/** The provider that is always there. */
const simulator = "sim";

function readTarget(target: unknown, context: { readonly field: string; readonly names: readonly string[] }): string {
  const { field, names } = context;
  const match = typeof target === "string" ? /^([^/\s]+)\/\S+$/.exec(target) : null;
  if (typeof target !== "string" || !match) throw invalid(field, `is ${show(target)}`, "Give PROVIDER/MODEL, such as openai/gpt-5-mini.");
  const [, provider = ""] = match;
  if (!names.includes(provider)) {
    throw invalid(
      field,
      `is ${show(target)}, and no provider is called ${provider}`,
      `${suggest(provider, names)} A known provider also needs its key.`,
    );
  }
  return target;
}
