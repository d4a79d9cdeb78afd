/**
 * Translates a filter into the terms of the file: ids, kinds, times and ranges of sequence numbers.
 */

import type { DatabaseSync } from "node:sqlite";
import type { CallFilter } from "../../../app/port/reader.ts";
import { unattributed } from "../../../domain/attribution/attribution.ts";
import { kinds, kindsOf } from "../../journal/kind.ts";
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
 * The range of the journal that has the rows of these times. Rows mostly follow the clock, so those
 * of an hour are close together; where they do not (imports of the past), the range is wider than
 * the times. Amended calls may be outside it.
 */
export function seqRange(
  database: DatabaseSync,
  { from, to }: Pick<Selection, "from" | "to">,
): SeqRange {
  const isOpen = from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY;
  if (isOpen) return { first: 0, last: Number.MAX_SAFE_INTEGER };
  const row = database
    .prepare(
      "SELECT min(first_seq) AS first, max(last_seq) AS last FROM hour WHERE hour >= ? AND hour < ?",
    )
    .get(clampHour(Math.floor(from / hourMs)), clampHour(Math.ceil(to / hourMs)));
  if (typeof row?.["first"] !== "number") return { first: 1, last: 0 };
  return { first: row["first"], last: Number(row["last"]) };
}

/** A column cannot hold infinity. */
function clampHour(hour: number): number {
  return Math.max(-1e12, Math.min(1e12, hour));
}
