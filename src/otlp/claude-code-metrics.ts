/** Reads Claude Code's metrics, for sessions that send no events. Others are ignored. */

import type { Observed, ObservedCall } from "../app/port/telemetry.ts";
import { assert } from "../domain/assert.ts";
import { PurserError } from "../domain/error.ts";
import { add, pico, type PicoUsd } from "../domain/money/money.ts";
import { attempt } from "./attempt.ts";
import { textOf } from "./attribute.ts";
import { claudeCodeCall, digest, sorted, type ClaudeCodeCounts } from "./claude-code-call.ts";
import { usdOf } from "./reported-cost.ts";
import type { Point } from "./telemetry.ts";

const costMetric = "claude_code.cost.usage";
const tokenMetric = "claude_code.token.usage";

/** A call sums the points of one model at one time. */
export function callsInMetrics(points: readonly Point[]): readonly Observed[] {
  const counted = points.filter(({ metric }) => metric === costMetric || metric === tokenMetric);
  return [...Map.groupBy(counted, groupOf).values()].map((group) => ({
    label: "metrics of Claude Code",
    items: group.length,
    call: attempt(() => callOf(group)),
    attributes: group.slice(0, 1).flatMap(({ attributes, resource }) => [attributes, resource]),
  }));
}

/** What the points of one call share. */
function groupOf(point: Point): string {
  const { resource, temporality, at } = point;
  return digest([sharedBy(point), sorted(resource), temporality, at]);
}

/** The attributes apart from the kind of token. */
function sharedBy({ attributes }: Point): readonly (readonly string[])[] {
  return sorted(attributes).filter(([name]) => name !== "type");
}

function callOf(group: readonly Point[]): ObservedCall {
  const [point] = group;
  assert(point !== undefined, "a group has a point");
  const { attributes, at, temporality } = point;
  const model = textOf(attributes, ["model"]);
  if (model === undefined) throw missing("model", "Send the metrics as Claude Code writes them.");
  if (textOf(attributes, ["session.id"]) === undefined)
    throw missing("session.id", "Set OTEL_METRICS_INCLUDE_SESSION_ID=true, or send events.");
  const series = `claude-code-${digest([sharedBy(point), startOf(group)])}`;
  return claudeCodeCall({
    id: `${series}-${at ?? 0}`,
    at,
    attributes,
    model,
    isEvent: false,
    counts: countsOf(group),
    latencyMs: null,
    series: temporality === "cumulative" ? series : null,
  });
}

/** A restarted process counts from zero again, with a later start. */
function startOf(group: readonly Point[]): number | null {
  const isDelta = group.some(({ temporality }) => temporality === "delta");
  return isDelta ? null : Math.min(...group.map(({ startedAt }) => startedAt ?? 0));
}

function countsOf(group: readonly Point[]): ClaudeCodeCounts {
  const sum = (type: string): number =>
    group
      .filter(({ metric, attributes }) => metric === tokenMetric && attributes.get("type") === type)
      .reduce((total, { value }) => total + wholeOf(value), 0);
  const costs = group.filter(({ metric }) => metric === costMetric);
  return {
    input: sum("input"),
    output: sum("output"),
    cacheRead: sum("cacheRead"),
    cacheCreation: sum("cacheCreation"),
    cost: costs.length === 0 ? null : costs.map(costOf).reduce(add),
  };
}

function costOf({ value }: Point): PicoUsd {
  return (value >= 0 ? usdOf(value) : null) ?? pico(0n);
}

function wholeOf(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw missing("value", "Send whole numbers of tokens that are not negative.");
}

function missing(field: string, remedy: string): PurserError {
  return new PurserError("invalid_request", `${field} is missing or invalid`, { field, remedy });
}
