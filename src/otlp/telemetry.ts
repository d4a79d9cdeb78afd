/** Spans, log records and metric points as OpenTelemetry has them, whatever their encoding. */

import type { Attributes } from "../app/port/telemetry.ts";
import type { PurserError } from "../domain/error.ts";

interface Item {
  readonly attributes: Attributes;
  /** Of the process. */
  readonly resource: Attributes;
}

/** Ids are in lower-case hex; times in milliseconds since the epoch, null if absent. */
export interface Span extends Item {
  readonly traceId: string;
  readonly spanId: string;
  /** Null for a root. */
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly failed: boolean;
}

export interface LogRecord extends Item {
  readonly at: number | null;
  /** Null if it is not an event. */
  readonly event: string | null;
}

/** A point of a sum. */
export interface Point extends Item {
  readonly metric: string;
  readonly startedAt: number | null;
  readonly at: number | null;
  readonly value: number;
  /** `delta`: since the point before; `cumulative`: since `startedAt`. */
  readonly temporality: "delta" | "cumulative";
}

export interface Telemetry {
  readonly spans: readonly Span[];
  readonly logs: readonly LogRecord[];
  readonly points: readonly Point[];
  readonly unreadable: readonly Unreadable[];
}

/** A span, log record or metric. */
export interface Unreadable {
  readonly field: string;
  readonly error: PurserError;
}
