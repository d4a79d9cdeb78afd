/** What a budget does when its money runs out: refuse or ask a person, and keep a last part back. */

import { dayMs, formatDuration, readDuration } from "../input/duration.ts";
import { type Fields, invalid, optionalWord } from "../input/fields.ts";
import { formatAmount, parseAmount } from "./amount.ts";
import type { Budget } from "./budget.ts";

type Exhausted = Pick<Budget, "asks" | "reserveForClosing">;

const usualTimeoutMs = 600_000;
const mostTimeoutMs = dayMs;

/** @throws PurserError `invalid_request` naming the field and the remedy. */
export function readExhausted(
  fields: Fields,
  { amount, currency, policy }: Pick<Budget, "amount" | "currency" | "policy">,
): Exhausted {
  const reserve = readReserve(fields, { amount, currency });
  const word = optionalWord(fields, "on_exhausted", ["refuse", "ask"]) ?? "refuse";
  const named = word === "ask" ? "on_exhausted" : "reserve_for_closing";
  if (policy === "soft" && (word === "ask" || reserve > 0n))
    throw invalid(
      fields.prefix + named,
      "belongs to hard budgets: a soft one never refuses",
      `Leave ${named} out, or set policy to hard.`,
    );
  return {
    ...(word === "ask" && { asks: { timeoutMs: readTimeout(fields) } }),
    ...(word === "refuse" && refuseTimeout(fields)),
    ...(reserve > 0n && { reserveForClosing: reserve }),
  };
}

/** The inverse of {@link readExhausted}. */
export function exhaustedToJson({ asks, reserveForClosing, currency }: Budget) {
  return {
    on_exhausted: asks ? ("ask" as const) : ("refuse" as const),
    ask_timeout: asks ? formatDuration(asks.timeoutMs) : null,
    reserve_for_closing:
      reserveForClosing === undefined ? null : formatAmount(reserveForClosing, currency),
  };
}

function readTimeout(fields: Fields): number {
  if (!fields.values.has("ask_timeout")) return usualTimeoutMs;
  return readDuration(fields, "ask_timeout", { example: "10m", most: mostTimeoutMs });
}

function refuseTimeout(fields: Fields): Record<string, never> {
  if (!fields.values.has("ask_timeout")) return {};
  throw invalid(
    `${fields.prefix}ask_timeout`,
    "belongs to budgets that ask",
    "Leave ask_timeout out, or set on_exhausted to ask.",
  );
}

/** @returns Zero without a reserve. */
function readReserve(
  fields: Fields,
  { amount, currency }: Pick<Budget, "amount" | "currency">,
): bigint {
  const value = fields.values.get("reserve_for_closing");
  if (value === undefined) return 0n;
  const field = `${fields.prefix}reserve_for_closing`;
  const reserve = parseAmount(value, { currency, field });
  if (reserve === 0n || reserve < amount) return reserve;
  throw invalid(
    field,
    `is ${formatAmount(reserve, currency)}, which is not less than the amount`,
    "Keep back a part of the amount, such as a tenth.",
  );
}
