/** Port to telemetry: model calls that other programs observed, whatever the conventions. */

import type { AttributionKey } from "../../domain/attribution/attribution.ts";
import type { PurserError } from "../../domain/error.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import type { ServiceTier } from "../../domain/price/row/rate.ts";
import type { Usage, UsageFlag } from "../../domain/usage/usage.ts";

export type Signal = "traces" | "logs" | "metrics";

/** Scalars as text; a list stands for its first value. */
export type Attributes = ReadonlyMap<string, string>;

/** An observed call, or why it cannot be charged. */
export interface Observed {
  /** Names it in a message. */
  readonly label: string;
  /** Spans, log records or points that it was made of. */
  readonly items: number;
  readonly call: ObservedCall | PurserError;
  /** Of the call, of what it is part of, and of the process, the closest first. */
  readonly attributes: readonly Attributes[];
}

export interface ObservedCall {
  /** The same each time that the call is sent. */
  readonly id: string;
  /** When it ended, in milliseconds since the epoch; null if unknown. */
  readonly at: number | null;
  readonly endpoint: string;
  /** As Purser names it; null if unknown. */
  readonly provider: string | null;
  readonly requestedModel: string;
  /** The model that answered, if it is another one. */
  readonly servedModel: string | null;
  /** Null if only the cost is known. */
  readonly usage: Usage | null;
  readonly serviceTier: ServiceTier;
  /** Of the provider or the observer. */
  readonly reportedCost: PicoUsd | null;
  readonly flags: readonly UsageFlag[];
  readonly latencyMs: number | null;
  /** The server that was called, if known. */
  readonly server: { readonly address: string; readonly port: number | null } | null;
  /** The id of the call at this gateway, if the program knows it. */
  readonly operationId: string | null;
  /** Set if a program reports its calls in two ways, of which one counts. */
  readonly session: ObservedSession | null;
}

export interface ObservedSession {
  readonly id: string;
  /** The endpoint of what is reported the other way. */
  readonly otherEndpoint: string;
  /** Set if the counts and the cost are totals since the start of this series. */
  readonly series: string | null;
}

/** A request's result: what was rejected, and why. */
export interface PartialSuccess {
  readonly rejected: number;
  /** Empty if there is nothing to say. */
  readonly message: string;
}

export type Encoding = "json" | "protobuf";

export interface TelemetryFormat {
  /** What attributes say of who pays, the most specific first. */
  readonly attribution: readonly (readonly [attribute: string, key: AttributionKey])[];
  /** @throws PurserError `invalid_request` for bytes that are not such a request. */
  read(signal: Signal, bytes: Uint8Array, encoding: Encoding): Promise<readonly Observed[]>;
  success(signal: Signal, result: PartialSuccess, encoding: Encoding): Promise<Uint8Array>;
  /** @param status With a code of gRPC. */
  failure(
    status: { readonly code: number; readonly message: string },
    encoding: Encoding,
  ): Promise<Uint8Array>;
}

/** What the configuration says about telemetry. */
export interface TelemetryRules {
  /** What an attribute sets, before the usual ones: a dimension, a tag, or nothing. */
  readonly attribution: ReadonlyMap<string, AttributionKey | "none">;
  /** Calls with one of these values of an attribute are not counted. */
  readonly exclude: ReadonlyMap<string, readonly string[]>;
}
