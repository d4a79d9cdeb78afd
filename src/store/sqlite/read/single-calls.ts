/** Adds up calls and refusals one by one: those of a short time, or of named operations. */

import type { CallFilter } from "../../../app/port/reader.ts";
import type { JournalRow } from "../../journal/chain.ts";
import { kinds, statuses } from "../../journal/kind.ts";
import { allRows, prepareRows, type RowValues } from "../journal/journal-file.ts";
import { outcomeRows } from "../journal/kind-condition.ts";
import {
  addCount,
  additionOf,
  addUsage,
  readLatencyFrom,
  withoutOldLatency,
  type Addition,
} from "../write/rollup.ts";
import { chargeRoutes, findEnds, type Source } from "./calls.ts";
import type { GroupSums } from "./groups.ts";
import type { Add } from "./rollup-rows.ts";
import { matcher, seqRanges, type SelectedFields, type Selection } from "./selection.ts";

export interface SingleCalls {
  readonly source: Source;
  readonly selection: Selection;
  readonly includesRefusals: boolean;
}

/** @param times Within the selected ones, or beside them. */
export function addCallsOf(
  asked: SingleCalls,
  add: Add,
  times: { readonly from: number; readonly to: number },
): void {
  const { database } = asked.source;
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
  const adding = addingOf({ ...asked, selection: { ...asked.selection, ...times } }, add);
  const take = (values: RowValues): void => addOne(adding, readSummed(values), Number(values[0]));
  for (const { first, last } of seqRanges(database, times))
    for (const values of usual.iterate(first, last, from, to)) take(values as unknown as RowValues);
  for (const values of allRows(amended, from, to)) take(values);
}

/** Adds the calls of these holds, and the refusals of the operations that the filter names. */
export function addCallsNamed(
  asked: SingleCalls,
  add: Add,
  named: { readonly holds: readonly JournalRow[]; readonly filter: CallFilter },
): void {
  const { source, selection } = asked;
  const { holds, filter } = named;
  const { operation, operationId = operation } = filter;
  const adding = addingOf(asked, add);
  const page = { limit: Number.MAX_SAFE_INTEGER, before: null };
  for (const { seq, endedAt } of findEnds(source, { holds, selection, page })) {
    const row = source.file.journal.row(seq);
    if (row) addOne(adding, row, endedAt);
  }
  const refusals =
    operationId === undefined ? [] : source.file.journal.withId(operationId, kinds.refusal);
  for (const row of refusals) addOne(adding, row, row.at);
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

interface Adding {
  readonly add: Add;
  readonly includesRefusals: boolean;
  readonly matches: (fields: SelectedFields) => boolean;
  readonly latencyFrom: number;
  readonly charges: ReadonlySet<number>;
}

function addingOf({ source, selection, includesRefusals }: SingleCalls, add: Add): Adding {
  const latencyFrom = readLatencyFrom(source.database);
  const charges = new Set(chargeRoutes(source.names));
  return { add, includesRefusals, matches: matcher(selection), latencyFrom, charges };
}

function addOne(
  { add, includesRefusals, matches, latencyFrom, charges }: Adding,
  row: Summed,
  endedAt: number,
): void {
  const { seq, kind, attributionId, routeId } = row;
  if (kind === kinds.refusal && !includesRefusals) return;
  const fields = { kind, attributionId: attributionId ?? 0, routeId: routeId ?? 0, endedAt };
  if (!matches(fields)) return;
  const addition = additionOf(row);
  if (!addition) return;
  const counted = withoutOldLatency(addition, { seq, latencyFrom });
  const isCharge = charges.has(fields.routeId);
  add({ ...fields, status: addition.status }, endedAt, (sums, sign) => {
    addTo(sums, counted, sign);
    if (isCharge) addCharge(sums, counted, sign);
  });
}

/** In addition to the sums of all. */
function addCharge(sums: GroupSums, { status, cost }: Addition, sign: 1 | -1): void {
  if (status === statuses.refused || status === statuses.released) return;
  sums.charges += sign;
  sums.chargeCost += sign === 1 ? cost : -cost;
}

function addTo(sums: GroupSums, addition: Addition, sign: 1 | -1): void {
  if (addition.status === statuses.refused) sums.refusals += sign;
  else if (addition.status === statuses.released) sums.released += sign;
  else sums.calls += sign;
  sums.cost += sign === 1 ? addition.cost : -addition.cost;
  sums.latencyMs += sign * addition.latencyMs;
  sums.timed += sign * addition.timed;
  if (addition.latencyBucket !== null) addCount(sums.latencies, addition.latencyBucket, sign);
  addUsage(sums, addition.usage, sign);
}
