/**
 * Sums calls: whole hours from the roll-ups, and the partial hours at both ends from the calls
 * themselves, or from the roll-up of the hour minus its other calls.
 */

import type { CallFilter, GroupKey, LatencyTotals, Totals } from "../../../app/port/reader.ts";
import type { JournalRow } from "../../journal/chain.ts";
import { allRows, prepareRows, type RowValues } from "../journal/journal-file.ts";
import { kinds, statuses, type StatusCode } from "../../journal/kind.ts";
import { outcomeRows } from "../journal/kind-condition.ts";
import { dayHours, sumColumns } from "../schema.ts";
import {
  addCount,
  additionOf,
  addOpen,
  addUsage,
  hourMs,
  joinPico,
  readLatencyFrom,
  withoutOldLatency,
  type Addition,
} from "../write/rollup.ts";
import { findEnds, holdsNamed, type Source } from "./calls.ts";
import { Groups, type GroupSums } from "./groups.ts";
import {
  clampHour,
  matcher,
  select,
  seqRange,
  type SelectedFields,
  type Selection,
} from "./selection.ts";

export interface TotalsQuery {
  readonly filter: CallFilter;
  readonly by: readonly GroupKey[];
  readonly bucketMs: number | null;
}

/**
 * Refusals, and calls that ended without a charge, do not count as calls: they have their own sums.
 */
export function readTotals(source: Source, query: TotalsQuery): readonly Totals[] {
  return readGroups(source, query, "sums").totals();
}

export function readLatencies(source: Source, query: TotalsQuery): readonly LatencyTotals[] {
  return readGroups(source, query, "latencies").latencies();
}

/** Which of the roll-ups are read: those of sums and of open meters, or those of latencies. */
type Wanted = "sums" | "latencies";

function readGroups(source: Source, { filter, by, bucketMs }: TotalsQuery, wanted: Wanted): Groups {
  source.names.refresh();
  const selection = select(filter, source.names);
  const groups = new Groups(source, by, bucketMs);
  const reading = {
    source,
    selection,
    groups,
    wanted,
    includesRefusals: filter.status === undefined || filter.status === "refused",
    sign: 1,
  } as const;
  const holds = holdsNamed(source, filter);
  if (holds) addNamed(reading, holds, filter);
  else addRange(reading);
  return groups;
}

interface Reading {
  readonly source: Source;
  readonly selection: Selection;
  readonly groups: Groups;
  readonly wanted: Wanted;
  readonly includesRefusals: boolean;
  /** -1 to take calls back. */
  readonly sign: 1 | -1;
}

function addRange(reading: Reading): void {
  const { from, to } = reading.selection;
  const firstHour = Math.ceil(from / hourMs);
  const endHour = Math.floor(to / hourMs);
  if (firstHour > endHour) return addCalls(reading, { from, to });
  addWholeHours(reading, { firstHour, endHour });
  if (from < firstHour * hourMs) addPartOfHour(reading, { from, to: firstHour * hourMs });
  if (to > endHour * hourMs) addPartOfHour(reading, { from: endHour * hourMs, to });
}

interface Times {
  readonly from: number;
  readonly to: number;
}

/** Reads the calls of the shorter part: the one asked for, or the rest of its hour. */
function addPartOfHour(reading: Reading, times: Times): void {
  if (times.to - times.from <= hourMs / 2) return addCalls(reading, times);
  const hour = Math.floor(times.from / hourMs);
  addRollups(reading, "rollup", { firstHour: hour, endHour: hour + 1 });
  const isStart = times.from === hour * hourMs;
  const rest = isStart
    ? { from: times.to, to: (hour + 1) * hourMs }
    : { from: hour * hourMs, to: times.from };
  addCalls({ ...reading, sign: -1 }, rest);
}

/**
 * Up to this many ids go into an IN list for SQLite; with more, rows are read and filtered here.
 */
const listedIds = 500;

interface Hours {
  readonly firstHour: number;
  readonly endHour: number;
}

/** Uses the daily roll-ups for whole days if the buckets allow it. */
function addWholeHours(reading: Reading, { firstHour, endHour }: Hours): void {
  const { bucketMs } = reading.groups;
  const firstDay = Math.ceil(firstHour / dayHours) * dayHours;
  const endDay = Math.floor(endHour / dayHours) * dayHours;
  const mayUseDays = bucketMs === null || bucketMs % (dayHours * hourMs) === 0;
  if (!mayUseDays || firstDay >= endDay)
    return addRollups(reading, "rollup", { firstHour, endHour });
  addRollups(reading, "rollup_day", { firstHour: firstDay, endHour: endDay });
  if (firstHour < firstDay) addRollups(reading, "rollup", { firstHour, endHour: firstDay });
  if (endHour > endDay) addRollups(reading, "rollup", { firstHour: endDay, endHour });
}

function addRollups(
  reading: Reading,
  table: "rollup" | "rollup_day",
  { firstHour, endHour }: Hours,
): void {
  const { source, selection, groups } = reading;
  const { attributionIds, routeIds } = selection;
  const choosesHere = attributionIds !== null && attributionIds.length > listedIds;
  const column = (name: string, isNeeded: boolean): string => (isNeeded ? name : `0 AS ${name}`);
  const columns = [
    column("hour", groups.bucketMs !== null),
    column("attribution_id", choosesHere || groups.needs("attribution_id")),
    column("route_id", groups.needs("route_id")),
    column("status", groups.needs("status")),
  ];
  const grouped = columns.filter((name) => !name.startsWith("0")).join(", ");
  const conditions = [
    "hour >= ? AND hour < ?",
    ...(attributionIds && !choosesHere ? [isIn("attribution_id", attributionIds)] : []),
    ...(routeIds ? [isIn("route_id", routeIds)] : []),
    ...(selection.kinds === null ? [] : [isIn("status", statusCodes(selection))]),
  ];
  const sums = sumColumns.map((name) => `sum(${name})`).join(", ");
  const released = `sum(CASE status WHEN ${statuses.released} THEN calls ELSE 0 END)`;
  const where = `WHERE ${conditions.join(" AND ")}`;
  const wanted = choosesHere ? new Set(attributionIds) : null;
  const rowsOf = (sql: string): readonly (readonly number[])[] =>
    allRows(prepareRows(source.database, sql), clampHour(firstHour), clampHour(endHour))
      // Without GROUP BY, SQLite returns one row of nulls if there are no rows.
      .filter((values) => values[4] !== null && (!wanted || wanted.has(Number(values[1]))))
      .map((values) => values as readonly number[]);
  const countsOf = (suffix: string, counted: string): readonly (readonly number[])[] => {
    const counts = `SELECT ${columns.join(", ")}, ${counted}, sum(count) FROM ${table}_${suffix} ${where}`;
    return rowsOf(`${counts} GROUP BY ${grouped && `${grouped}, `}${counted}`);
  };
  if (reading.wanted === "latencies") {
    for (const values of countsOf("latency", "bucket")) addLatencyRow(groups, values);
    return;
  }
  const calls = `SELECT ${columns.join(", ")}, ${released}, ${sums} FROM ${table} ${where}`;
  for (const values of rowsOf(`${calls} ${grouped && `GROUP BY ${grouped}`}`))
    addRow(groups, values);
  for (const values of countsOf("meter", "meter_id")) addOpenRow(groups, values);
}

function isIn(column: string, ids: readonly number[]): string {
  return `${column} IN (${ids.join(", ")})`;
}

function statusCodes(selection: Selection): readonly number[] {
  const codes = new Set<StatusCode>();
  for (const kind of selection.kinds ?? []) {
    const status = additionOfKind(kind);
    if (status !== undefined) codes.add(status);
  }
  return [...codes];
}

function additionOfKind(kind: number): StatusCode | undefined {
  return additionOf({ kind, amount: "0", body: "[[],[],0]" })?.status;
}

function addRow(groups: Groups, values: readonly number[]): void {
  const [hour = 0, attributionId = 0, routeId = 0, status = 0, released = 0, ...rollup] = values;
  const [calls = 0, refusals = 0, micro = 0, rest = 0, latencyMs = 0, ...usage] = rollup;
  const sums = groups.at({ attributionId, routeId, status, at: hour * hourMs });
  sums.calls += calls - released;
  sums.released += released;
  sums.refusals += refusals;
  sums.cost += joinPico(micro, rest);
  sums.latencyMs += latencyMs;
  usage.forEach((count, place) => (sums.usage[place] = (sums.usage[place] ?? 0) + count));
}

function addOpenRow(groups: Groups, values: readonly number[]): void {
  const [hour = 0, attributionId = 0, routeId = 0, status = 0, nameId = 0, count = 0] = values;
  addOpen(groups.at({ attributionId, routeId, status, at: hour * hourMs }), nameId, count);
}

function addLatencyRow(groups: Groups, values: readonly number[]): void {
  const [hour = 0, attributionId = 0, routeId = 0, status = 0, bucket = 0, count = 0] = values;
  // A correction may have taken all of them back.
  if (count === 0) return;
  const { latencies } = groups.at({ attributionId, routeId, status, at: hour * hourMs });
  addCount(latencies, bucket, count);
}

/** Adds the calls and refusals of a short time, one by one. */
function addCalls(reading: Reading, times: Times): void {
  const { database } = reading.source;
  const { first, last } = seqRange(database, times);
  const clamp = (at: number): number => Math.max(-8.64e15, Math.min(8.64e15, at));
  const [from, to] = [clamp(times.from), clamp(times.to)];
  const usual = prepareRows(
    database,
    `SELECT at, ${summedColumns} FROM entry
     WHERE seq BETWEEN ? AND ? AND at >= ? AND at < ? AND (${outcomeRows("kind")} OR kind = ${kinds.refusal})
     AND NOT EXISTS (SELECT 1 FROM amendment WHERE amendment.seq = entry.seq)
     AND NOT EXISTS (SELECT 1 FROM amendment WHERE amendment.replaces = entry.seq)`,
  );
  const amended = prepareRows(
    database,
    `SELECT ended_at, ${summedColumns} FROM amendment CROSS JOIN entry USING (seq)
     WHERE ended_at >= ? AND ended_at < ? AND NOT EXISTS (SELECT 1 FROM amendment AS later WHERE later.replaces = amendment.seq)`,
  );
  const selection = { ...reading.selection, ...times };
  const adding = {
    ...reading,
    matches: matcher(selection),
    latencyFrom: readLatencyFrom(database),
  };
  const add = (values: RowValues): void => addOne(adding, readSummed(values), Number(values[0]));
  for (const values of usual.iterate(first, last, from, to)) add(values as unknown as RowValues);
  for (const values of allRows(amended, from, to)) add(values);
}

/** The columns of a call that its sums are made of: half the time of reading whole rows. */
const summedColumns =
  "entry.seq, entry.kind, entry.attribution_id, entry.route_id, CAST(entry.amount AS TEXT), entry.body";

type Summed = Pick<JournalRow, "seq" | "kind" | "attributionId" | "routeId" | "amount" | "body">;

function readSummed([, seq, kind, attributionId, routeId, amount, body]: RowValues): Summed {
  return {
    seq: Number(seq),
    kind: Number(kind),
    attributionId: attributionId as number | null,
    routeId: routeId as number | null,
    amount: String(amount),
    body: String(body),
  };
}

interface Adding extends Reading {
  readonly matches: (fields: SelectedFields) => boolean;
  readonly latencyFrom: number;
}

function addOne(
  { groups, includesRefusals, matches, sign, latencyFrom }: Adding,
  row: Summed,
  endedAt: number,
): void {
  const { seq, kind, attributionId, routeId } = row;
  if (kind === kinds.refusal && !includesRefusals) return;
  const fields = { kind, attributionId: attributionId ?? 0, routeId: routeId ?? 0, endedAt };
  if (!matches(fields)) return;
  const addition = additionOf(row);
  if (!addition) return;
  const sums = groups.at({ ...fields, status: addition.status, at: endedAt });
  addTo(sums, withoutOldLatency(addition, { seq, latencyFrom }), sign);
}

function addTo(sums: GroupSums, addition: Addition, sign: 1 | -1): void {
  if (addition.status === statuses.refused) sums.refusals += sign;
  else if (addition.status === statuses.released) sums.released += sign;
  else sums.calls += sign;
  sums.cost += sign === 1 ? addition.cost : -addition.cost;
  sums.latencyMs += sign * addition.latencyMs;
  if (addition.latencyBucket !== null) addCount(sums.latencies, addition.latencyBucket, sign);
  addUsage(sums, addition.usage, sign);
}

/** Adds the calls of these holds, and the refusals of the operations that the filter names. */
function addNamed(
  reading: Reading,
  holds: readonly JournalRow[],
  { operation, operationId = operation }: CallFilter,
): void {
  const { source, selection } = reading;
  const latencyFrom = readLatencyFrom(source.database);
  const adding = { ...reading, matches: matcher(selection), latencyFrom };
  const page = { limit: Number.MAX_SAFE_INTEGER, before: null };
  for (const { seq, endedAt } of findEnds(source, { holds, selection, page })) {
    const row = source.file.journal.row(seq);
    if (row) addOne(adding, row, endedAt);
  }
  const refusals =
    operationId === undefined ? [] : source.file.journal.withId(operationId, kinds.refusal);
  for (const row of refusals) addOne(adding, row, row.at);
}
