/** Calls in the shapes of other cost trackers: token usage and cost entries. */

import { idOfOperation } from "../../domain/ledger/operation.ts";
import { toNumber } from "../../domain/money/money.ts";
import { tableOf, type ColumnOf, type Table } from "../../domain/table/table.ts";
import type { CallFilter, CallRow, LedgerReader } from "../port/reader.ts";
import { summariseCall } from "../report/summary.ts";
import { callPages } from "./call-pages.ts";

export type CostRows = "token_usage" | "cost_entries";

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
};
