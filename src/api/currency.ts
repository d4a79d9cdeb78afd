/** Shows amounts in another currency, at the rates of the configuration. */

import type { displaySchema } from "../contract/currency.ts";
import type { Json } from "../contract/json.ts";
import { PurserError } from "../domain/error.ts";
import { nearest } from "../domain/input/nearest.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { Exchange } from "../domain/money/exchange.ts";
import type { ApiContext } from "./context.ts";

const codes = Intl.supportedValuesOf("currency");

interface Range {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/**
 * @param currency As the query gives it.
 * @param range What is converted; the exchange has only the rates of it.
 * @returns Undefined for USD, which needs no exchange.
 * @throws PurserError `invalid_request` for an unknown currency, or one without rates.
 */
export function exchangeFor(
  { displayRates }: Pick<ApiContext, "displayRates">,
  currency: string | undefined,
  range: Range,
): Exchange | undefined {
  if (currency === undefined || currency === "USD") return undefined;
  const refuse = (problem: string, remedy: string): PurserError =>
    new PurserError("invalid_request", `currency: ${problem}`, { field: "currency", remedy });
  const near = nearest(
    currency.toUpperCase(),
    displayRates.map((rate) => rate.currency),
  );
  if (!codes.includes(currency))
    throw refuse(
      `"${currency}" is not an ISO 4217 currency`,
      near === undefined ? "Give a code such as EUR." : `Did you mean ${near}?`,
    );
  const rates = displayRates.filter((rate) => rate.currency === currency);
  if (rates.length === 0)
    throw refuse(
      `${currency} has no rates`,
      "Add them to display.rates in purser.yaml, or ask for another currency.",
    );
  return new Exchange(rates, { currency, ...range });
}

function displayJson({ currency, rates }: Exchange): Json<typeof displaySchema> {
  return {
    currency,
    rates: rates.map(({ from, stated }) => ({
      from: formatInstant(from).slice(0, 10),
      [stated.as]: stated.value,
    })),
  };
}

/** The `display` of an answer, if another currency was asked for. */
export function displayOf(exchange: Exchange | undefined): {
  readonly display?: ReturnType<typeof displayJson>;
} {
  return exchange ? { display: displayJson(exchange) } : {};
}
