/** Finds the provider of a model that is reported without one. */

import type { ModelName } from "../../domain/price/served.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import { PurserError } from "../../domain/error.ts";
import { show } from "../../domain/input/fields.ts";

export interface KnownProviders {
  /** Configured providers, without the simulator unless it is the only one. */
  readonly configured: readonly string[];
  /** Every model with a price. */
  readonly listed: () => readonly ModelName[];
  readonly book: PriceBook;
  readonly at: number;
}

/** Candidates listed in an error. */
const mostNamed = 5;

/**
 * A name may be `PROVIDER/MODEL`. Otherwise the only configured provider with a price for the model
 * is taken; if none has one, the only provider whose list has it.
 *
 * @throws PurserError `invalid_request` if several providers have the model, or none.
 */
export function providerOfModel(known: KnownProviders, name: string): ModelName {
  const qualified = qualifiedName(known, name);
  if (qualified) return qualified;
  const { configured, book, at } = known;
  const serving = configured.filter((provider) => book.sheet({ provider, model: name, at }));
  const candidates = serving.length > 0 ? serving : listing(known, name);
  const [only, other] = candidates;
  if (only !== undefined && other === undefined) return { provider: only, model: name };
  const some = candidates.slice(0, mostNamed).join(", ");
  throw new PurserError(
    "invalid_request",
    only === undefined
      ? `model_id: no provider is known for ${show(name)}`
      : `model_id: several providers have ${show(name)}: ${some}`,
    {
      field: "model_id",
      remedy: `Give provider, or write the model as ${only ?? "PROVIDER"}/${name}.`,
    },
  );
}

/** A reseller's `VENDOR/MODEL` is not split if it is the name of a model of its own. */
function qualifiedName(known: KnownProviders, name: string): ModelName | undefined {
  const slash = name.indexOf("/");
  if (slash <= 0) return undefined;
  const [provider, model] = [name.slice(0, slash), name.slice(slash + 1)];
  const isKnown =
    known.configured.includes(provider) || known.listed().some((one) => one.provider === provider);
  return isKnown && model !== "" ? { provider, model } : undefined;
}

function listing({ listed }: KnownProviders, name: string): readonly string[] {
  const found = listed().filter(({ model }) => model === name);
  return [...new Set(found.map(({ provider }) => provider))];
}
