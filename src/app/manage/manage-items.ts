/** Sets, lists and removes items: each is a price in the book, and its past never changes. */

import { PurserError } from "../../domain/error.ts";
import { endOf, type KeptPrice } from "../../domain/price/text/kept-price.ts";
import type { PriceOverride } from "../../domain/price/text/override.ts";
import { defineItem, itemOf, type Item } from "../../domain/price/text/item.ts";
import { addPrice, removePrice, type PriceContext } from "./manage-prices.ts";

export interface ItemContext extends PriceContext {
  /** Items of the configuration. */
  readonly declaredItems: readonly PriceOverride[];
}

/** One price of an item, since when it applies and until when. */
export interface ItemPrice extends Item {
  readonly source: string;
  /** Null in the configuration. */
  readonly priceId: string | null;
  /** In milliseconds since the epoch; null in the configuration. */
  readonly setAt: number | null;
  readonly validTo: string | null;
}

/** Every price of every item, those that ended too: first of the configuration, then as set. */
export function listItems(context: ItemContext): readonly ItemPrice[] {
  const declared = context.declaredItems.flatMap((price) => {
    const item = itemOf(price);
    const { source } = price;
    return item ? [{ ...item, source, priceId: null, setAt: null, validTo: null }] : [];
  });
  return [...declared, ...context.ledger.prices().flatMap(keptItem)];
}

function keptItem(price: KeptPrice): readonly ItemPrice[] {
  const item = itemOf(price);
  const { source, priceId, setAt } = price;
  return item ? [{ ...item, source, priceId, setAt, validTo: endOf(price) ?? null }] : [];
}

/** @throws PurserError `not_found` for an unknown item. */
export function pricesOfItem(context: ItemContext, itemId: string): readonly ItemPrice[] {
  const prices = listItems(context).filter((item) => item.itemId === itemId);
  if (prices.length > 0) return prices;
  throw new PurserError("not_found", `no item "${itemId}"`, {
    field: "item_id",
    remedy: "List the items with GET /api/v1/items.",
  });
}

/**
 * Sets the price of an item from its `valid_from` on; without one, from now on. Setting the price
 * that it has changes nothing.
 *
 * @throws PurserError `invalid_request` naming the field, `conflict` if the item is of another kind.
 */
export async function putItem(context: ItemContext, input: object): Promise<readonly ItemPrice[]> {
  const price = defineItem(input, { field: "", source: "api" });
  const { model, provider, meters, valid_from: from } = price.row;
  const same = listItems(context).filter(({ itemId, validTo }) => itemId === model && !validTo);
  const kept = context.ledger.prices().filter(({ removedAt }) => removedAt === null);
  const ofItem = kept.filter(({ row }) => itemOf({ row, source: "" })?.itemId === model);
  const declared = context.declaredItems.filter(({ row }) => row.model === model);
  const other = [...declared, ...ofItem].find(({ row }) => row.provider !== provider);
  if (other)
    throw new PurserError("conflict", `item "${model}" is of another kind`, {
      field: "kind",
      remedy: `Keep the kind ${same[0]?.kind ?? ""}, delete the item first, or use another id.`,
    });
  const last = ofItem.at(-1)?.row;
  const isSame =
    last !== undefined &&
    (from === undefined || last.valid_from === from) &&
    JSON.stringify(last.meters) === JSON.stringify(meters);
  if (!isSame) await addPrice(context, price.row);
  return pricesOfItem(context, model);
}

/**
 * Ends every price of the item that was set over the API. Charges that were made never change.
 *
 * @throws PurserError `not_found` for an unknown item, `conflict` for one of the configuration only.
 */
export async function removeItem(
  context: ItemContext,
  itemId: string,
): Promise<readonly ItemPrice[]> {
  const prices = pricesOfItem(context, itemId);
  const ids = prices.flatMap(({ priceId }) => priceId ?? []);
  if (ids.length === 0)
    throw new PurserError("conflict", `item "${itemId}" is in the configuration`, {
      field: "item_id",
      remedy: "Remove it from items in purser.yaml.",
    });
  for (const id of ids) await removePrice(context, id);
  return pricesOfItem(context, itemId);
}
