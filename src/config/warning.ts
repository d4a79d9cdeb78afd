/** What a configuration allows and nobody is likely to want: it does not stop a start, and is told at each one. */

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
import { knownProviders } from "./provider.ts";

type Finding = Omit<ConfigurationWarning, "line">;

export interface WarningContext {
  /** The providers that the file names itself. */
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
    ...prices.flatMap(({ provider }, index) =>
      unknownProvider([provider], { fields: () => `prices[${index}].provider`, known: priced }),
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
      remedy: "Write ${NAME} and set NAME, unless it is no secret.",
    },
  ];
}

function ended(
  { budgetId, end }: Budget,
  { field, now }: { readonly field: string; readonly now: number },
): readonly Finding[] {
  if (end === null || end > now) return [];
  const message = `budget ${show(budgetId)} is over since ${formatInstant(end)}: it limits no call`;
  return [{ field, message, remedy: "Give a later end, or take the budget out of the file." }];
}

interface Names {
  /** The field of the pattern at an index. */
  readonly fields: (at: number) => string;
  readonly known: readonly string[];
}

/**
 * Only what looks misspelt: the price list knows more providers than there are here, and holds over the API name any.
 *
 * @param patterns Names of providers, or prefixes that end in `*`; null means all of them.
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
        message: `${field} is ${show(pattern)}, and no provider here is called so`,
        remedy: `Did you mean ${meant}?`,
      },
    ];
  });
}
