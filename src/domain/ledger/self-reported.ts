/** Limits holds and charges reported by callers themselves, for calls that bypass the gateway. */

import { formatAmount } from "../budget/amount.ts";
import { ownValue } from "../budget/own.ts";
import { PurserError } from "../error.ts";
import type { Applied } from "./applicable.ts";
import type { Share } from "./command.ts";
import { amountIn, available, limitOf } from "./counter.ts";
import type { Quantities } from "./entry.ts";
import { roomIn } from "./reserve.ts";
import type { LedgerView } from "./view.ts";

/**
 * @throws PurserError `forbidden` if the key has its maximum number of open holds: waiting closes
 *   none of them.
 */
export function checkHolds(books: LedgerView, { keyId, mostHolds }: Share): void {
  if (books.holdsOfKey(keyId) < mostHolds) return;
  throw new PurserError(
    "forbidden",
    `this key has ${mostHolds} holds open, and may not have more`,
    {
      field: "operation_id",
      remedy: "Settle or release holds of the key first, or raise limits.open_holds_per_key.",
    },
  );
}

/**
 * @throws PurserError `forbidden` if the key would hold more than its share of a budget that others
 *   also draw on.
 */
export function checkShare(
  books: LedgerView,
  applied: readonly Applied[],
  { share, amount }: { readonly share: Share; readonly amount: Quantities },
): void {
  for (const { budget, counter } of applied) {
    if (budget.policy === "soft" || ownValue(budget, share.attribution) !== undefined) continue;
    // Rounded up: otherwise a budget of one request could never be held.
    const most = (limitOf(counter, budget) * BigInt(share.percent) + 99n) / 100n;
    const wanted = books.heldByKey(share.keyId, counter) + amountIn(budget.currency, amount);
    if (wanted <= most) continue;
    const text = (value: bigint): string =>
      `${formatAmount(value, budget.currency)} ${budget.currency}`;
    throw new PurserError(
      "forbidden",
      `this key would hold ${text(wanted)} of budget "${budget.budgetId}", but may hold at most ${text(most)}`,
      {
        field: "amount",
        remedy:
          "Settle or release other holds of the key first, hold less, or raise limits.hold_share_percent.",
      },
    );
  }
}

interface Reported {
  /** Null for money that was spent without a hold. */
  readonly held: Quantities | null;
  /** Whether the hold is open. */
  readonly open?: boolean;
  readonly cost: Quantities;
  /** The budgets whose reserve the call uses. */
  readonly inReserve?: readonly string[];
}

/**
 * A self-reported charge is limited to what was held plus what is left. Otherwise one caller could
 * use up a budget that others share.
 *
 * @throws PurserError `forbidden` for a higher cost in any hard budget.
 */
export function checkReported(
  applied: readonly Applied[],
  { held, open = false, cost, inReserve = [] }: Reported,
): void {
  for (const one of applied) {
    const { budget, counter } = one;
    if (budget.policy === "soft") continue;
    const { currency, budgetId } = budget;
    const left = inReserve.includes(budgetId) ? available(counter, budget) : roomIn(one, null);
    const room = left > 0n ? left : 0n;
    const covered = held ? amountIn(currency, held) : 0n;
    const most = covered + room;
    if (amountIn(currency, cost) <= most) continue;
    const text = (value: bigint): string => `${formatAmount(value, currency)} ${currency}`;
    const heldText = held ? `the ${text(covered)} that ${open ? "are" : "were"} held and ` : "";
    throw new PurserError(
      "forbidden",
      `the charge of ${text(amountIn(currency, cost))} is more than ${heldText}the ${text(room)} that budget "${budgetId}" has left`,
      {
        field: "amount",
        remedy: held
          ? "Settle with the actual cost; only an administrator can settle or correct a higher one."
          : "Raise the budget, or have an administrator record the charge.",
      },
    );
  }
}
