/** Reads the filters of a query, within what the caller may see. */

import type { Principal } from "../app/caller/principal.ts";
import { lastEpochStart } from "../app/report/epoch.ts";
import { confine } from "../app/report/scope.ts";
import type { CallFilter } from "../app/port/reader.ts";
import { withoutSimulated } from "../app/route/simulated.ts";
import type { FilterQuery } from "../contract/filter.ts";
import { dimensions } from "../domain/attribution/attribution.ts";
import { PurserError } from "../domain/error.ts";
import { formatInstant, parseInstant } from "../domain/input/scalar.ts";
import type { ApiContext } from "./context.ts";

/**
 * @throws PurserError `forbidden` if the filter asks for calls outside the caller's attribution,
 *   `invalid_request` for an invalid time or an empty range.
 */
export function scopedFilter(caller: Principal, query: FilterQuery): CallFilter {
  const from = query.from === undefined ? undefined : parseInstant(query.from, "from");
  const to = query.to === undefined ? undefined : parseInstant(query.to, "to");
  if (from !== undefined && to !== undefined && to <= from) {
    throw new PurserError("invalid_request", "to must be after `from`", {
      field: "to",
      remedy: "Give a later time, or an earlier `from`.",
    });
  }
  return {
    attribution: confine(caller, attributionIn(query)),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(query.provider !== undefined && { provider: query.provider }),
    ...(query.model !== undefined && { model: query.model }),
    ...(query.endpoint !== undefined && { endpoint: query.endpoint }),
    ...(query.key_id !== undefined && { keyId: query.key_id }),
    ...(query.status !== undefined && { status: query.status }),
    ...(query.operation_id !== undefined && { operationId: query.operation_id }),
  };
}

/** Leaves out simulated calls if there are others, unless the query includes them. */
export function figuresFilter(
  caller: Principal,
  query: FilterQuery & { readonly include?: "simulator" | undefined },
  { simulatedApart = false, ledger }: Pick<ApiContext, "simulatedApart" | "ledger">,
): CallFilter {
  const filter = scopedFilter(caller, withEpoch(caller, query, ledger));
  return simulatedApart && query.include === undefined ? withoutSimulated(filter) : filter;
}

/** The keys of administrators, whose charges may name the request of any key. */
export function adminKeys({ ledger }: Pick<ApiContext, "ledger">): ReadonlySet<string> {
  return new Set(ledger.keys().flatMap(({ keyId, role }) => (role === "admin" ? [keyId] : [])));
}

/** Replaces `from=epoch` by the start of the last epoch that applies to the filter. */
function withEpoch(
  caller: Principal,
  query: FilterQuery,
  ledger: Pick<ApiContext["ledger"], "commit" | "epochs">,
): FilterQuery {
  if (query.from !== "epoch") return query;
  const start = lastEpochStart({ ledger }, confine(caller, attributionIn(query)));
  return { ...query, from: formatInstant(start) };
}

/** The values by dimension (`project`, `tag:customer`) in a query. */
export function attributionIn(
  query: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  const asked: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) {
    const isDimension =
      name.startsWith("tag:") || dimensions.some((dimension) => dimension === name);
    if (isDimension && typeof value === "string") asked[name] = value;
  }
  return asked;
}
