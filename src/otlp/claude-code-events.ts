/** Reads Claude Code's events `claude_code.api_request`, one for each call. Others are ignored. */

import type { Observed, ObservedCall } from "../app/port/telemetry.ts";
import { PurserError } from "../domain/error.ts";
import { attempt } from "./attempt.ts";
import { countOf, numberOf, textOf } from "./attribute.ts";
import { claudeCodeCall, digest, eventEndpoint, sorted } from "./claude-code-call.ts";
import { usdOf } from "./reported-cost.ts";
import type { LogRecord } from "./telemetry.ts";

export function callsInEvents(logs: readonly LogRecord[]): readonly Observed[] {
  return logs.filter(isRequest).map((log) => ({
    label: `event ${eventEndpoint}`,
    items: 1,
    call: attempt(() => callOf(log)),
    attributes: [log.attributes, log.resource],
  }));
}

function isRequest({ event, attributes }: LogRecord): boolean {
  return event === eventEndpoint || (event === "api_request" && attributes.has("cost_usd"));
}

function callOf(log: LogRecord): ObservedCall {
  const { attributes } = log;
  const model = textOf(attributes, ["model"]);
  if (model === undefined)
    throw new PurserError("invalid_request", "model is missing", {
      field: "model",
      remedy: "Send the event as Claude Code writes it.",
    });
  const count = (name: string): number => countOf(attributes, [name]) ?? 0;
  const cost = numberOf(attributes, ["cost_usd"]);
  const duration = countOf(attributes, ["duration_ms"]);
  return claudeCodeCall({
    id: idOf(log),
    at: log.at,
    attributes,
    model,
    isEvent: true,
    counts: {
      input: count("input_tokens"),
      output: count("output_tokens"),
      cacheRead: count("cache_read_tokens"),
      cacheCreation: count("cache_creation_tokens"),
      cost: cost === undefined ? null : usdOf(cost),
    },
    latencyMs: duration === undefined ? null : Math.min(duration, 86_400_000),
    series: null,
  });
}

/** The provider's id of the request; versions of Claude Code without it number their events. */
function idOf({ at, attributes }: LogRecord): string {
  const id = textOf(attributes, ["request_id"]);
  if (id !== undefined && /^[\x21-\x7e]{1,100}$/.test(id)) return `claude-code-${id}`;
  return `claude-code-${digest([at, sorted(attributes)])}`;
}
