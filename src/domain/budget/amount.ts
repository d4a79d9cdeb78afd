/** Parses and formats budget amounts, kept in the smallest unit of their currency. */

import { invalid, show } from "../input/fields.ts";
import { decimalText } from "../input/scalar.ts";
import { formatUsd, parseUsd, pico } from "../money/money.ts";
import type { Currency } from "./budget.ts";

/**
 * Parses an amount: pico-USD from a decimal, or whole tokens or requests. Zero is valid: nothing
 * may be spent.
 *
 * @throws PurserError `invalid_request` when it is negative, over the maximum, or not exact.
 */
export function parseAmount(
  value: unknown,
  options: { readonly currency: Currency; readonly field: string; readonly remedy?: string },
): bigint {
  const { currency, field, remedy = "Give zero or more." } = options;
  const text = decimalText(value, field);
  if (text.startsWith("-")) throw invalid(field, `is ${show(value)}, which is negative`, remedy);
  if (currency === "USD")
    return checkMost(parseUsd(text, field), mostPicoUsd, { field, most: "1000000000000 USD" });

  const [whole = "0", fraction = ""] = text.split(".");
  if (/[1-9]/.test(fraction))
    throw invalid(
      field,
      `is ${show(value)}, which is not whole`,
      `Give a whole number of ${currency}.`,
    );
  return checkMost(BigInt(whole), mostCount, { field, most: `${mostCount} ${currency}` });
}

/** The inverse of {@link parseAmount}. */
export function formatAmount(amount: bigint, currency: Currency): string {
  return currency === "USD" ? formatUsd(pico(amount)) : String(amount);
}

const mostPicoUsd = 10n ** 24n;
const mostCount = 10n ** 18n;

function checkMost(
  amount: bigint,
  most: bigint,
  words: { readonly field: string; readonly most: string },
): bigint {
  if (amount <= most) return amount;
  throw invalid(words.field, "exceeds the maximum of a budget", `Give at most ${words.most}.`);
}
