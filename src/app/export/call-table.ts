/** The calls of an export as a table: a row for each, with what it used and cost. */

import { dimensions } from "../../domain/attribution/attribution.ts";
import { idOfOperation } from "../../domain/ledger/operation.ts";
import { tableOf, type ColumnOf, type Table } from "../../domain/table/table.ts";
import { countUnits, fixedMeters, tokenMeters, totalUsage } from "../../domain/usage/usage.ts";
import type { CallFilter, CallRow, LedgerReader } from "../port/reader.ts";
import { callPages } from "./call-pages.ts";

export function callTable(reader: Pick<LedgerReader, "calls">, filter: CallFilter): Table {
  return tableOf("Calls", callColumns, callPages(reader, filter));
}

const callColumns: readonly ColumnOf<CallRow>[] = [
  { name: "operation_id", kind: "text", of: ({ operationId }) => idOfOperation(operationId) },
  { name: "attempt", kind: "count", of: ({ attempt }) => attempt },
  { name: "status", kind: "text", of: ({ status }) => status },
  { name: "started_at", kind: "instant", of: ({ startedAt }) => startedAt },
  { name: "ended_at", kind: "instant", of: ({ endedAt }) => endedAt },
  { name: "recorded_at", kind: "instant", of: ({ recordedAt }) => recordedAt ?? null },
  { name: "provider", kind: "text", of: ({ route }) => route.provider },
  { name: "model", kind: "text", of: ({ model }) => model },
  {
    name: "requested_model",
    kind: "text",
    of: ({ route }) => route.replaced?.model ?? route.model,
  },
  { name: "endpoint", kind: "text", of: ({ route }) => route.endpoint },
  { name: "key_id", kind: "text", of: ({ route }) => route.keyId },
  ...dimensions.map((dimension): ColumnOf<CallRow> => ({
    name: dimension,
    kind: "text",
    of: ({ attribution }) => attribution[dimension] ?? null,
  })),
  {
    name: "tags",
    kind: "text",
    of: ({ attribution: { tags } }) => (tags ? JSON.stringify(tags) : null),
  },
  ...fixedMeters
    .filter((meter) => tokenMeters.has(meter))
    .map((meter): ColumnOf<CallRow> => ({
      name: `${meter}_tokens`,
      kind: "count",
      of: (call) => totalUsage(call)[meter] ?? 0,
    })),
  { name: "reasoning_tokens", kind: "count", of: (call) => totalUsage(call).reasoning ?? 0 },
  { name: "units", kind: "text", of: unitsOf },
  { name: "cost_usd", kind: "usd", of: ({ cost }) => cost },
  { name: "reported_cost_usd", kind: "usd", of: ({ reportedCost }) => reportedCost },
  { name: "latency_ms", kind: "number", of: ({ latencyMs }) => latencyMs },
  { name: "flags", kind: "text", of: ({ flags }) => (flags.length === 0 ? null : flags.join(" ")) },
  { name: "price_version", kind: "text", of: ({ priceVersion }) => priceVersion },
];

/** Counts other than tokens, such as images and searches, as JSON. */
function unitsOf(call: CallRow): string | null {
  const units = countUnits(totalUsage(call));
  return Object.keys(units).length === 0 ? null : JSON.stringify(units);
}
