/** Suggests priced models for a name without a price. The API and the command line suggest the same ones. */

import { nearest, nearestNames } from "../input/nearest.ts";
import { commonName } from "./id/provider-name.ts";
import type { ModelName } from "./served.ts";

export interface KnownModels {
  /** Those that the caller may see. An alias has an empty provider. */
  readonly models: readonly ModelName[];
  /** Whether a model has a price now. */
  readonly isPriced: (model: ModelName) => boolean;
}

/**
 * @param name `MODEL` or `PROVIDER/MODEL`; the suggestions have the same form.
 * @returns At most three names. With a provider: the same model elsewhere, then similar ones of
 *   that provider, whose name may be misspelt too.
 */
export function similarModels(name: string, known: KnownModels): readonly string[] {
  const split = splitName(name);
  const provider = split && providerOf(split.provider, known.models);
  if (!split || provider === undefined) return similarOf(name, known.models, known).map(modelOf);
  const { model } = split;
  const own = known.models.filter((one) => one.provider === provider);
  const same = known.models.filter((one) => one.model.toLowerCase() === model.toLowerCase());
  const found = [...same.filter(known.isPriced), ...similarOf(model, own, known)].map(nameOf);
  return firstOf(found.filter((one) => one !== name));
}

/** A sentence for a remedy, with a space after it; empty without any suggestion. */
export function didYouMean(names: readonly string[]): string {
  return names.length === 0 ? "" : `Did you mean ${names.join(", ")}? `;
}

/** Splits `openai/gpt-5-mini`; undefined for a name without a provider. */
export function splitName(name: string): ModelName | undefined {
  const slash = name.indexOf("/");
  return slash > 0 ? { provider: name.slice(0, slash), model: name.slice(slash + 1) } : undefined;
}

/** Names of models may contain a slash: not every first part is a provider. */
function providerOf(name: string, models: readonly ModelName[]): string | undefined {
  const providers = [...new Set(models.map(({ provider }) => provider))];
  return (
    [name, commonName(name)].find((one) => providers.includes(one)) ?? nearest(name, providers)
  );
}

function similarOf(
  model: string,
  models: readonly ModelName[],
  { isPriced }: KnownModels,
): readonly ModelName[] {
  const byId = new Map(models.toReversed().map((one) => [one.model, one]));
  return firstOf(
    nearestNames(model, [...byId.keys()], mostCompared)
      .flatMap((id) => byId.get(id) ?? [])
      .filter((one) => one.model !== model && isPriced(one)),
  );
}

const mostSuggested = 3;
/** Some of the similar ones may have no price any more. */
const mostCompared = 12;

function firstOf<Name>(names: readonly Name[]): readonly Name[] {
  return [...new Set(names)].slice(0, mostSuggested);
}

function modelOf({ model }: ModelName): string {
  return model;
}

function nameOf({ provider, model }: ModelName): string {
  return provider === "" ? model : `${provider}/${model}`;
}
