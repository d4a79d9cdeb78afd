/** Serves `/api/v1/estimate`: what a call may cost, and which budgets would admit it. */

import type { z } from "zod";
import type { Principal } from "../app/caller/principal.ts";
import { attribute } from "../app/desk/attribute.ts";
import {
  estimateCall,
  type BudgetVerdict,
  type CallEstimate,
  type PlannedCall,
} from "../app/desk/estimate-call.ts";
import { estimateInput, estimateSchema, type EstimateJson } from "../contract/estimate.ts";
import { formatAmount } from "../domain/budget/amount.ts";
import { formatUsd } from "../domain/money/money.ts";
import { formatPerMillion } from "../domain/price/text/per-million.ts";
import type { FallbackRates } from "../domain/price/row/rate.ts";
import { chargeJson } from "./charge.ts";
import { answer, callers, ok, problem, route, type Route } from "./route.ts";

export const estimateRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/api/v1/estimate",
    access: callers,
    tag: "prices",
    summary:
      "Estimate what a call will cost, and whether the budgets would admit it or shorten its answer",
    body: estimateInput,
    responses: {
      200: answer("The estimate. Nothing is held.", estimateSchema),
      400: problem("A field is invalid."),
    },
    async handler({ body, caller, context }) {
      const call = plannedCall(body, caller);
      const { version } = context.prices();
      return ok(estimateJson(call, await estimateCall(context, call), version));
    },
  }),
];

function plannedCall(body: z.output<typeof estimateInput>, caller: Principal): PlannedCall {
  return {
    provider: body.provider,
    model: body.model,
    attribution: attribute(caller, body.attribution),
    budgets: caller.key?.budgets ?? [],
    inputTokens: body.input_tokens,
    text: body.text,
    maxOutputTokens: body.max_output_tokens,
    expectedOutputTokens: body.expected_output_tokens,
    cachedTokens: body.cached_tokens,
    cacheWrite: body.cache_write,
    serviceTier: body.service_tier,
    mayFit: body.fit,
  };
}

function estimateJson(call: PlannedCall, estimate: CallEstimate, version: string): EstimateJson {
  const { sheet, counts, cost, unitPrices, fallback } = estimate;
  return {
    provider: call.provider,
    model: call.model,
    priced: sheet !== undefined,
    match: sheet?.match ?? null,
    price_version: version,
    input_tokens: counts.input,
    input_tokens_from: counts.tokenizerFactor === null ? "request" : "text",
    tokenizer_factor: counts.tokenizerFactor,
    expected_output_tokens: counts.expectedOutput,
    max_output_tokens: counts.ceiling,
    low_usd: cost && formatUsd(cost.low),
    expected_usd: cost && formatUsd(cost.expected),
    high_usd: cost ? formatUsd(cost.high) : fallback && formatUsd(fallback.high),
    unit_prices: Object.fromEntries([...unitPrices].map(([meter, usd]) => [meter, formatUsd(usd)])),
    fallback: fallback && fallbackJson(fallback.rates),
    lines: cost?.lines.map(chargeJson) ?? [],
    allowed: estimate.allowed,
    fitted_max_output_tokens: estimate.fittedOutput,
    passing_max_output_tokens: estimate.passingOutput,
    budgets: estimate.budgets.map(verdictJson),
  };
}

function fallbackJson({ input, output, ceiling }: FallbackRates): EstimateJson["fallback"] {
  return {
    from: ceiling ? "provider" : "budget",
    input: formatPerMillion(input),
    output: formatPerMillion(output),
    input_model: ceiling?.input.model ?? null,
    output_model: ceiling?.output.model ?? null,
  };
}

function verdictJson(verdict: BudgetVerdict): EstimateJson["budgets"][number] {
  const { budgetId, currency, reason, needed, available } = verdict;
  return {
    budget_id: budgetId,
    allowed: reason === null,
    reason,
    needed: formatAmount(needed, currency),
    available: formatAmount(available, currency),
    currency,
  };
}
