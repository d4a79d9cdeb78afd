/** What Claude Code's events and metrics have in common: calls of Anthropic's models. */

import { createHash } from "node:crypto";
import type { Attributes, ObservedCall } from "../app/port/telemetry.ts";
import type { PicoUsd } from "../domain/money/money.ts";
import type { Usage } from "../domain/usage/usage.ts";
import { textOf } from "./attribute.ts";

/** The endpoints of its calls in the ledger, which say what they were counted from. */
export const eventEndpoint = "claude_code.api_request";
const metricEndpoint = "claude_code.metrics";

/** Disjoint, as Anthropic counts. The lifetime of cache writes is unknown: 5 minutes is the default. */
export interface ClaudeCodeCounts {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheCreation: number;
  /** Null if it was not sent. */
  readonly cost: PicoUsd | null;
}

export interface ClaudeCodeReport {
  readonly id: string;
  readonly at: number | null;
  readonly attributes: Attributes;
  readonly counts: ClaudeCodeCounts;
  readonly model: string;
  /** Otherwise a metric. */
  readonly isEvent: boolean;
  readonly latencyMs: number | null;
  readonly series: string | null;
}

export function claudeCodeCall(report: ClaudeCodeReport): ObservedCall {
  const { id, at, attributes, counts, model, isEvent, latencyMs, series } = report;
  const session = textOf(attributes, ["session.id"]);
  const [endpoint, otherEndpoint] = isEvent
    ? [eventEndpoint, metricEndpoint]
    : [metricEndpoint, eventEndpoint];
  return {
    id,
    at,
    endpoint,
    provider: providerOf(model),
    requestedModel: model,
    servedModel: null,
    usage: usageOf(counts),
    serviceTier: textOf(attributes, ["speed"]) === "fast" ? "fast" : "standard",
    reportedCost: counts.cost,
    flags: [],
    latencyMs,
    server: null,
    operationId: null,
    session: session === undefined ? null : { id: session, otherEndpoint, series },
  };
}

function usageOf({ input, output, cacheRead, cacheCreation }: ClaudeCodeCounts): Usage {
  return {
    input,
    output,
    ...(cacheRead > 0 && { cache_read: cacheRead }),
    ...(cacheCreation > 0 && { cache_write_5m: cacheCreation }),
  };
}

/** Bedrock's ids name the vendor, and Vertex AI's have the date after an `@`. */
function providerOf(model: string): string {
  if (/(?:^|[./])anthropic\./.test(model)) return "bedrock";
  return model.includes("@") ? "vertex" : "anthropic";
}

/** In an order of their own: exporters may change it. */
export function sorted(attributes: Attributes): readonly (readonly string[])[] {
  return [...attributes].sort(([left], [right]) => (left < right ? -1 : 1));
}

/** Identifies what has no id. */
export function digest(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
