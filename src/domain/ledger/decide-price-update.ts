/** Decides whether a refresh of the price book is stored, or taken back. */

import { PurserError } from "../error.ts";
import { stateOf } from "../price/update/price-update.ts";
import type { AnswerOf, RevertPricesCommand, UpdatePricesCommand } from "./command.ts";
import type { Decided } from "./decided.ts";
import type { LedgerView } from "./view.ts";

/** @throws PurserError `conflict` if the prices changed after the book that this one compared. */
export function decideUpdatePrices(
  books: LedgerView,
  { at, update, after }: UpdatePricesCommand,
): Decided<AnswerOf["update_prices"]> {
  if (stateOf([...books.priceUpdates.values()]) !== after)
    throw new PurserError("conflict", "another update of the prices, or a revert, came first", {
      field: "from",
      remedy: "Repeat the update: it is compared with the new prices.",
    });
  return {
    answer: { update: { ...update, at, revertedAt: null } },
    entries: [{ kind: "price_update", at, update }],
  };
}

/** @throws PurserError `not_found` for an unknown update. */
export function decideRevertPrices(
  books: LedgerView,
  { at, updateId }: RevertPricesCommand,
): Decided<AnswerOf["revert_prices"]> {
  const update = books.priceUpdates.get(updateId);
  if (!update)
    throw new PurserError("not_found", `no update "${updateId}" of the prices`, {
      field: "update_id",
      remedy: "Take the id from `update_id` of GET /api/v1/prices/updates.",
    });
  if (update.revertedAt !== null) return { answer: { update, repeated: true }, entries: [] };
  return {
    answer: { update: { ...update, revertedAt: at }, repeated: false },
    entries: [{ kind: "price_revert", at, updateId }],
  };
}
