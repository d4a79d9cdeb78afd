/** Reads calls from the journal: each joins its hold with the entry that ended it. */

import type { DatabaseSync } from "node:sqlite";
import type { AlertRow, CallFilter, CallRow } from "../../../app/port/reader.ts";
import { assert } from "../../../domain/assert.ts";
import { chargeEndpoint } from "../../../domain/price/text/item.ts";
import type { JournalRow } from "../../journal/chain.ts";
import { decodeEntry, decodeHold, decodeSettle } from "../../journal/decode.ts";
import type { FileHistory } from "../journal/file-history.ts";
import { prepareRows, readRow, rowColumns, type RowValues } from "../journal/journal-file.ts";
import { kinds, statusOf } from "../../journal/kind.ts";
import { otherRows } from "../journal/kind-condition.ts";
import { findCalls, type Found, type Page } from "./find-calls.ts";
import type { NameIndex } from "./name-index.ts";
import { matcher, select, type Selection } from "./selection.ts";
import { releasedCall } from "../../released-call.ts";

/** The sources that a reader answers from. */
export interface Source {
  readonly database: DatabaseSync;
  readonly file: FileHistory;
  readonly names: NameIndex;
}

/** @returns Newest first. */
export function readCalls(source: Source, filter: CallFilter, page: Page): readonly CallRow[] {
  source.names.refresh();
  const selection = select(filter, source.names);
  const holds = holdsNamed(source, filter);
  const found = holds
    ? findEnds(source, { holds, selection, page })
    : findCalls(source.database, selection, page);
  return found.map((one) => readCall(source.file, one));
}

/** The routes of charges, which are no calls of models. */
export function chargeRoutes(names: NameIndex): readonly number[] {
  return names.routes(({ route }) => route.endpoint === chargeEndpoint);
}

/** The holds of the operations that a filter names; undefined if it names none. */
export function holdsNamed(
  { file }: Pick<Source, "file">,
  { operation, operationId }: CallFilter,
): readonly JournalRow[] | undefined {
  if (operation !== undefined) return file.journal.holds(operation);
  return operationId === undefined ? undefined : file.journal.withId(operationId, kinds.hold);
}

/** How the calls of these holds ended, newest first. */
export function findEnds(
  { database, file }: Pick<Source, "database" | "file">,
  {
    holds,
    selection,
    page,
  }: { readonly holds: readonly JournalRow[]; readonly selection: Selection; readonly page: Page },
): readonly Found[] {
  const endedAt = database.prepare("SELECT ended_at FROM amendment WHERE seq = ?");
  const matches = matcher(selection);
  const found = holds.flatMap((hold) => {
    const row = file.journal.outcome(hold.seq);
    if (!row || (page.before !== null && row.seq >= page.before)) return [];
    const fields = { ...row, attributionId: row.attributionId ?? 0, routeId: row.routeId ?? 0 };
    const one = { ...fields, endedAt: Number(endedAt.get(row.seq)?.["ended_at"] ?? row.at) };
    return matches(one) ? [{ seq: one.seq, endedAt: one.endedAt }] : [];
  });
  return found.sort((left, right) => right.seq - left.seq).slice(0, page.limit);
}

/** Thresholds that were crossed, newest first. */
export function readAlerts(
  { database, file }: Pick<Source, "database" | "file">,
  { budgetId, limit, before }: Page & { readonly budgetId: string | null },
): readonly AlertRow[] {
  const statement = prepareRows(
    database,
    `SELECT ${rowColumns("entry")} FROM entry
     WHERE ${otherRows("kind")} AND kind = ${kinds.threshold} AND seq < ? ORDER BY seq DESC`,
  );
  const alerts: AlertRow[] = [];
  const context = { names: file.names, callOf: (seq: number) => file.journal.callOf(seq) };
  for (const values of statement.iterate(before ?? Number.MAX_SAFE_INTEGER)) {
    if (alerts.length >= limit) break;
    const row = readRow(values as unknown as RowValues);
    const entry = decodeEntry(row, context);
    assert(entry.kind === "threshold", "the kind of a row is that of its entry");
    const { kind: _, ...alert } = entry;
    if (budgetId === null || entry.counter.budgetId === budgetId)
      alerts.push({ seq: row.seq, ...alert });
  }
  return alerts;
}

/** Reads the call that an outcome entry ended. */
export function readCall(file: FileHistory, { seq, endedAt }: Found): CallRow {
  const row = file.journal.row(seq);
  const holdRow = row && file.journal.row(row.call ?? 0);
  assert(row !== undefined && holdRow !== undefined, "a call has a hold and an end");
  const {
    operationId,
    attempt,
    at: startedAt,
    recordedAt,
    attribution,
    route,
  } = decodeHold(holdRow, file.names);
  return {
    seq,
    operationId,
    attempt,
    startedAt,
    ...(recordedAt !== undefined && { recordedAt }),
    endedAt,
    attribution,
    route,
    ...readOutcome(file, row, route.model),
  };
}

type CallOutcome = Pick<
  CallRow,
  | "status"
  | "model"
  | "usage"
  | "parts"
  | "charges"
  | "cost"
  | "reportedCost"
  | "computedCost"
  | "rawUsage"
  | "flags"
  | "latencyMs"
  | "priceVersion"
  | "correction"
>;

function readOutcome(file: FileHistory, row: JournalRow, askedModel: string): CallOutcome {
  if (statusOf(row.kind) === "released") return { ...releasedCall, model: askedModel };
  const outcome = decodeSettle(row, { operationId: "", attempt: 1 }, file.names);
  const {
    status,
    model,
    usage,
    parts = [],
    charges,
    cost,
    reportedCost,
    computedCost,
    rawUsage,
    flags,
    latencyMs,
    priceVersion,
  } = outcome;
  const ours = computedCost === undefined ? {} : { computedCost };
  const correction =
    outcome.kind === "correction" ? { at: outcome.at, reason: outcome.reason } : null;
  const charged = { status, model, usage, parts, charges, cost: cost.usd, reportedCost, ...ours };
  return { ...charged, rawUsage, flags, latencyMs, priceVersion, correction };
}
