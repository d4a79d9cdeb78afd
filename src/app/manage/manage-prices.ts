/** Sets and removes prices over the API. */

import type { AnswerOf } from "../../domain/ledger/command.ts";
import type { KeptPrice } from "../../domain/price/text/kept-price.ts";
import { definePrice } from "../../domain/price/text/override.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";

export interface PriceContext {
  readonly ledger: Ledger;
  readonly clock: Clock;
  reloadPrices(): void;
}

/**
 * Sets a price. It applies to calls that are held from its `valid_from` on; without one, to those
 * held after it was set. Charges that were made before never change.
 *
 * @throws PurserError `invalid_request` naming the field.
 */
export async function addPrice(context: PriceContext, input: unknown): Promise<KeptPrice> {
  const price = definePrice(input, { field: "", source: "api" });
  const answer = await context.ledger.commit({ kind: "put_price", at: context.clock.now(), price });
  context.reloadPrices();
  return answer.price;
}

/**
 * Ends a price that was set: calls held from now on have the price that applied without it.
 *
 * @throws PurserError `not_found` for an unknown price.
 */
export async function removePrice(
  context: PriceContext,
  priceId: string,
): Promise<AnswerOf["remove_price"]> {
  const at = context.clock.now();
  const answer = await context.ledger.commit({ kind: "remove_price", at, priceId });
  context.reloadPrices();
  return answer;
}
