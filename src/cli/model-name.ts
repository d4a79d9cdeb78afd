/** Which provider's model a name on the command line means. */

import { PurserError } from "../domain/error.ts";
import type { CommandCatalogue } from "./context.ts";
import { nearest } from "./nearest.ts";

export interface WantedModel {
  readonly model: string;
  readonly provider: string | undefined;
  readonly at: number;
}

/**
 * `provider/model` where the first word is a provider; else the one provider that has the model, its maker first.
 *
 * @throws PurserError `unpriced` with the names that may have been meant.
 */
export function resolveModel(catalogue: CommandCatalogue, wanted: WantedModel): { readonly provider: string; readonly model: string } {
  if (wanted.provider !== undefined) return { provider: wanted.provider, model: wanted.model };
  const slash = wanted.model.indexOf("/");
  if (slash > 0) {
    const split = { provider: wanted.model.slice(0, slash), model: wanted.model.slice(slash + 1) };
    if (catalogue.book.sheet({ ...split, at: wanted.at })) return split;
  }
  const providers = [...new Set(catalogue.models().map((row) => row.provider))];
  const found = providers.map((provider) => ({ provider, sheet: catalogue.book.sheet({ provider, model: wanted.model, at: wanted.at }) }));
  const ranked = found.filter((row) => row.sheet !== undefined).sort((left, right) => rank(left) - rank(right));
  const best = ranked[0];
  if (!best) throw unpriced(catalogue, wanted);
  return { provider: best.provider, model: wanted.model };
}

const makers = ["openai", "anthropic", "google", "deepseek", "x-ai", "xai", "mistral", "cohere", "sim"];

/** An exact name before an inherited one, a model's maker before those who resell it. */
function rank(row: { readonly provider: string; readonly sheet: { readonly match: string } | undefined }): number {
  const maker = makers.indexOf(row.provider);
  return (row.sheet?.match === "prefix" ? 100 : 0) + (maker < 0 ? makers.length : maker);
}

/** What to say of a model without a price, with the names that may have been meant. */
export function unpriced(catalogue: CommandCatalogue, wanted: { readonly model: string; readonly at: number }): PurserError {
  const { model, at } = wanted;
  const live = catalogue.models().filter((row) => catalogue.book.sheet({ ...row, at }) !== undefined);
  const names = live.flatMap((row) => [row.model, `${row.provider}/${row.model}`]);
  const near = nearest(model, names, 3);
  const meant = near.length > 0 ? `Did you mean ${near.join(", ")}? Or add ` : "Add ";
  return new PurserError("unpriced", `${model} is unpriced: no price is known for it, which is not the same as free`, {
    field: "model",
    remedy: `${meant}its price under \`prices:\` in purser.yaml, such as { provider: openai, model: ${model.split("/").at(-1)}, input: "0.15", output: "0.60" }.`,
  });
}
