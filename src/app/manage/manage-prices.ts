/** Sets and removes prices over the API. */

import type { AnswerOf, PutPriceCommand, RemovePriceCommand } from "../../domain/ledger/command.ts";
import type { KeptPrice } from "../../domain/price/text/kept-price.ts";
import { definePrice } from "../../domain/price/text/override.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import { nextMoment } from "./next-moment.ts";

export interface PriceContext {
  readonly ledger: Ledger;
  readonly clock: Clock;
  reloadPrices(): void;
}

/**
 * Sets a price. It applies to calls that begin after it was set, from its `valid_from` on. A call
 * that waits for room in a budget has begun: it keeps the prices with which it was routed. Charges
 * that were made before never change.
 *
 * @throws PurserError `invalid_request` naming the field.
 */
export async function addPrice(context: PriceContext, input: unknown): Promise<KeptPrice> {
  const price = definePrice(input, { field: "", source: "api" });
  const at = nextMoment(context);
  return (await store(context, { kind: "put_price", at, price })).price;
}

/**
 * Ends a price that was set: calls that begin from now on have the price that applied without it.
 *
 * @throws PurserError `not_found` for an unknown price.
 */
export async function removePrice(
  context: PriceContext,
  priceId: string,
): Promise<AnswerOf["remove_price"]> {
  return store(context, { kind: "remove_price", at: nextMoment(context), priceId });
}

/**
 * The ledger decides at once, so the new book is used from the same moment: no call is held at one
 * price and settled at the other.
 */
async function store<C extends PutPriceCommand | RemovePriceCommand>(
  context: PriceContext,
  command: C,
): Promise<AnswerOf[C["kind"]]> {
  const stored = context.ledger.commit(command);
  context.reloadPrices();
  try {
    return await stored;
  } finally {
    context.reloadPrices();
  }
}
