/** Who may call a model that was tuned, and see its name. Such models belong to the key whose job made them, like all that a provider keeps. */

import { PurserError } from "../../domain/error.ts";
import { shorten } from "../../domain/input/shorten.ts";
import { matchesName } from "../../domain/input/name-pattern.ts";
import type { WireFormat } from "../../wire/wire.ts";
import { isRestricted, ownerOf, type Custody } from "./belongings.ts";

/** What decides who may call a model. */
export interface ModelCustody extends Custody {
  readonly wire: Pick<WireFormat, "tunedModel">;
}

/**
 * One without an owner was not made by a key: it is the operator's own, and the key's list of models decides. Where keys may tune
 * models, one whose job its maker has not looked at yet has no owner either: then the list has to name it. Where owners were lost, any
 * such model may be another key's: then the list has to have its full name.
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

/** By its name, or the beginning of names of tuned models; a `*` for all models does not mean those of others. */
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
