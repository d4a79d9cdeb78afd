/** Reads the model call in a span. */

import type { Attributes, ObservedCall } from "../app/port/telemetry.ts";
import { PurserError } from "../domain/error.ts";
import { shorten } from "../domain/input/shorten.ts";
import type { ServiceTier } from "../domain/price/row/rate.ts";
import { numberOf, textOf } from "./attribute.ts";
import { countsOf } from "./counts.ts";
import { operationOf } from "./operation.ts";
import { providerNameOf } from "./provider-name.ts";
import { reportedCostOf } from "./reported-cost.ts";
import type { Span } from "./telemetry.ts";

const responseModel = ["gen_ai.response.model", "llm.response.model", "ai.response.model"];
const requestModel = [
  "gen_ai.request.model",
  "llm.request.model",
  "llm.model_name",
  "embedding.model_name",
  "ai.model.id",
];

/** Where the id of a call at the gateway may be: set by hand, or captured from a header. */
const operationIds = [
  "purser.operation_id",
  "http.response.header.x-purser-operation-id",
  "http.request.header.x-purser-operation-id",
];

/**
 * @returns Null for a span that costs nothing by itself: an agent, a tool, a call that failed without
 *   usage.
 * @throws PurserError `invalid_request` for a call that cannot be charged.
 */
export function callOfSpan(span: Span): ObservedCall | null {
  const { attributes } = span;
  const operation = operationOf(attributes);
  const isCounted = hasUsage(attributes);
  if (operation === "around" || (!isCounted && (operation === "unknown" || span.failed)))
    return null;
  if (operation === "unknown") throw noOperation();
  const served = textOf(attributes, responseModel);
  const requested = textOf(attributes, requestModel) ?? served;
  if (requested === undefined) throw noModel();
  if (!isCounted) throw noUsage();
  const provider = providerNameOf(attributes);
  const { cost: reportedCost, flags } = reportedCostOf(attributes);
  const counts = countsOf(attributes, /anthropic|bedrock|claude/.test(`${provider} ${requested}`));
  if (!counts && reportedCost === null) throw noUsage();
  return {
    id: idOf(span),
    at: span.endedAt ?? span.startedAt,
    endpoint: operation,
    provider,
    requestedModel: requested,
    servedModel: served === requested ? null : (served ?? null),
    usage: counts?.usage ?? null,
    serviceTier: tierOf(attributes),
    reportedCost,
    flags: [...new Set([...(counts?.flags ?? []), ...flags])],
    latencyMs: latencyOf(span),
    server: serverOf(attributes),
    operationId: textOf(attributes, operationIds) ?? null,
    session: null,
  };
}

function serverOf(attributes: Attributes): ObservedCall["server"] {
  const address = textOf(attributes, ["server.address"]);
  return address === undefined
    ? null
    : { address, port: numberOf(attributes, ["server.port"]) ?? null };
}

/** Whether a span has counts or a cost; one that is no number is there, too. */
export function hasUsage(attributes: Attributes): boolean {
  try {
    const { cost, flags } = reportedCostOf(attributes);
    return cost !== null || flags.length > 0 || countsOf(attributes, false) !== undefined;
  } catch (error) {
    if (!(error instanceof PurserError)) throw error;
    return true;
  }
}

/** A span has an id of its own in its trace, so that a resend is found again. */
function idOf({ traceId, spanId }: Span): string {
  const isValid = traceId.length === 32 && spanId.length === 16 && /[^0]/.test(spanId);
  if (isValid && /[^0]/.test(traceId)) return `${traceId}-${spanId}`;
  throw new PurserError("invalid_request", "the span has no valid trace id and span id", {
    field: "spanId",
    remedy: "Send a trace id of 16 bytes and a span id of 8, not all zero.",
  });
}

const longestMs = 86_400_000;

function latencyOf({ startedAt, endedAt }: Span): number | null {
  if (startedAt === null || endedAt === null || endedAt < startedAt) return null;
  return Math.min(endedAt - startedAt, longestMs);
}

const tierNames = [
  "openai.response.service_tier",
  "gen_ai.openai.response.service_tier",
  "gen_ai.response.service_tier",
  "openai.request.service_tier",
  "gen_ai.openai.request.service_tier",
  "gen_ai.request.service_tier",
];

const tiers: ReadonlySet<string> = new Set<ServiceTier>(["batch", "flex", "priority", "fast"]);
const standardTiers: ReadonlySet<string> = new Set(["auto", "default", "standard"]);

/** The tier that answered, or else the one requested. */
function tierOf(attributes: Attributes): ServiceTier {
  const given = textOf(attributes, tierNames)?.toLowerCase() ?? "standard";
  if (tiers.has(given)) return given as ServiceTier;
  return standardTiers.has(given) ? "standard" : "other";
}

function noOperation(): PurserError {
  return new PurserError("invalid_request", "gen_ai.operation.name is missing", {
    field: "gen_ai.operation.name",
    remedy: "Set it to chat, text_completion, generate_content or embeddings for a model call.",
  });
}

function noModel(): PurserError {
  return new PurserError("invalid_request", "gen_ai.response.model is missing", {
    field: "gen_ai.response.model",
    remedy: "Set it, or gen_ai.request.model.",
  });
}

function noUsage(): PurserError {
  return new PurserError("invalid_request", "gen_ai.usage.input_tokens is missing", {
    field: "gen_ai.usage.input_tokens",
    remedy: "Set it and gen_ai.usage.output_tokens; streams may have to ask for their usage.",
  });
}

/** Names a span in a message. */
export function nameOfSpan({ name, spanId }: Span): string {
  return `span ${spanId || "without an id"} "${shorten(name, 60)}"`;
}
