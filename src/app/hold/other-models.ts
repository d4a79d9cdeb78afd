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
import type { TokensBesides } from "../../domain/ledger/command.ts";
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
  const bounds = [...additional, mostOf(alternatives)];
  const besides = {
    inputTokens: bounds.reduce((sum, { inputTokens }) => sum + inputTokens, 0),
    outputTokens: bounds.reduce((sum, { outputTokens }) => sum + outputTokens, 0),
  };
  return {
    ...call.estimate,
    fees: bounds.reduce((sum, { usd }) => add(sum, usd), call.estimate.fees),
    ...(besides.inputTokens + besides.outputTokens > 0 && { besides }),
  };
}

/** What a model can cost: an amount, and tokens at the rates of a model without a price. */
interface Bound extends TokensBesides {
  readonly usd: PicoUsd;
}

function mostOf(bounds: readonly Bound[]): Bound {
  return {
    usd: dearestOf(bounds.map(({ usd }) => usd)),
    inputTokens: Math.max(0, ...bounds.map(({ inputTokens }) => inputTokens)),
    outputTokens: Math.max(0, ...bounds.map(({ outputTokens }) => outputTokens)),
  };
}

function dearestOf(bounds: readonly PicoUsd[]): PicoUsd {
  return bounds.reduce((most, bound) => (bound > most ? bound : most), zero);
}

/**
 * Every run reads the whole input and possibly the whole main answer. An alternative runs before
 * there is an answer, generates all choices, and calls tools in place of the requested model. If
 * neither it nor the requested model has a price, its tokens are charged like those of the latter.
 */
function boundOf(
  prices: PriceBook,
  { route, facts, estimate, at, limits }: EstimatedCall,
  other: OtherModel,
): Bound {
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
  const outputTokens =
    (other.maxOutputTokens ?? sheet?.maxOutputTokens ?? limits.maxOutputTokens) *
    (isAlternative ? facts.choices : 1);
  const beside = add(
    rates ? feesOf(rates, isAlternative ? facts.serverToolCalls : 0) : zero,
    givenImageCost(sheet, facts.media.images, { serviceTier, region, at }),
  );
  if (!rates || sheet?.pricesTokens !== true)
    return {
      usd: multiply(beside, other.runs),
      inputTokens: inputTokens * other.runs,
      outputTokens: outputTokens * other.runs,
    };
  const tokens = add(multiply(rates.input, inputTokens), multiply(rates.output, outputTokens));
  return { usd: multiply(add(tokens, beside), other.runs), inputTokens: 0, outputTokens: 0 };
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
