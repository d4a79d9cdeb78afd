/** Decides whether a price that a user sets is stored, or removed. */

import { PurserError } from "../error.ts";
import { priceIdAfter } from "../price/text/kept-price.ts";
import type { AnswerOf, PutPriceCommand, RemovePriceCommand } from "./command.ts";
import type { Decided } from "./decided.ts";
import type { LedgerView } from "./view.ts";

export function decidePutPrice(
  books: LedgerView,
  { at, price }: PutPriceCommand,
): Decided<AnswerOf["put_price"]> {
  const priceId = priceIdAfter(books.prices.length);
  return {
    answer: { price: { ...price, priceId, setAt: at, removedAt: null } },
    entries: [{ kind: "price", at, price }],
  };
}

/** @throws PurserError `not_found` for an unknown price. */
export function decideRemovePrice(
  books: LedgerView,
  { at, priceId }: RemovePriceCommand,
): Decided<AnswerOf["remove_price"]> {
  const price = books.prices.find((other) => other.priceId === priceId);
  if (!price)
    throw new PurserError("not_found", `no price "${priceId}" was set over the API`, {
      field: "price_id",
      remedy: "Take the id from `overrides` of GET /api/v1/prices.",
    });
  if (price.removedAt !== null) return { answer: { price, repeated: true }, entries: [] };
  return {
    answer: { price: { ...price, removedAt: at }, repeated: false },
    entries: [{ kind: "price_removal", at, priceId }],
  };
}
