/** The charges of a range of time as a FOCUS table. */

import { FocusSums, type FocusCharge } from "../../domain/focus/focus-charge.ts";
import { focusColumns, type FocusOptions } from "../../domain/focus/focus-columns.ts";
import { tableOf, type Table } from "../../domain/table/table.ts";
import type { CallFilter, LedgerReader } from "../port/reader.ts";
import { edgesOf } from "../report/series.ts";
import { callPages } from "./call-pages.ts";

export interface FocusQuery extends FocusOptions {
  readonly filter: CallFilter;
  /** Milliseconds since the epoch. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** The length of a charge period, in UTC. */
  readonly period: "hour" | "day";
}

/**
 * Oldest period first. Only the sums of one period are in memory.
 *
 * @throws PurserError `invalid_request` for an empty range, or one with too many periods.
 */
export function focusTable(reader: Pick<LedgerReader, "calls">, query: FocusQuery): Table {
  const edges = edgesOf({ ...query, bucket: query.period, timeZone: "UTC" });
  return tableOf("FOCUS", focusColumns(query), periods(reader, query, edges));
}

async function* periods(
  reader: Pick<LedgerReader, "calls">,
  { filter, from, to }: FocusQuery,
  edges: readonly number[],
): AsyncGenerator<readonly FocusCharge[]> {
  for (const [index, start] of edges.slice(0, -1).entries()) {
    const end = edges[index + 1] ?? to;
    const sums = new FocusSums({ start, end });
    const inside = { ...filter, from: Math.max(start, from), to: Math.min(end, to) };
    for await (const page of callPages(reader, { ...inside, charged: true }))
      for (const call of page) sums.add(call);
    yield sums.charges();
  }
}
