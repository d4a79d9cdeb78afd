/** Reads an Anthropic usage object. */

import { zero, type PicoUsd } from "../../domain/money/money.ts";
import type { ServiceTier } from "../../domain/price/row/rate.ts";
import { countContext, sumUsage, type Usage, type UsagePart } from "../../domain/usage/usage.ts";
import {
  CountReader,
  sameCounts,
  toObject,
  toObjects,
  toText,
  usageOf,
  type JsonObject,
} from "../count/count.ts";
import { attemptsOf, hasOutput, type Attempts } from "./attempts.ts";
import { regionOf, servedTier } from "./terms.ts";

export interface AnthropicUsage {
  /** The answer's own passes, then those of other models and of the compaction. */
  readonly parts: readonly UsagePart[];
  /** The {@link parts} that are not the answer's own. */
  readonly others: readonly UsagePart[];
  /** Null if the answer does not report its tier. */
  readonly serviceTier: ServiceTier | null;
  /** Undefined if the answer does not report its region. */
  readonly region: string | undefined;
  /** Whether a count was impossible; it is then absent. */
  readonly invalid: boolean;
  /** Whether both input and output were reported. */
  readonly complete: boolean;
}

/**
 * Reads `usage` of a message, or the merged usage of `message_start` and every `message_delta` of a
 * stream.
 *
 * `input_tokens` excludes tokens read from or written to a cache; the output count includes
 * thinking. The top level excludes `compaction` and `advisor_message` iterations, which become
 * separate parts. If a `fallback_message` served, the top level is its usage, and each attempt that
 * declined after some output is a part of its own model. Server tools run several passes, each with
 * its own context: if the passes that served add up to the top level, they become the parts, so
 * that a long-context rate is decided by one pass. Code execution is billed by the hour and not
 * reported here (https://platform.claude.com/docs/en/build-with-claude/compaction and
 * .../refusals-and-fallback, usage types of @anthropic-ai/sdk 1.12.0, read 2026-11).
 *
 * @param model The model named in the message.
 * @param asked The model requested first; it declined if its pass names no model.
 */
export function readAnthropicUsage(
  usage: JsonObject,
  model: string | null,
  asked = model,
): AnthropicUsage {
  const counts = new CountReader();
  const iterations = toObjects(usage["iterations"]);
  const attempts = attemptsOf(iterations);
  const main = readMain({ usage, attempts, model, counts });
  const declined = attempts.declined
    .map((pass) => readPart(pass, { model: asked, counts }))
    .filter((part) => hasOutput(part.usage.output));
  const extra = iterations
    .filter(({ type }) => type === "compaction" || type === "advisor_message")
    .map((iteration) => ({ ...readPart(iteration, { model, counts }), isApart: true as const }));
  const others = [...declined, ...extra];
  return {
    parts: [...main, ...others],
    others,
    serviceTier: servedTier(usage),
    region: regionOf(toText(usage["inference_geo"])),
    invalid: counts.invalid,
    complete: isComplete(main),
  };
}

/**
 * The billed parts of an answer. A refusal is billed only if it came after some output
 * (https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback, read 2026-11) or
 * reports a cost, as OpenRouter's does. The usage of other models up to then is billed in any case.
 */
export function billedParts(
  read: AnthropicUsage,
  outcome: { readonly isRefused: boolean; readonly cost: PicoUsd | null },
): readonly UsagePart[] {
  if (!outcome.isRefused || (outcome.cost ?? zero) > zero) return read.parts;
  const own = read.parts.slice(0, read.parts.length - read.others.length);
  return own.some(({ usage }) => hasOutput(usage.output)) ? read.parts : read.others;
}

/** The answer's own usage, without other models, advisors and compactions, which are held apart. */
export function usageOfAnswer({ parts }: AnthropicUsage): Usage {
  const [main] = parts;
  return sumUsage(
    parts
      .filter(({ model, isApart }) => model === main?.model && !isApart)
      .map(({ usage }) => usage),
  );
}

/** `input_tokens` may be absent if all input was cached, but every message has some input. */
function isComplete(parts: readonly UsagePart[]): boolean {
  return parts.every(({ usage }) => usage.output !== undefined && countContext(usage) > 0);
}

interface Main {
  readonly usage: JsonObject;
  readonly attempts: Attempts;
  readonly model: string | null;
  readonly counts: CountReader;
}

function readMain({ usage, attempts, model, counts }: Main): readonly UsagePart[] {
  const served = attempts.fallbackModel ?? model;
  const tokens = readTokens(usage, counts);
  const tools = readTools(usage, counts);
  const passes = attempts.served.map((pass) => readPart(pass, { model: served, counts }));
  const [first, ...others] = passes;
  const exact = sameCounts(
    passes.map(({ usage }) => usage),
    [tokens],
  );
  if (!first || others.length === 0 || !exact)
    return [{ model: served, usage: { ...tokens, ...tools } }];
  return [{ model: first.model, usage: sumUsage([first.usage, tools]) }, ...others];
}

function readPart(
  iteration: JsonObject,
  context: { readonly model: string | null; readonly counts: CountReader },
): UsagePart {
  return {
    model: toText(iteration["model"]) ?? context.model,
    usage: readTokens(iteration, context.counts),
  };
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

/** Counts reported once for the whole message, not for its passes. */
function readTools(usage: JsonObject, counts: CountReader): Usage {
  return usageOf({
    reasoning: counts.read(toObject(usage["output_tokens_details"]), "thinking_tokens"),
    web_search: counts.read(toObject(usage["server_tool_use"]), "web_search_requests"),
  });
}

/**
 * Later totals of a stream lack the split by lifetime that `message_start` had. Writes at the start
 * with one hour stay so; growth counts as five minutes, Anthropic's default, unless all writes at
 * the start had one hour.
 */
function readCacheWrites(
  usage: JsonObject,
  counts: CountReader,
): { readonly fiveMinutes: number; readonly oneHour: number } {
  const split = toObject(usage["cache_creation"]);
  const fiveMinutes = counts.read(split, "ephemeral_5m_input_tokens") ?? 0;
  const oneHour = counts.read(split, "ephemeral_1h_input_tokens") ?? 0;
  const total = counts.read(usage, "cache_creation_input_tokens") ?? fiveMinutes + oneHour;
  const lasting = fiveMinutes === 0 && oneHour > 0 ? total : Math.min(oneHour, total);
  return { fiveMinutes: total - lasting, oneHour: lasting };
}
