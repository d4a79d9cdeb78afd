/** Turns the journal of a memory ledger into the rows that its reader returns. */

import type { NumberedEntry } from "../../app/port/feed.ts";
import type {
  AlertRow,
  CallFilter,
  CallRow,
  CorrectionRow,
  RefusalRow,
} from "../../app/port/reader.ts";
import {
  attributedTo,
  unattributed,
  type AttributionKey,
} from "../../domain/attribution/attribution.ts";
import type {
  CallId,
  CorrectionEntry,
  ExpireEntry,
  HoldEntry,
  ReleaseEntry,
  SettleEntry,
} from "../../domain/ledger/entry.ts";
import { idOfOperation } from "../../domain/ledger/operation.ts";
import { releasedCall } from "../released-call.ts";

type End = SettleEntry | ReleaseEntry | ExpireEntry | CorrectionEntry;

/** The calls that have ended, oldest entry first. */
export function callRows(journal: readonly NumberedEntry[]): readonly CallRow[] {
  return ends(journal).calls;
}

/** The corrections, oldest first. */
export function correctionRows(journal: readonly NumberedEntry[]): readonly CorrectionRow[] {
  return ends(journal).corrections;
}

function ends(journal: readonly NumberedEntry[]): {
  readonly calls: readonly CallRow[];
  readonly corrections: readonly CorrectionRow[];
} {
  const corrections: CorrectionRow[] = [];
  const holds = new Map<string, HoldEntry>();
  const rows = new Map<string, CallRow>();
  for (const { seq, entry } of journal) {
    if (entry.kind === "hold") holds.set(callKey(entry), entry);
    if (!isEnd(entry)) continue;
    const key = callKey(entry);
    const hold = holds.get(key);
    const before = rows.get(key);
    // A corrected call counts in the hour it first ended; a late settlement in the hour it came.
    const endedAt = entry.kind === "correction" ? (before?.endedAt ?? entry.at) : entry.at;
    rows.delete(key);
    if (!hold) continue;
    const after = rowOf(hold, entry, { seq, endedAt });
    rows.set(key, after);
    if (entry.kind === "correction" && before)
      corrections.push({ seq, at: entry.at, before, after });
  }
  return { calls: [...rows.values()], corrections };
}

export function refusalRows(journal: readonly NumberedEntry[]): readonly RefusalRow[] {
  return journal.flatMap(({ seq, entry }) => {
    if (entry.kind !== "refusal") return [];
    const { at, operationId, attribution, route, reason, budgetId } = entry;
    return [{ seq, at, operationId, attribution, route, reason, budgetId }];
  });
}

export function alertRows(journal: readonly NumberedEntry[]): readonly AlertRow[] {
  return journal.flatMap(({ seq, entry }) => {
    if (entry.kind !== "threshold") return [];
    const { kind: _, ...alert } = entry;
    return [{ seq, ...alert }];
  });
}

/** Whether a filter selects a call. */
export function selectsCall(filter: CallFilter, row: CallRow): boolean {
  const { status, charged } = filter;
  return (
    (status === undefined || row.status === status) &&
    (charged === undefined || row.status !== "released") &&
    selects(filter, { ...row, at: row.endedAt })
  );
}

/** Whether a filter selects a refusal; its status is ignored. */
export function selectsRefusal(filter: CallFilter, row: RefusalRow): boolean {
  return selects(filter, { ...row, model: row.route.model });
}

function selects(
  { from, to, attribution = {}, among, ...filter }: CallFilter,
  row: Pick<CallRow, "operationId" | "attribution" | "route" | "model"> & { readonly at: number },
): boolean {
  const { provider } = row.route;
  return (
    (from === undefined || row.at >= from) &&
    (to === undefined || row.at < to) &&
    (filter.provider === undefined || provider === filter.provider) &&
    (filter.exceptProvider === undefined || provider !== filter.exceptProvider) &&
    (filter.model === undefined || row.model === filter.model) &&
    (filter.endpoint === undefined || row.route.endpoint === filter.endpoint) &&
    (filter.keyId === undefined || (row.route.keyId ?? unattributed) === filter.keyId) &&
    (filter.operation === undefined || row.operationId === filter.operation) &&
    (filter.operationId === undefined || idOfOperation(row.operationId) === filter.operationId) &&
    Object.entries(attribution).every(([key, value]) => valueOf(row, key) === value) &&
    (among === undefined || among.values.has(valueOf(row, among.dimension)))
  );
}

function valueOf({ attribution }: Pick<CallRow, "attribution">, dimension: string): string {
  return attributedTo(attribution, dimension as AttributionKey);
}

function isEnd(entry: NumberedEntry["entry"]): entry is End {
  const { kind } = entry;
  return kind === "settle" || kind === "release" || kind === "expire" || kind === "correction";
}

function callKey({ operationId, attempt }: CallId): string {
  return `${attempt} ${operationId}`;
}

function rowOf(
  { operationId, attempt, at: startedAt, recordedAt, attribution, route }: HoldEntry,
  end: End,
  { seq, endedAt }: { readonly seq: number; readonly endedAt: number },
): CallRow {
  const call = {
    seq,
    operationId,
    attempt,
    startedAt,
    endedAt,
    attribution,
    route,
    ...(recordedAt !== undefined && { recordedAt }),
  };
  if (end.kind === "release" || end.kind === "expire")
    return { ...call, ...releasedCall, model: route.model };
  const { status, model, usage, parts = [], charges, cost, reportedCost, computedCost } = end;
  const { rawUsage, flags, latencyMs, priceVersion } = end;
  return {
    ...call,
    status,
    model,
    usage,
    parts,
    charges,
    cost: cost.usd,
    reportedCost,
    ...(computedCost !== undefined && { computedCost }),
    rawUsage,
    flags,
    latencyMs,
    priceVersion,
    correction: end.kind === "correction" ? { at: end.at, reason: end.reason } : null,
  };
}
