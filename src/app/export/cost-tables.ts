/** Calls in the shapes of other cost trackers: token usage, cost entries and costs of requests. */

import { idOfOperation } from "../../domain/ledger/operation.ts";
import { add, subtract, toNumber, zero, type PicoUsd } from "../../domain/money/money.ts";
import { tableOf, type ColumnOf, type Table } from "../../domain/table/table.ts";
import { feeMeters } from "../../domain/usage/usage.ts";
import type { CallFilter, CallRow, LedgerReader } from "../port/reader.ts";
import { summariseCall } from "../report/summary.ts";
import { callPages } from "./call-pages.ts";

export type CostRows = "token_usage" | "cost_entries" | "requests";

/** Charged calls, newest first. Costs are JSON numbers; `rows=calls` has exact amounts. */
export function costTable(
  reader: Pick<LedgerReader, "calls">,
  filter: CallFilter,
  rows: CostRows,
): Table {
  return tableOf(rows, costColumns[rows], callPages(reader, { ...filter, charged: true }));
}

const operationId: ColumnOf<CallRow>["of"] = (call) => idOfOperation(call.operationId);

const costColumns: Readonly<Record<CostRows, readonly ColumnOf<CallRow>[]>> = {
  token_usage: [
    { name: "operation_id", kind: "text", of: operationId },
    { name: "agent_id", kind: "text", of: ({ attribution }) => attribution.agent ?? null },
    {
      name: "capability_type",
      kind: "text",
      of: ({ attribution }) => attribution.capability ?? null,
    },
    { name: "prompt_tokens", kind: "count", of: (call) => summariseCall(call).inputTokens },
    { name: "completion_tokens", kind: "count", of: (call) => summariseCall(call).outputTokens },
    {
      name: "total_tokens",
      kind: "count",
      of: (call) => summariseCall(call).inputTokens + summariseCall(call).outputTokens,
    },
    { name: "model_id", kind: "text", of: ({ model }) => model },
    { name: "timestamp", kind: "instant", of: ({ endedAt }) => endedAt },
  ],
  cost_entries: [
    { name: "token_usage_id", kind: "text", of: operationId },
    { name: "prompt_cost", kind: "number", of: (call) => toNumber(summariseCall(call).inputCost) },
    {
      name: "completion_cost",
      kind: "number",
      of: (call) => toNumber(summariseCall(call).outputCost),
    },
    { name: "total_cost", kind: "number", of: ({ cost }) => toNumber(cost) },
    { name: "currency", kind: "text", of: () => "USD" },
  ],
  requests: [
    { name: "request_id", kind: "text", of: operationId },
    { name: "timestamp", kind: "instant", of: ({ endedAt }) => endedAt },
    {
      name: "llm_cost",
      kind: "number",
      of: (call) => toNumber(subtract(call.cost, sum(Object.values(toolCosts(call))))),
    },
    {
      name: "tool_costs",
      kind: "text",
      of: (call) =>
        JSON.stringify(
          Object.fromEntries(
            Object.entries(toolCosts(call)).map(([tool, cost]) => [tool, toNumber(cost)]),
          ),
        ),
    },
    { name: "infrastructure_cost", kind: "number", of: () => 0 },
    { name: "user_id", kind: "text", of: ({ attribution }) => attribution.user ?? null },
    { name: "total_cost", kind: "number", of: ({ cost }) => toNumber(cost) },
  ],
};

const tools: ReadonlySet<string> = new Set(feeMeters);

/** Fees of tools that the provider ran, such as web searches. */
function toolCosts({ charges }: CallRow): Readonly<Record<string, PicoUsd>> {
  const costs = new Map<string, PicoUsd>();
  for (const { meter, cost } of charges)
    if (tools.has(meter) || meter.startsWith("tool:"))
      costs.set(meter, add(costs.get(meter) ?? zero, cost));
  return Object.fromEntries(costs);
}

function sum(costs: readonly PicoUsd[]): PicoUsd {
  return costs.reduce(add, zero);
}
