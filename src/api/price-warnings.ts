/** Finds what is valid in a price that was set, but may be a mistake. */

import type { AddedPriceJson } from "../contract/price.ts";
import { show } from "../domain/input/fields.ts";
import { nearest } from "../domain/input/nearest.ts";
import { listedName } from "../domain/price/id/provider-name.ts";
import { doubtfulRates } from "../domain/price/text/doubtful-rate.ts";
import { overridesOf, type KeptPrice } from "../domain/price/text/kept-price.ts";
import { replacedByApi } from "../domain/price/text/replaced.ts";
import type { ApiContext } from "./context.ts";

type PriceWarning = AddedPriceJson["warnings"][number];
type KnownPrices = Pick<ApiContext, "catalogue" | "declaredPrices" | "providerNames">;

export function priceWarnings(price: KeptPrice, context: KnownPrices): readonly PriceWarning[] {
  return [
    ...misspeltProvider(price, context),
    ...doubtfulRates(price.row),
    ...neverValid(price),
    ...replaces(price, context),
  ];
}

/** Holds over the API may use any name, so only a name close to a known one is a mistake. */
function misspeltProvider(
  { row: { provider } }: KeptPrice,
  { catalogue, declaredPrices, providerNames }: KnownPrices,
): readonly PriceWarning[] {
  const known = [
    ...providerNames,
    ...(catalogue?.() ?? []).map((listed) => listed.provider),
    ...declaredPrices.map(({ row }) => row.provider),
  ];
  const listed = new Set(known.map(listedName));
  const meant = listed.has(listedName(provider)) ? undefined : nearest(provider, known);
  if (meant === undefined) return [];
  const message = `provider is ${show(provider)}, but no provider has this name`;
  return [{ field: "provider", message, remedy: `Did you mean ${meant}?` }];
}

function neverValid(price: KeptPrice): readonly PriceWarning[] {
  if (overridesOf([price]).length > 0) return [];
  const message = "valid_to is in the past, so the price never applies";
  return [{ field: "valid_to", message, remedy: "Give a later time, or leave it out." }];
}

function replaces(price: KeptPrice, { declaredPrices }: KnownPrices): readonly PriceWarning[] {
  const [replaced] = replacedByApi(declaredPrices, [price], price.setAt);
  if (!replaced) return [];
  const { provider, model } = replaced.declared.row;
  return [
    {
      field: "model",
      message: `purser.yaml has a price of ${provider}/${model}, too: this one takes precedence while it is valid`,
      remedy: `To use the price of the file again, send DELETE /api/v1/prices/${price.priceId}.`,
    },
  ];
}
