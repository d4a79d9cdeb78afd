/** Resolves a model name on the command line to a provider and a model. */

import { commonName } from "../domain/price/id/provider-name.ts";
import { PurserError } from "../domain/error.ts";
import { nearestNames } from "../domain/input/nearest.ts";
import type { ModelName } from "../domain/price/served.ts";
import type { CommandCatalogue } from "./context.ts";

export interface WantedModel {
  readonly model: string;
  readonly provider: string | undefined;
  readonly at: number;
}

/** @throws PurserError `unpriced` with the names that may have been meant. */
export function resolveModel(catalogue: CommandCatalogue, wanted: WantedModel): ModelName {
  const found = listedModel(catalogue, wanted);
  if (!found) throw unpriced(catalogue, wanted);
  return found;
}

/**
 * Reads `provider/model`, or finds the provider that has the model, preferring its maker.
 *
 * @returns undefined if no provider has it.
 */
export function listedModel(
  catalogue: CommandCatalogue,
  wanted: WantedModel,
): ModelName | undefined {
  const { model, at } = wanted;
  if (wanted.provider !== undefined) return { provider: commonName(wanted.provider), model };
  const split = splitName(model);
  if (split && catalogue.book.sheet({ ...split, at }))
    return { ...split, provider: commonName(split.provider) };
  const providers = [...new Set(catalogue.models().map((row) => row.provider))];
  const found = providers.map((provider) => ({
    provider,
    sheet: catalogue.book.sheet({ provider, model, at }),
  }));
  const [best] = found
    .filter((row) => row.sheet !== undefined)
    .sort((left, right) => rank(left) - rank(right));
  return best && { provider: best.provider, model };
}

/** Splits `openai/gpt-5-mini`; undefined for a name without a provider. */
export function splitName(name: string): ModelName | undefined {
  const slash = name.indexOf("/");
  return slash > 0 ? { provider: name.slice(0, slash), model: name.slice(slash + 1) } : undefined;
}

const makers = ["openai", "anthropic", "gemini", "deepseek", "xai", "mistral", "cohere", "sim"];

/** Exact names precede prefixes, and the maker of a model precedes resellers. */
function rank(row: {
  readonly provider: string;
  readonly sheet: { readonly match: string } | undefined;
}): number {
  const maker = makers.indexOf(row.provider);
  return (row.sheet?.match === "prefix" ? 100 : 0) + (maker < 0 ? makers.length : maker);
}

/** The error for a model without a price, with similar names. */
export function unpriced(
  catalogue: CommandCatalogue,
  wanted: { readonly model: string; readonly at: number },
): PurserError {
  const { model, at } = wanted;
  const live = catalogue
    .models()
    .filter((row) => catalogue.book.sheet({ ...row, at }) !== undefined);
  const names = live.flatMap((row) => [row.model, `${row.provider}/${row.model}`]);
  const near = nearestNames(model, names, 3);
  const meant = near.length > 0 ? `Did you mean ${near.join(", ")}? Or add ` : "Add ";
  const named = splitName(model) ?? { provider: "openai", model };
  return new PurserError(
    "unpriced",
    `${model} is unpriced: its price is unknown, which does not mean free`,
    {
      field: "model",
      remedy: `${meant}its price under \`prices:\` in purser.yaml, such as { provider: ${named.provider}, model: ${inYaml(named.model)}, input: "0.15", output: "0.60" }.`,
    },
  );
}

/** Names such as `@cf/meta/llama` have to be quoted. */
function inYaml(name: string): string {
  return /^[a-z][\w./-]*$/i.test(name) ? name : JSON.stringify(name);
}
