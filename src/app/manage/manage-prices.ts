/** Adds prices over the API. */

import { definePrice, type PriceOverride } from "../../domain/price/text/override.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";

export interface PriceContext {
  readonly ledger: Ledger;
  readonly clock: Clock;
  reloadPrices(): void;
}

/**
 * Adds a price row. It applies to calls that begin after it was added, from its `valid_from` on.
 *
 * @throws PurserError `invalid_request` naming the field.
 */
export async function addPrice(context: PriceContext, input: unknown): Promise<PriceOverride> {
  const price = definePrice(input, { field: "", source: "api" });
  const answer = await context.ledger.commit({ kind: "put_price", at: context.clock.now(), price });
  context.reloadPrices();
  return answer.price;
}
