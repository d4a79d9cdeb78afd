/** The charges of a range of time as a FOCUS table. */

import { FocusSums, type FocusCharge } from "../../domain/focus/focus-charge.ts";
import { focusColumns, monthOf, type FocusOptions } from "../../domain/focus/focus-columns.ts";
import { tableOf, type Table } from "../../domain/table/table.ts";
import type { CallFilter, CallRow, LedgerReader } from "../port/reader.ts";
import { edgesIn } from "../report/series.ts";
import { callPages, correctionPages } from "./call-pages.ts";

export interface FocusQuery extends FocusOptions {
  readonly filter: CallFilter;
  /** Milliseconds since the epoch. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** The length of a charge period, in UTC. */
  readonly period: "hour" | "day";
}

export type FocusReader = Pick<LedgerReader, "calls" | "corrections">;

/**
 * Oldest period first. Only the sums of one period are in memory.
 *
 * @throws PurserError `invalid_request` for an empty range, or one with too many periods.
 */
export function focusTable(reader: FocusReader, query: FocusQuery): Table {
  const edges = [...edgesIn({ ...query, bucket: query.period, timeZone: "UTC" })];
  return tableOf("FOCUS", focusColumns(query), periods(reader, query, edges));
}

async function* periods(
  reader: FocusReader,
  { filter, from, to }: FocusQuery,
  edges: readonly number[],
): AsyncGenerator<readonly FocusCharge[]> {
  for (const [index, start] of edges.slice(0, -1).entries()) {
    const end = edges[index + 1] ?? to;
    const sums = new FocusSums({ start, end });
    const inside = { ...filter, from: Math.max(start, from), to: Math.min(end, to) };
    for await (const page of callPages(reader, { ...inside, charged: true }))
      for (const call of page) if (!isLate(call, call.correction)) sums.add(call);
    await addCorrected(reader, inside, sums);
    yield sums.charges();
  }
}

/**
 * A correction within the billing period restates the charge. A later one leaves what was billed as
 * it was: its difference is a charge of the period in which it was booked.
 */
async function addCorrected(
  reader: FocusReader,
  { from, to, ...filter }: CallFilter & { readonly from: number; readonly to: number },
  sums: FocusSums,
): Promise<void> {
  for await (const page of correctionPages(reader, { ...filter, from, to }))
    for (const correction of page) {
      const { before } = correction;
      if (isLate(before, correction) && !isLate(before, before.correction)) sums.add(before);
    }
  const booked = { ...filter, bookedFrom: from, bookedTo: to };
  for await (const page of correctionPages(reader, booked))
    for (const correction of page)
      if (isLate(correction.before, correction)) sums.correct(correction);
}

/** Whether a correction was booked after the billing period of its call. */
function isLate(
  { endedAt }: Pick<CallRow, "endedAt">,
  correction: { readonly at: number } | null,
): boolean {
  return correction !== null && correction.at >= monthOf(endedAt).end;
}
