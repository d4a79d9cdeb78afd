/** A row of usage that was metered elsewhere, and the ledger's command that charges it once. */

import { attribute, checkMayCall } from "../desk/attribute.ts";
import { isLimited } from "../../domain/key/key.ts";
import { fingerprint } from "../desk/fingerprint.ts";
import { chargeOf, type CostReport, type ReportPricing } from "../desk/settle.ts";
import type { Principal } from "../caller/principal.ts";
import { type Attribution, canonicalAttribution } from "../../domain/attribution/attribution.ts";
import { PurserError } from "../../domain/error.ts";
import type { RecordCommand } from "../../domain/ledger/command.ts";
import type { CallRoute, Outcome } from "../../domain/ledger/entry.ts";
import { operationOf } from "../../domain/ledger/operation.ts";
import type { UsageFlag } from "../../domain/usage/usage.ts";

/**
 * One call that was metered elsewhere.
 *
 * All fields but the id are hashed to recognise a repeat: a field that is added later must be
 * optional, and absent from rows that do not need it.
 */
export interface UsageRow {
  /** Identifies the call. Null: an id is derived from the row, so identical rows are one call. */
  readonly id: string | null;
  /** When the call was made, in milliseconds since the epoch; null for now. */
  readonly at: number | null;
  readonly provider: string;
  /** The requested model; `report.model` is the one that answered. */
  readonly model: string;
  /** {@link usageEndpoint} if there is nothing better to say. */
  readonly endpoint: string;
  readonly report: CostReport;
  /** `estimated` if the counts are. */
  readonly status: Exclude<Outcome["status"], "unresolved">;
  /** As in a request: what the caller may set is checked. */
  readonly attribution: Attribution;
  readonly latencyMs: number | null;
  /** What is wrong with the counts; absent if nothing is. */
  readonly flags?: readonly UsageFlag[];
}

/** The endpoint of calls that were metered elsewhere. */
export const usageEndpoint = "usage";

/** A row may be this far ahead of our clock; it then counts as now. */
const mostAheadMs = 5 * 60_000;
/** Five years: an older time is a mistake of units. */
const mostBehindMs = 5 * 366 * 86_400_000;

/** The caller of a batch, and what its rows share. */
export class Batch {
  readonly #context: ReportPricing;
  readonly #caller: Principal;
  readonly #at: number;
  /** Equal attributions and routes are one object, by which the ledger remembers its look-ups. */
  readonly #attributions = new Map<string, Attribution>();
  readonly #routes = new Map<string, CallRoute>();

  constructor(context: ReportPricing, caller: Principal, at: number) {
    this.#context = context;
    this.#caller = caller;
    this.#at = at;
  }

  /** @throws PurserError `invalid_request` or `forbidden` for a row that cannot be charged. */
  command(row: UsageRow): RecordCommand {
    const { key } = this.#caller;
    const startedAt = this.#timeOf(row);
    const { provider, model, report, status } = row;
    checkMayCall(this.#caller, { provider, model });
    if (report.kind === "usage" && report.model !== null)
      checkMayCall(this.#caller, { provider, model: report.model });
    const attribution = this.#attributionOf(row.attribution);
    const route = this.#routeOf(row);
    const { id, ...body } = row;
    const digest = fingerprint({ record: body });
    const charge = chargeOf(this.#context, { at: startedAt, route, attribution }, report);
    return {
      kind: "record",
      at: this.#at,
      startedAt,
      operationId: operationOf(id ?? derivedId(digest), key?.keyId ?? null),
      attribution,
      route,
      budgets: key?.budgets ?? [],
      outcome: {
        status,
        rawUsage: null,
        latencyMs: row.latencyMs ?? 0,
        priceVersion: this.#context.prices().version,
        ...charge,
        flags: [...new Set([...charge.flags, ...(row.flags ?? [])])],
      },
      fingerprint: digest,
      ...(isLimited(key) && { selfReported: true }),
    };
  }

  #timeOf({ id, at }: UsageRow): number {
    const now = this.#at;
    if (at === null) {
      if (id !== null) return now;
      throw new PurserError("invalid_request", "a row without operation_id needs a timestamp", {
        field: "timestamp",
        remedy: "Give operation_id, or the time of the call: identical rows without an id are one.",
      });
    }
    if (at > now + mostAheadMs)
      throw outside("is in the future", "Give the time of the call, at most 5 minutes ahead.");
    if (at < now - mostBehindMs)
      throw outside(
        "is more than 5 years ago",
        "Check its unit: RFC 3339, such as 2026-11-01T12:00:00Z.",
      );
    return Math.min(at, now);
  }

  #attributionOf(given: Attribution): Attribution {
    const asked = canonicalAttribution(given);
    const known = this.#attributions.get(asked);
    if (known) return known;
    const attribution = attribute(this.#caller, given);
    this.#attributions.set(asked, attribution);
    return attribution;
  }

  #routeOf({ provider, model, endpoint }: UsageRow): CallRoute {
    const name = JSON.stringify([provider, model, endpoint]);
    const known = this.#routes.get(name);
    if (known) return known;
    const route = { provider, model, endpoint, keyId: this.#caller.key?.keyId ?? null };
    this.#routes.set(name, route);
    return route;
  }
}

function derivedId(digest: string): string {
  return `usage-${digest.slice(0, 32)}`;
}

function outside(what: string, remedy: string): PurserError {
  return new PurserError("invalid_request", `timestamp ${what}`, { field: "timestamp", remedy });
}
