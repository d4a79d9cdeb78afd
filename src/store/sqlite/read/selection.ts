/**
 * Translates a filter into the terms of the file: ids, kinds, times and ranges of sequence numbers.
 */

import type { DatabaseSync } from "node:sqlite";
import type { CallFilter } from "../../../app/port/reader.ts";
import { unattributed } from "../../../domain/attribution/attribution.ts";
import { kinds, kindsOf } from "../../journal/kind.ts";
import { allRows, prepareRows } from "../journal/journal-file.ts";
import { hourMs } from "../write/rollup.ts";
import type { NameIndex } from "./name-index.ts";

/** Null if the filter does not narrow the field. */
export interface Selection {
  readonly attributionIds: readonly number[] | null;
  readonly routeIds: readonly number[] | null;
  readonly kinds: readonly number[] | null;
  /** Milliseconds since the epoch, `to` excluded; infinite if the filter is open. */
  readonly from: number;
  readonly to: number;
}

/** A call is found by the model that served it, or by the requested one if none did. */
export function select(filter: CallFilter, names: NameIndex): Selection {
  const { attribution = {}, among, provider, exceptProvider, model, endpoint, keyId } = filter;
  const isAnyRoute = [provider, exceptProvider, model, endpoint, keyId].every(
    (wanted) => wanted === undefined,
  );
  const routeIds = isAnyRoute
    ? null
    : names.routes(
        ({ route, served }) =>
          (provider === undefined || route.provider === provider) &&
          (exceptProvider === undefined || route.provider !== exceptProvider) &&
          (model === undefined || (served ?? route.model) === model) &&
          (endpoint === undefined || route.endpoint === endpoint) &&
          (keyId === undefined || (route.keyId ?? unattributed) === keyId),
      );
  const isAnyone = Object.keys(attribution).length === 0 && among === undefined;
  return {
    attributionIds: isAnyone ? null : names.attributions(attribution, among),
    routeIds,
    kinds: wantedKinds(filter),
    from: filter.from ?? Number.NEGATIVE_INFINITY,
    to: filter.to ?? Number.POSITIVE_INFINITY,
  };
}

function wantedKinds({ status, charged }: CallFilter): readonly number[] | null {
  if (status === "refused") return [kinds.refusal];
  if (status !== undefined) return kindsOf(status);
  return charged ? chargedStatuses.flatMap(kindsOf) : null;
}

const chargedStatuses = ["settled", "estimated", "unresolved"] as const;

/**
 * The fields that decide whether a row is selected. `endedAt` is in milliseconds since the epoch.
 */
export interface SelectedFields {
  readonly kind: number;
  readonly attributionId: number;
  readonly routeId: number;
  readonly endedAt: number;
}

export function matcher(selection: Selection): (fields: SelectedFields) => boolean {
  const attributionIds = selection.attributionIds && new Set(selection.attributionIds);
  const routeIds = selection.routeIds && new Set(selection.routeIds);
  const { kinds: wanted, from, to } = selection;
  return ({ kind, attributionId, routeId, endedAt }) =>
    endedAt >= from &&
    endedAt < to &&
    (!attributionIds || attributionIds.has(attributionId)) &&
    (!routeIds || routeIds.has(routeId)) &&
    (!wanted || wanted.includes(kind));
}

/** Sequence numbers, both included. */
export interface SeqRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The ranges of the journal that have the rows of these times, in order: rows mostly follow the
 * clock, so there are few. Amended calls may be outside them.
 */
export function seqRanges(
  database: DatabaseSync,
  { from, to }: Pick<Selection, "from" | "to">,
): readonly SeqRange[] {
  const isOpen = from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY;
  if (isOpen) return [{ first: 0, last: Number.MAX_SAFE_INTEGER }];
  const rows = allRows(
    prepareRows(
      database,
      "SELECT first_seq, last_seq FROM hour_rows WHERE hour >= ? AND hour < ? ORDER BY first_seq",
    ),
    clampHour(Math.floor(from / hourMs)),
    clampHour(Math.ceil(to / hourMs)),
  );
  const ranges: { first: number; last: number }[] = [];
  for (const [first, last] of rows.map((row) => row.map(Number))) {
    const before = ranges.at(-1);
    if (first === undefined || last === undefined) continue;
    if (before && first <= before.last + 1) before.last = Math.max(before.last, last);
    else ranges.push({ first, last });
  }
  return ranges;
}

/** A column cannot hold infinity. */
function clampHour(hour: number): number {
  return Math.max(-1e12, Math.min(1e12, hour));
}
