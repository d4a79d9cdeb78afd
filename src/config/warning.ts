/** Finds valid settings that are probably mistakes. Each start reports them. */

import type { Budget } from "../domain/budget/budget.ts";
import { show } from "../domain/input/fields.ts";
import { matchesName } from "../domain/input/name-pattern.ts";
import { nearest } from "../domain/input/nearest.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import type {
  Configuration,
  ConfigurationWarning,
  ProviderConfiguration,
} from "./configuration.ts";
import type { ConfigurationDocument } from "./document.ts";
import type { Location } from "./fault.ts";
import { doubtfulRates } from "../domain/price/text/doubtful-rate.ts";
import { replacesWholly } from "../domain/price/text/replaced.ts";
import { knownProviders } from "./provider.ts";

type Finding = Omit<ConfigurationWarning, "line">;

export interface WarningContext {
  /** The providers in the file. */
  readonly named: readonly ProviderConfiguration[];
  readonly locate: ConfigurationDocument["locate"];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** In the order of the file's sections. */
export function findWarnings(
  configuration: Pick<Configuration, "providers" | "prices" | "budgets" | "keys">,
  { named, locate, now }: WarningContext,
): readonly ConfigurationWarning[] {
  const { prices, budgets, keys } = configuration;
  const callable = [
    ...configuration.providers.map(({ name }) => name),
    ...Object.keys(knownProviders),
    "sim",
  ];
  const inPrices = [...configuration.providers, ...Object.values(knownProviders)].flatMap(
    ({ priceProvider }) => priceProvider ?? [],
  );
  const priced = [...callable, ...inPrices];
  const findings = [
    ...named.flatMap((provider) => literalSecret(provider, locate)),
    ...prices.flatMap(({ row }, index) =>
      unknownProvider([row.provider], { fields: () => `prices[${index}].provider`, known: priced }),
    ),
    ...unusedPrices(prices, locate),
    ...endedPrices(prices, now),
    ...prices.flatMap(({ row }, index) =>
      doubtfulRates(row).map(({ field, message, remedy }) => ({
        field: `prices[${index}].${field}`,
        message: `prices[${index}].${message}`,
        remedy,
      })),
    ),
    ...budgets.flatMap((budget, index) => ended(budget, { field: `budgets[${index}].end`, now })),
    ...budgets.flatMap(({ providers }, index) =>
      unknownProvider(providers, { fields: listed("budgets", index), known: callable }),
    ),
    ...keys.flatMap(({ definition }, index) =>
      unknownProvider(definition.providers, { fields: listed("keys", index), known: callable }),
    ),
  ];
  return findings.map((finding) => ({ ...finding, line: locate(finding.field).line }));
}

function listed(section: string, index: number): (at: number) => string {
  return (at) => `${section}[${index}].providers[${at}]`;
}

function literalSecret(
  { name, apiKey }: ProviderConfiguration,
  locate: (field: string) => Location,
): readonly Finding[] {
  const field = `providers.${name}.api_key`;
  if (apiKey === null || locate(field).variables.length > 0) return [];
  return [
    {
      field,
      message: `${field} is written in the file itself`,
      remedy: "Write ${NAME} and set NAME, unless it is not a secret.",
    },
  ];
}

/** A price that a later one in the file leaves no time for. */
function unusedPrices(
  prices: Configuration["prices"],
  locate: (field: string) => Location,
): readonly Finding[] {
  return prices.flatMap((price, index) => {
    const place = prices.findIndex((later, at) => at > index && replacesWholly(later, price));
    if (place === -1) return [];
    const [field, by] = [`prices[${index}]`, `prices[${place}]`];
    const { provider, model } = price.row;
    const lines = `line ${locate(field).line} and line ${locate(by).line}`;
    return [
      {
        field,
        message: `${field} is never used: ${by} has a price of ${provider}/${model}, too, and is later in the file (${lines})`,
        remedy: "Remove one of them, or give the later one a later valid_from.",
      },
    ];
  });
}

/** A price in the past is usual if a later one of the model follows. */
function endedPrices(prices: Configuration["prices"], now: number): readonly Finding[] {
  const isEnded = (end: string | undefined): boolean => end !== undefined && Date.parse(end) <= now;
  const current = new Set(
    prices.flatMap(({ row }) => (isEnded(row.valid_to) ? [] : [`${row.provider}/${row.model}`])),
  );
  return prices.flatMap(({ row }, index) => {
    const { provider, model, valid_to: end } = row;
    if (!isEnded(end) || current.has(`${provider}/${model}`)) return [];
    const field = `prices[${index}].valid_to`;
    return [
      {
        field,
        message: `${field} is in the past: the price of ${provider}/${model} ended at ${end}`,
        remedy: "Give a later time, or add the price that applies since.",
      },
    ];
  });
}

function ended(
  { budgetId, end }: Budget,
  { field, now }: { readonly field: string; readonly now: number },
): readonly Finding[] {
  if (end === null || end > now) return [];
  const message = `budget ${show(budgetId)} ended at ${formatInstant(end)} and limits no calls`;
  return [{ field, message, remedy: "Set a later end, or remove the budget from the file." }];
}

interface Names {
  /** The field of the pattern at an index. */
  readonly fields: (at: number) => string;
  readonly known: readonly string[];
}

/**
 * Only reports names that look misspelt: the price list has more providers than are configured, and
 * holds over the API may use any name.
 *
 * @param patterns Names of providers, or prefixes ending in `*`; null means all.
 */
function unknownProvider(
  patterns: readonly string[] | null,
  { fields, known }: Names,
): readonly Finding[] {
  return (patterns ?? []).flatMap((pattern, at) => {
    const meant = known.some((name) => matchesName([pattern], name))
      ? undefined
      : nearest(pattern, known);
    if (meant === undefined) return [];
    const field = fields(at);
    return [
      {
        field,
        message: `${field} is ${show(pattern)}, but no provider has this name`,
        remedy: `Did you mean ${meant}?`,
      },
    ];
  });
}
