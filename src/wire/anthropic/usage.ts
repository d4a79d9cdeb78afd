/** What an Anthropic usage object says was used. */

import type { ServiceTier } from "../../domain/price/rate.ts";
import { countContext, sumUsage, type Usage, type UsagePart } from "../../domain/usage/usage.ts";
import { CountReader, sameCounts, toObject, toObjects, toText, usageOf, type JsonObject } from "../count/count.ts";

export interface AnthropicUsage {
  readonly parts: readonly UsagePart[];
  /** Null when the answer does not say what served it. */
  readonly serviceTier: ServiceTier | null;
  /** Whether a count could not be true; it is then absent. */
  readonly invalid: boolean;
  /** Whether input and output were both told. */
  readonly complete: boolean;
}

/**
 * Reads `usage` of a message, or what `message_start` and every `message_delta` of a stream said together.
 *
 * `input_tokens` counts what was neither read from nor written to a cache; output has thinking inside. The top level leaves out
 * `compaction` and `advisor_message` iterations, which are parts of their own, and already is the one that served when a
 * `fallback_message` did. Server tools run several passes, each with its own context: where the `message` iterations add up to the
 * top level they become the parts, so that a long-context rate is decided by one pass. Code execution is billed by the hour and
 * not told here (https://platform.claude.com/docs/en/build-with-claude/compaction, usage types of @anthropic-ai/sdk 1.12.0, read 2026-11).
 *
 * @param model The model that the message names.
 */
export function readAnthropicUsage(usage: JsonObject, model: string | null): AnthropicUsage {
  const counts = new CountReader();
  const iterations = toObjects(usage["iterations"]);
  const main = readMain({ usage, iterations, model, counts });
  const extra = iterations
    .filter(({ type }) => type === "compaction" || type === "advisor_message")
    .map((iteration) => readPart(iteration, { model, counts }));
  return { parts: [...main, ...extra], serviceTier: readTier(usage), invalid: counts.invalid, complete: isComplete(main) };
}

/** An input that was all read from a cache, or written to one, need not be told apart. */
function isComplete(parts: readonly UsagePart[]): boolean {
  return parts.every(({ usage }) => usage.output !== undefined && (usage.input !== undefined || countContext(usage) > 0));
}

interface Main {
  readonly usage: JsonObject;
  readonly iterations: readonly JsonObject[];
  readonly model: string | null;
  readonly counts: CountReader;
}

function readMain({ usage, iterations, model, counts }: Main): readonly UsagePart[] {
  const served = toText(iterations.findLast(({ type }) => type === "fallback_message")?.["model"]);
  const tokens = readTokens(usage, counts);
  const tools = readTools(usage, counts);
  const passes = iterations.filter(({ type }) => type === "message").map((pass) => readPart(pass, { model, counts }));
  const [first, ...others] = passes;
  const exact =
    !served &&
    sameCounts(
      passes.map(({ usage }) => usage),
      [tokens],
    );
  if (!first || others.length === 0 || !exact) return [{ model: served ?? model, usage: { ...tokens, ...tools } }];
  return [{ model: first.model, usage: sumUsage([first.usage, tools]) }, ...others];
}

function readPart(iteration: JsonObject, context: { readonly model: string | null; readonly counts: CountReader }): UsagePart {
  return { model: toText(iteration["model"]) ?? context.model, usage: readTokens(iteration, context.counts) };
}

function readTokens(usage: JsonObject, counts: CountReader): Usage {
  const writes = readCacheWrites(usage, counts);
  return usageOf({
    input: counts.read(usage, "input_tokens"),
    cache_read: counts.read(usage, "cache_read_input_tokens"),
    cache_write_5m: writes.fiveMinutes,
    cache_write_1h: writes.oneHour,
    output: counts.read(usage, "output_tokens"),
  });
}

/** What is told once for the whole message and not for its passes. */
function readTools(usage: JsonObject, counts: CountReader): Usage {
  return usageOf({
    reasoning: counts.read(toObject(usage["output_tokens_details"]), "thinking_tokens"),
    web_search: counts.read(toObject(usage["server_tool_use"]), "web_search_requests"),
  });
}

/**
 * A stream's later totals come without the split by lifetime that `message_start` gave. What the start wrote for an hour stays so;
 * growth counts as five minutes, Anthropic's default, unless all that the start wrote was for an hour.
 */
function readCacheWrites(usage: JsonObject, counts: CountReader): { readonly fiveMinutes: number; readonly oneHour: number } {
  const split = toObject(usage["cache_creation"]);
  const fiveMinutes = counts.read(split, "ephemeral_5m_input_tokens") ?? 0;
  const oneHour = counts.read(split, "ephemeral_1h_input_tokens") ?? 0;
  const total = counts.read(usage, "cache_creation_input_tokens") ?? fiveMinutes + oneHour;
  const lasting = fiveMinutes === 0 && oneHour > 0 ? total : Math.min(oneHour, total);
  return { fiveMinutes: total - lasting, oneHour: lasting };
}

function readTier(usage: JsonObject): ServiceTier | null {
  if (usage["speed"] === "fast") return "fast";
  const tier = usage["service_tier"];
  return tier === "priority" || tier === "batch" || tier === "standard" ? tier : null;
}
