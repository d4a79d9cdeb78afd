/** Serves `/api/v1/summary`: what was spent, on what, and how efficiently. */

import { readingIn } from "../app/report/exchange-reader.ts";
import {
  summarise,
  type CallSummary,
  type CallSums,
  type ProviderSums,
  type Summary,
} from "../app/report/summary.ts";
import { summaryQuery, summarySchema, type SummaryJson } from "../contract/summary.ts";
import type { Exchange } from "../domain/money/exchange.ts";
import { toNumber, type PicoUsd } from "../domain/money/money.ts";
import { displayOf, exchangeFor } from "./currency.ts";
import { figuresFilter } from "./filter.ts";
import { answer, ok, problem, readers, route, type Route } from "./route.ts";

export const summaryRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/summary",
    access: readers,
    tag: "figures",
    summary: "Summarise spend by provider and operation",
    query: summaryQuery,
    responses: {
      200: answer("The summary.", summarySchema),
      400: problem("A filter is invalid."),
      403: problem("The key may not read these figures."),
    },
    async handler({ query, caller, context }) {
      const filter = figuresFilter(caller, query, context);
      const exchange = exchangeFor(context, query.currency, filter);
      const reader = exchange ? readingIn(exchange, context.reader) : context.reader;
      const summary = await summarise(reader, filter, query.tasks);
      return ok({ ...summaryJson(summary, exchange), ...displayOf(exchange) });
    },
  }),
];

/**
 * Amounts become JSON numbers, converted from exact sums.
 *
 * @param exchange Whose amounts the summary has; undefined for pico-USD.
 */
export function summaryJson(summary: Summary, exchange?: Exchange): SummaryJson {
  const { total } = summary;
  const number = numbersOf(exchange);
  const tokens = total.inputTokens + total.outputTokens;
  return {
    total_cost: number(total.cost),
    task_count: total.calls,
    charge_count: total.charges,
    charge_cost: number(total.chargeCost),
    average_cost: number(total.averageCost),
    by_provider: mapValues(summary.byProvider, (sums) => providerJson(sums, number)),
    by_operation: mapValues(summary.byOperation, (sums) => operationJson(sums, number)),
    efficiency_metrics: {
      cost_per_1k_tokens: number(summary.costPer1000Tokens),
      avg_tokens_per_task: ratio(tokens, total.calls),
      input_output_ratio: ratio(total.inputTokens, total.outputTokens),
      total_input_tokens: total.inputTokens,
      total_output_tokens: total.outputTokens,
      total_tokens: tokens,
    },
    meters: summary.units,
    tasks: summary.calls.map((call) => taskJson(call, number)),
  };
}

type ToNumber = (amount: PicoUsd) => number;

function numbersOf(exchange: Exchange | undefined): ToNumber {
  return exchange ? (amount) => Number(exchange.print(amount)) : toNumber;
}

function providerJson(sums: ProviderSums, number: ToNumber): SummaryJson["by_provider"][string] {
  return {
    total_cost: number(sums.cost),
    input_tokens: sums.inputTokens,
    output_tokens: sums.outputTokens,
    task_count: sums.calls,
    charge_count: sums.charges,
    operations: mapValues(sums.byOperation, ({ calls, charges, cost, averageLatencyMs }) => ({
      count: calls,
      charge_count: charges,
      total_cost: number(cost),
      avg_latency_ms: averageLatencyMs,
    })),
  };
}

function operationJson(sums: CallSums, number: ToNumber): SummaryJson["by_operation"][string] {
  return {
    count: sums.calls,
    charge_count: sums.charges,
    total_cost: number(sums.cost),
    avg_cost: number(sums.averageCost),
    total_tokens: sums.inputTokens + sums.outputTokens,
    avg_latency_ms: sums.averageLatencyMs,
  };
}

function taskJson(call: CallSummary, number: ToNumber): SummaryJson["tasks"][number] {
  return {
    timestamp: call.startedAt / 1000,
    provider: call.provider,
    model: call.model,
    operation: call.operation,
    input_tokens: call.inputTokens,
    output_tokens: call.outputTokens,
    input_cost: number(call.inputCost),
    output_cost: number(call.outputCost),
    total_cost: number(call.cost),
    latency_ms: call.latencyMs,
  };
}

function ratio(total: number, count: number): number {
  return count === 0 ? 0 : total / count;
}

/** Creates the keys as own properties, so an operation may be named `constructor`. */
function mapValues<In, Out>(
  groups: ReadonlyMap<string, In>,
  map: (value: In) => Out,
): Readonly<Record<string, Out>> {
  return Object.fromEntries([...groups].map(([name, value]) => [name, map(value)]));
}
