/** The charges of a range of time as a FOCUS table. */

import { FocusSums, type FocusCharge } from "../../domain/focus/focus-charge.ts";
import { focusColumns, monthOf, type FocusOptions } from "../../domain/focus/focus-columns.ts";
import { tableOf, type Table } from "../../domain/table/table.ts";
import type { CallFilter, CallRow, LedgerReader } from "../port/reader.ts";
import type { SchedulePeriod } from "../port/export-schedule.ts";
import { calendarWindow } from "../report/range.ts";
import { edgesIn } from "../report/series.ts";
import { byCost, callPages, correctionPages } from "./call-pages.ts";

export interface FocusQuery extends FocusOptions {
  readonly filter: CallFilter;
  /** Milliseconds since the epoch. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** The length of a charge period, in UTC. */
  readonly period: "hour" | "day";
  /**
   * How long what a file has may still change, in UTC: a correction after the period of its call,
   * or after its billing month, is a row of its own.
   */
  readonly closing: SchedulePeriod;
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
  { filter, from, to, closing }: FocusQuery,
  edges: readonly number[],
): AsyncGenerator<readonly FocusCharge[]> {
  const isLate = latenessBy(closing);
  for (const [index, start] of edges.slice(0, -1).entries()) {
    const end = edges[index + 1] ?? to;
    const sums = new FocusSums({ start, end });
    const inside = { ...filter, from: Math.max(start, from), to: Math.min(end, to) };
    for await (const page of callPages(reader, { ...inside, charged: true }))
      for (const call of page) if (!isLate(call, call.correction)) sums.add(call);
    await addCorrected(reader, inside, { sums, isLate });
    yield* byCost(sums.charges());
  }
}

/**
 * A correction before the closing restates the charge. A later one leaves what was exported as it
 * was: its difference is a charge of the period in which it was booked.
 */
async function addCorrected(
  reader: FocusReader,
  { from, to, ...filter }: CallFilter & { readonly from: number; readonly to: number },
  { sums, isLate }: { readonly sums: FocusSums; readonly isLate: Lateness },
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

/** Whether a correction was booked after the closing of its call. */
type Lateness = (
  call: Pick<CallRow, "endedAt">,
  correction: { readonly at: number } | null,
) => boolean;

function latenessBy(closing: SchedulePeriod): Lateness {
  return ({ endedAt }, correction) => {
    if (correction === null) return false;
    if (correction.at >= monthOf(endedAt).end) return true;
    return closing !== "month" && correction.at >= calendarWindow(endedAt, closing, "UTC").to;
  };
}
