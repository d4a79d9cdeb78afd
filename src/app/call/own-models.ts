/**
 * Decides who may call a tuned model and see its name. A tuned model belongs to the key whose job
 * created it, like any other object that a provider stores.
 */

import { PurserError } from "../../domain/error.ts";
import { shorten } from "../../domain/input/shorten.ts";
import { matchesName } from "../../domain/input/name-pattern.ts";
import type { WireFormat } from "../../wire/wire.ts";
import { isRestricted, ownerOf, type Custody } from "./belongings.ts";

/** The facts that decide who may call a model. */
export interface ModelCustody extends Custody {
  readonly wire: Pick<WireFormat, "tunedModel">;
}

/**
 * A tuned model without an owner was not created by a key: it is the operator's, and the key's list
 * of models decides.
 *
 * - If keys may tune models, a model whose job has not been read yet has no owner either, so the
 *   list must name it.
 * - If the record of owners was lost, the model may belong to another key, so the list must have
 *   its full name.
 */
export function mayHave(custody: ModelCustody, model: string): boolean {
  const { belongings, caller, provider, wire } = custody;
  if (!isRestricted(custody)) return true;
  const id = wire.tunedModel(model);
  if (id === undefined) return true;
  const owner = belongings.ownerOf(provider.name, id);
  if (owner !== undefined) return owner === ownerOf(caller);
  const models = caller.key?.models ?? [];
  if (belongings.hasLost) return models.includes(model);
  return provider.stored === "refuse" || isListed(models, { model, wire });
}

/** By name, or by a prefix of tuned models. A `*` for all models does not include tuned ones. */
function isListed(
  models: readonly string[],
  { model, wire }: Pick<ModelCustody, "wire"> & { readonly model: string },
): boolean {
  return models.some(
    (pattern) => wire.tunedModel(pattern) !== undefined && matchesName([pattern], model),
  );
}

/** @throws PurserError `forbidden` for a model that another key tuned. */
export function checkModel(custody: ModelCustody, model: string): void {
  if (mayHave(custody, model)) return;
  throw new PurserError(
    "forbidden",
    `model: ${JSON.stringify(shorten(model, 80))} was not tuned with this key`,
    {
      field: "model",
      remedy:
        "Use the key that made its tuning job, and look at the job with it once it is done; or have the model named in the key's list of models.",
    },
  );
}
