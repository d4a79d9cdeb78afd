/**
 * Sums calls: whole hours from the roll-ups, the partial hours at both ends from the calls
 * themselves.
 */

import type { CallFilter, GroupKey, Totals } from "../../../app/port/reader.ts";
import { unattributed } from "../../../domain/attribution/attribution.ts";
import { pico } from "../../../domain/money/money.ts";
import { meters, type Usage } from "../../../domain/usage/usage.ts";
import type { JournalRow } from "../journal/chain.ts";
import {
  allRows,
  prepareRows,
  readRow,
  rowColumns,
  type RowValues,
} from "../journal/journal-file.ts";
import { kinds, outcomeRows, statuses, type StatusCode } from "../journal/kind.ts";
import { dayHours, sumColumns } from "../schema.ts";
import {
  additionOf,
  addUsage,
  emptySums,
  hourMs,
  joinPico,
  type Addition,
  type RollupSums,
} from "../write/rollup.ts";
import { findEnds, holdsNamed, type Source } from "./calls.ts";
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
export function readTotals(
  source: Source,
  { filter, by, bucketMs }: TotalsQuery,
): readonly Totals[] {
  source.names.refresh();
  const selection = select(filter, source.names);
  const groups = new Groups(source, by, bucketMs);
  const reading = {
    source,
    selection,
    groups,
    includesRefusals: filter.status === undefined || filter.status === "refused",
  };
  const holds = holdsNamed(source, filter);
  if (holds) addNamed(reading, holds, filter);
  else addRange(reading);
  return groups.totals();
}

interface Reading {
  readonly source: Source;
  readonly selection: Selection;
  readonly groups: Groups;
  readonly includesRefusals: boolean;
}

interface GroupSums extends RollupSums {
  released: number;
}

/** The group and bucket of a sum. */
interface Place {
  readonly attributionId: number;
  readonly routeId: number;
  readonly status: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The sums so far, by group and bucket. */
class Groups {
  readonly #source: Source;
  readonly #by: readonly GroupKey[];
  readonly #bucketMs: number | null;
  readonly #sums = new Map<
    string,
    {
      readonly group: Readonly<Record<string, string>>;
      readonly bucket: number | null;
      readonly sums: GroupSums;
    }
  >();

  constructor(source: Source, by: readonly GroupKey[], bucketMs: number | null) {
    this.#source = source;
    this.#by = by;
    this.#bucketMs = bucketMs;
  }

  get bucketMs(): number | null {
    return this.#bucketMs;
  }

  /** Whether the group depends on this roll-up column. */
  needs(column: "attribution_id" | "route_id" | "status"): boolean {
    return this.#by.some((key) => columnOf(key) === column);
  }

  at(place: Place): GroupSums {
    const bucket =
      this.#bucketMs === null ? null : Math.floor(place.at / this.#bucketMs) * this.#bucketMs;
    const values = this.#by.map((key) => this.#value(key, place));
    const id = JSON.stringify([bucket, ...values]);
    const known = this.#sums.get(id);
    if (known) return known.sums;
    const sums = { ...emptySums(), released: 0 };
    const group = Object.fromEntries(
      this.#by.map((key, index) => [key, values[index] ?? unattributed]),
    );
    this.#sums.set(id, { group, bucket, sums });
    return sums;
  }

  /** Oldest bucket first, then the most expensive group. */
  totals(): readonly Totals[] {
    const totals = [...this.#sums.values()].map(({ group, bucket, sums }) => ({
      group,
      bucket,
      calls: sums.calls,
      released: sums.released,
      refusals: sums.refusals,
      cost: pico(sums.cost),
      usage: usageOf(sums),
      latencyMs: sums.latencyMs,
    }));
    return totals
      .filter(
        ({ calls, released, refusals, cost }) =>
          calls !== 0 || released !== 0 || refusals !== 0 || cost !== 0n,
      )
      .sort(
        (left, right) =>
          (left.bucket ?? 0) - (right.bucket ?? 0) ||
          (left.cost < right.cost ? 1 : left.cost > right.cost ? -1 : 0),
      );
  }

  #value(key: GroupKey, { attributionId, routeId, status }: Place): string {
    if (key === "status") return statusName(status);
    if (columnOf(key) === "attribution_id") return this.#source.names.value(attributionId, key);
    const { route, served } = this.#source.names.route(routeId);
    if (key === "model") return served ?? route.model;
    if (key === "key") return route.keyId ?? unattributed;
    return key === "provider" ? route.provider : route.endpoint;
  }
}

function columnOf(key: GroupKey): "attribution_id" | "route_id" | "status" {
  if (key === "status") return "status";
  return key === "provider" || key === "model" || key === "endpoint" || key === "key"
    ? "route_id"
    : "attribution_id";
}

const statusNames = new Map<number, string>(
  Object.entries(statuses).map(([name, code]) => [code, name]),
);

function statusName(code: number): string {
  return statusNames.get(code) ?? "settled";
}

function addRange(reading: Reading): void {
  const { from, to } = reading.selection;
  const firstHour = Math.ceil(from / hourMs);
  const endHour = Math.floor(to / hourMs);
  if (firstHour > endHour) return addCalls(reading, { from, to });
  addWholeHours(reading, { firstHour, endHour });
  if (from < firstHour * hourMs) addCalls(reading, { from, to: firstHour * hourMs });
  if (to > endHour * hourMs) addCalls(reading, { from: endHour * hourMs, to });
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
  const sql = `SELECT ${columns.join(", ")}, ${released}, ${sums} FROM ${table} WHERE ${conditions.join(" AND ")} ${grouped && `GROUP BY ${grouped}`}`;
  const wanted = choosesHere ? new Set(attributionIds) : null;
  for (const values of allRows(
    prepareRows(source.database, sql),
    clampHour(firstHour),
    clampHour(endHour),
  )) {
    // Without GROUP BY, SQLite returns one row of nulls if there are no rows.
    if (values[4] === null || (wanted && !wanted.has(Number(values[1])))) continue;
    addRow(groups, values as readonly number[]);
  }
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

function usageOf(sums: RollupSums): Usage {
  const counted = [...meters, "reasoning"].map(
    (meter, place) => [meter, sums.usage[place] ?? 0] as const,
  );
  return Object.fromEntries(counted.filter(([, count]) => count !== 0));
}

/** Adds the calls and refusals of a short time, one by one. */
function addCalls(reading: Reading, times: { readonly from: number; readonly to: number }): void {
  const { database } = reading.source;
  const { first, last } = seqRange(database, times);
  const usual = prepareRows(
    database,
    `SELECT at, ${rowColumns("entry")} FROM entry
     WHERE seq BETWEEN ? AND ? AND (${outcomeRows("kind")} OR kind = ${kinds.refusal})
     AND NOT EXISTS (SELECT 1 FROM amendment WHERE amendment.seq = entry.seq)
     AND NOT EXISTS (SELECT 1 FROM amendment WHERE amendment.replaces = entry.seq)`,
  );
  const selection = { ...reading.selection, ...times };
  const adding = { ...reading, matches: matcher(selection) };
  for (const values of usual.iterate(first, last)) addCall(adding, values as unknown as RowValues);
  const amended = prepareRows(
    database,
    `SELECT ended_at, ${rowColumns("entry")} FROM amendment CROSS JOIN entry USING (seq)
     WHERE ended_at >= ? AND ended_at < ? AND NOT EXISTS (SELECT 1 FROM amendment AS later WHERE later.replaces = amendment.seq)`,
  );
  const clamp = (at: number): number => Math.max(-8.64e15, Math.min(8.64e15, at));
  for (const values of allRows(amended, clamp(times.from), clamp(times.to)))
    addCall(adding, values);
}

interface Adding extends Reading {
  readonly matches: (fields: SelectedFields) => boolean;
}

function addCall(adding: Adding, [endedAt, ...values]: RowValues): void {
  addOne(adding, readRow(values), Number(endedAt));
}

function addOne(
  { groups, includesRefusals, matches }: Adding,
  row: JournalRow,
  endedAt: number,
): void {
  const { kind, attributionId, routeId } = row;
  if (kind === kinds.refusal && !includesRefusals) return;
  const fields = { kind, attributionId: attributionId ?? 0, routeId: routeId ?? 0, endedAt };
  if (!matches(fields)) return;
  const addition = additionOf(row);
  if (addition) addTo(groups.at({ ...fields, status: addition.status, at: endedAt }), addition);
}

function addTo(sums: GroupSums, addition: Addition): void {
  if (addition.status === statuses.refused) sums.refusals += 1;
  else if (addition.status === statuses.released) sums.released += 1;
  else sums.calls += 1;
  sums.cost += addition.cost;
  sums.latencyMs += addition.latencyMs;
  addUsage(sums.usage, addition.usage);
}

/** Adds the calls of these holds, and the refusals of the operations that the filter names. */
function addNamed(
  reading: Reading,
  holds: readonly JournalRow[],
  { operation, operationId = operation }: CallFilter,
): void {
  const { source, selection } = reading;
  const adding = { ...reading, matches: matcher(selection) };
  const page = { limit: Number.MAX_SAFE_INTEGER, before: null };
  for (const { seq, endedAt } of findEnds(source, { holds, selection, page })) {
    const row = source.file.journal.row(seq);
    if (row) addOne(adding, row, endedAt);
  }
  const refusals =
    operationId === undefined ? [] : source.file.journal.withId(operationId, kinds.refusal);
  for (const row of refusals) addOne(adding, row, row.at);
}
