/**
 * Bounds what models other than the requested one can cost in a call: advisors and fallback models.
 */

import { add, multiply, zero, type PicoUsd } from "../../domain/money/money.ts";
import { givenImageCost } from "../../domain/price/given-images.ts";
import { askedOf, sheetOfServed } from "../../domain/price/served.ts";
import type { DearestRates, PriceBook } from "../../domain/price/sheet.ts";
import type { OtherModel, RequestFacts } from "../../wire/wire.ts";
import { feesOf, hasMedia, ratesOf, type Estimate } from "./estimate.ts";
import type { CallLimits } from "../port/limits.ts";
import type { Route } from "../route/target.ts";

interface EstimatedCall {
  readonly route: Route;
  readonly facts: RequestFacts;
  readonly estimate: Estimate;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly limits: Pick<CallLimits, "maxOutputTokens">;
}

/**
 * Adds the cost of other models to the fees of the estimate. Their output is not visible in the
 * stream, so all of it is held in advance.
 */
export function withOtherModels(prices: PriceBook, call: EstimatedCall): Estimate {
  const { otherModels } = call.facts;
  if (!otherModels) return call.estimate;
  const additional = otherModels
    .filter(({ isAlternative }) => !isAlternative)
    .map((other) => boundOf(prices, call, other));
  const alternatives = otherModels
    .filter(({ isAlternative }) => isAlternative)
    .map((other) => boundOf(prices, call, other));
  return {
    ...call.estimate,
    fees: [...additional, dearestOf(alternatives)].reduce(add, call.estimate.fees),
  };
}

function dearestOf(bounds: readonly PicoUsd[]): PicoUsd {
  return bounds.reduce((most, bound) => (bound > most ? bound : most), zero);
}

/**
 * Every run reads the whole input and possibly the whole main answer. An alternative runs before
 * there is an answer, generates all choices, and calls tools in place of the requested model.
 */
function boundOf(
  prices: PriceBook,
  { route, facts, estimate, at, limits }: EstimatedCall,
  other: OtherModel,
): PicoUsd {
  const { name: provider } = route.provider;
  const model = other.model ?? route.model;
  const asked = askedOf(prices, { provider, model: route.model, at });
  const sheet = sheetOfServed(prices, asked, model);
  const { isAlternative = false } = other;
  const inputTokens = isAlternative
    ? estimate.inputTokens
    : estimate.inputTokens + estimate.ceiling;
  const { cacheWrite, serviceTier, region } = facts;
  const fees = isAlternative ? facts.fees : [];
  const query = { cacheWrite, serviceTier, region, fees, media: hasMedia(facts) };
  const isListed = prices.sheet({ provider, model, at })?.pricesTokens === true;
  const ceiling = isListed ? undefined : prices.ceiling({ ...query, provider, at });
  const rates = dearerOf(ceiling && ratesOf(ceiling), sheet?.dearest({ ...query, inputTokens }));
  if (!rates) return zero;
  const outputTokens =
    (other.maxOutputTokens ?? sheet?.maxOutputTokens ?? limits.maxOutputTokens) *
    (isAlternative ? facts.choices : 1);
  const costs = [
    multiply(rates.input, inputTokens),
    multiply(rates.output, outputTokens),
    feesOf(rates, isAlternative ? facts.serverToolCalls : 0),
    givenImageCost(sheet, facts.media.images, { serviceTier, region, at }),
  ];
  return multiply(costs.reduce(add), other.runs);
}

/** Of a model without a price, each rate of the ceiling, or of the sheet by which it is charged. */
function dearerOf(
  ceiling: DearestRates | undefined,
  sheet: DearestRates | undefined,
): DearestRates | undefined {
  if (!ceiling || !sheet) return ceiling ?? sheet;
  return {
    input: dearestOf([ceiling.input, sheet.input]),
    output: dearestOf([ceiling.output, sheet.output]),
    webSearch: dearestOf([ceiling.webSearch, sheet.webSearch]),
    request: dearestOf([ceiling.request, sheet.request]),
  };
}
