/** Records the model calls in telemetry, each once. */

import type { Principal } from "../../caller/principal.ts";
import type { DeskContext } from "../../desk/desk-context.ts";
import type {
  Attributes,
  Observed,
  ObservedCall,
  PartialSuccess,
  TelemetryFormat,
  TelemetryRules,
} from "../../port/telemetry.ts";
import { PurserError } from "../../../domain/error.ts";
import { zero } from "../../../domain/money/money.ts";
import type { KnownProviders } from "../provider-of-model.ts";
import { recordUsage, type RowAnswer, type RowToRecord } from "../usage-batch.ts";
import { attributionOf } from "./attribution.ts";
import { rowOfCall } from "./observed-row.ts";
import type { ObservedSessions } from "./sessions.ts";
import { wentThroughGateway } from "./through-gateway.ts";

export interface TelemetryContext extends DeskContext {
  readonly telemetry: {
    readonly format: TelemetryFormat;
    readonly rules: TelemetryRules;
    readonly sessions: ObservedSessions;
  };
  readonly known: KnownProviders;
}

export interface TelemetryRequest {
  readonly observed: readonly Observed[];
  /** The `Host` of the request, which shows which calls went to this server. */
  readonly host: string | null;
}

/**
 * A call that cannot be charged is rejected by itself.
 *
 * @throws PurserError As `recordUsage`: send the request again.
 */
export async function recordTelemetry(
  context: TelemetryContext,
  caller: Principal,
  { observed, host }: TelemetryRequest,
): Promise<PartialSuccess> {
  const rows: Row[] = [];
  const { sessions } = context.telemetry;
  const forget = (): void => {
    for (const { series } of rows) if (series !== null) sessions.forget(series);
  };
  try {
    for (const one of observed) {
      if (isExcluded(context.telemetry.rules, one.attributes)) continue;
      const found = await rowOf(context, caller, { one, host });
      if (found !== null) rows.push({ ...found, one });
    }
    const toRecord = rows.map(({ row }) => row);
    const answers = rows.length === 0 ? [] : await recordUsage(context, caller, toRecord);
    const result = resultOf(rows, answers);
    if (result.rejected > 0) forget();
    return result;
  } catch (error) {
    forget();
    throw error;
  }
}

interface Found {
  readonly row: RowToRecord;
  /** Set if the row is the growth of a series. */
  readonly series: string | null;
}

interface Row extends Found {
  readonly one: Observed;
}

/** @returns Null for a call that is counted elsewhere. */
async function rowOf(
  context: TelemetryContext,
  caller: Principal,
  { one, host }: { readonly one: Observed; readonly host: string | null },
): Promise<Found | null> {
  const { call, attributes } = one;
  if (call instanceof PurserError) return { row: call, series: null };
  if (await wentThroughGateway(context, caller, { call, host })) return null;
  const { rules, format } = context.telemetry;
  const attribution = attributionOf(caller, { rules, usual: format.attribution }, attributes);
  const series = call.session?.series ?? null;
  try {
    const counted = await countedPart(context, caller, { call, session: attribution.session });
    const row = counted && rowOfCall(context.known, counted, attribution);
    return row && { row, series };
  } catch (error) {
    if (!(error instanceof PurserError) || error.code !== "invalid_request") throw error;
    return { row: error, series };
  }
}

/** A call, or what is new in the totals of one; null if its session is counted another way. */
async function countedPart(
  { telemetry: { sessions } }: TelemetryContext,
  { key }: Principal,
  { call, session }: { readonly call: ObservedCall; readonly session: string | undefined },
): Promise<ObservedCall | null> {
  if (call.session === null) return call;
  const { id, otherEndpoint: other, series } = call.session;
  const name = { id, keyId: key?.keyId ?? null };
  if (!(await sessions.countsBy(name, { endpoint: call.endpoint, other }))) return null;
  if (series === null) return call;
  if (session !== id) throw unattributed();
  const totals = { usage: call.usage ?? {}, cost: call.reportedCost ?? zero };
  const { usage, cost } = await sessions.growth(name, series, totals);
  const hasGrown = cost > 0n || Object.values(usage).some((count) => count > 0);
  const reportedCost = call.reportedCost === null ? null : cost;
  return hasGrown ? { ...call, usage, reportedCost } : null;
}

function isExcluded({ exclude }: TelemetryRules, sources: readonly Attributes[]): boolean {
  return [...exclude].some(([name, values]) => {
    const value = sources.find((source) => source.has(name))?.get(name);
    return value !== undefined && values.includes(value);
  });
}

/** After a restart, the ledger has to show what was recorded of a series. */
function unattributed(): PurserError {
  return new PurserError("invalid_request", "the key may not set the session of these totals", {
    field: "session.id",
    remedy:
      'Use a key whose may_refine has "session", or set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta.',
  });
}

/** Problems named in the message of an answer. */
const mostNamed = 5;

function resultOf(rows: readonly Row[], answers: readonly RowAnswer[]): PartialSuccess {
  const failed = rows.flatMap(({ one }, index) => {
    const answer = answers[index];
    return answer && "error" in answer ? [{ ...one, error: answer.error }] : [];
  });
  const named = failed.slice(0, mostNamed).map(({ label, error }) => {
    const { remedy } = error.detail;
    return `${label}: ${error.message}.${remedy === undefined ? "" : ` ${remedy}`}`;
  });
  if (failed.length > mostNamed) named.push(`${failed.length - mostNamed} more were rejected.`);
  return {
    rejected: failed.reduce((sum, { items }) => sum + items, 0),
    message: named.join(" "),
  };
}
