/** OpenAI-shaped usage objects, as every vendor of that wire writes them, turned into disjoint counts. */

import { PurserError } from "../../domain/error.ts";
import { add, type PicoUsd } from "../../domain/money/money.ts";
import type { Meter, Usage } from "../../domain/usage/usage.ts";
import { bodyScanner, type ScannedBody } from "../body/index.ts";
import { parseReportedUsd } from "./decimal.ts";

export interface UsageReading {
  /** Null when the object counts nothing. A count that is absent was not reported, or not to be believed. */
  readonly usage: Usage | null;
  readonly reportedCost: PicoUsd | null;
  /** A count was negative, not whole, absurdly large, or larger than what it is a part of. */
  readonly invalid: boolean;
}

const largestCount = 1_000_000_000;

/** Only for costs, whose digits have to be read from their text. */
const scanCosts = bodyScanner({ nested: ["cost_details", "cost"] });

/**
 * Cached and written tokens are parts of the prompt, and are taken out of it. Reasoning is a part of the completion, unless the
 * total says that it stands beside it (xAI chat): decided by arithmetic, not by vendor.
 *
 * @param bytes The usage object alone. @param generates Whether the endpoint generates output at all (embeddings do not).
 * @throws PurserError `invalid_request` when it is not one JSON object.
 */
export function readUsage(bytes: Uint8Array, generates: boolean): UsageReading {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const counts = new Counts(parse(text));
  const input = readInput(counts);
  const output = readOutput(counts, { prompt: input.prompt, generates });
  const searches = counts.inside(toolUse, "web_search_requests") ?? counts.first("num_search_queries");
  const reportedCost = text.includes('"cost') ? readCost(scanCosts(bytes)) : null;
  if (input.prompt === undefined && output.completion === undefined && !counts.invalid) {
    return { usage: null, reportedCost, invalid: false };
  }
  const usage = { ...input.usage, ...output.usage, ...positive({ web_search: searches }) };
  return { usage, reportedCost, invalid: counts.invalid };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PurserError("invalid_request", "usage is not valid JSON", { field: "usage", cause });
  }
}

/** What Chat Completions and Responses call the same. */
const inputDetails = ["prompt_tokens_details", "input_tokens_details"];
const outputDetails = ["completion_tokens_details", "output_tokens_details"];
const toolUse = ["server_tool_use"];

/** Reads counts, and remembers whether one could not be believed. */
class Counts {
  readonly #object: unknown;
  invalid = false;

  constructor(object: unknown) {
    this.#object = object;
  }

  /** The first of several names that is there. A count that cannot be believed is absent. */
  first(...names: readonly string[]): number | undefined {
    return this.#firstOf(this.#object, names);
  }

  /** The same inside the first of `objects` that has it. */
  inside(objects: readonly string[], name: string): number | undefined {
    for (const object of objects) {
      const found = this.#firstOf(member(this.#object, object), [name]);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A name inside an object inside one of `objects`. */
  deepInside(objects: readonly string[], { object: inner, name }: { readonly object: string; readonly name: string }): number | undefined {
    for (const object of objects) {
      const found = this.#firstOf(member(member(this.#object, object), inner), [name]);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  told(...names: readonly string[]): boolean {
    return names.some((name) => (member(this.#object, name) ?? undefined) !== undefined);
  }

  /** `part`, at most `whole`: a larger one is flagged. */
  within(part: number, whole: number): number {
    if (part > whole) this.invalid = true;
    return Math.min(part, whole);
  }

  #firstOf(object: unknown, names: readonly string[]): number | undefined {
    for (const name of names) {
      const value = member(object, name) ?? undefined;
      if (value === undefined) continue;
      if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= largestCount) return value;
      this.invalid = true;
      return undefined;
    }
    return undefined;
  }
}

/** Details that are null or of another type have no members. */
function member(object: unknown, name: string): unknown {
  return typeof object === "object" && object !== null && Object.hasOwn(object, name)
    ? (object as Record<string, unknown>)[name]
    : undefined;
}

function readInput(counts: Counts): { readonly prompt: number | undefined; readonly usage: Usage } {
  const hit = counts.first("prompt_cache_hit_tokens");
  const miss = counts.first("prompt_cache_miss_tokens");
  const prompt = counts.first("prompt_tokens", "input_tokens") ?? (hit !== undefined && miss !== undefined ? hit + miss : undefined);
  const allCached = counts.inside(inputDetails, "cached_tokens") ?? hit ?? counts.first("cached_tokens") ?? 0;
  const allWritten = counts.inside(inputDetails, "cache_write_tokens") ?? 0;
  const allAudio = counts.inside(inputDetails, "audio_tokens") ?? 0;
  const image = counts.inside(inputDetails, "image_tokens") ?? 0;
  if (prompt === undefined) return { prompt, usage: positive({ cache_read: allCached, cache_write_5m: allWritten }) };

  const cached = counts.within(allCached, prompt);
  const written = counts.within(allWritten, prompt - cached);
  const audio = counts.within(allAudio, prompt - written);
  // Where audio and cached tokens exceed the prompt together, what is too much must have been both.
  const overlap = Math.max(0, audio + cached + written - prompt);
  const toldCachedAudio = counts.deepInside(inputDetails, { object: "cached_tokens_details", name: "audio_tokens" }) ?? 0;
  const cachedAudio = Math.min(Math.max(toldCachedAudio, overlap), audio, cached);
  const rest = prompt - written - cached - (audio - cachedAudio);
  const imageInput = Math.min(image, rest);
  return {
    prompt,
    usage: {
      input: rest - imageInput,
      ...positive({
        cache_read: cached - cachedAudio,
        cache_write_5m: written,
        input_audio: audio - cachedAudio,
        cache_read_audio: cachedAudio,
        input_image: imageInput,
      }),
    },
  };
}

function readOutput(
  counts: Counts,
  context: { readonly prompt: number | undefined; readonly generates: boolean },
): { readonly completion: number | undefined; readonly usage: Usage } {
  const total = counts.first("total_tokens");
  const reported = counts.first("completion_tokens", "output_tokens");
  if (!context.generates) return { completion: reported, usage: { output: reported ?? 0 } };
  // A completion that was told and is not to be believed stays absent: a total beside it is no better.
  const derived = counts.told("completion_tokens", "output_tokens") ? undefined : beyond(context.prompt, total);
  const completion = reported ?? derived;
  const reasoning = (counts.inside(outputDetails, "reasoning_tokens") ?? 0) || (counts.first("reasoning_tokens") ?? 0);
  if (completion === undefined) {
    if (context.prompt !== undefined) counts.invalid = true;
    return { completion, usage: {} };
  }

  const isBeside = reported !== undefined && reasoning > 0 && standsBeside(counts, { ...context, completion, reasoning, total });
  const all = completion + (isBeside ? reasoning : 0);
  const audio = counts.within(counts.inside(outputDetails, "audio_tokens") ?? 0, all);
  const image = counts.within(counts.inside(outputDetails, "image_tokens") ?? 0, all - audio);
  const inside = counts.within(reasoning, all);
  return {
    completion,
    usage: {
      output: all - audio - image,
      ...positive({ output_audio: audio, output_image: image, reasoning: Math.min(inside, all - audio - image) }),
    },
  };
}

function beyond(prompt: number | undefined, total: number | undefined): number | undefined {
  return prompt !== undefined && total !== undefined && total >= prompt ? total - prompt : undefined;
}

/** Reasoning stands beside the completion when the total says so, or, without a total, when it would not fit inside. */
function standsBeside(
  counts: Counts,
  at: { readonly prompt: number | undefined; readonly completion: number; readonly reasoning: number; readonly total: number | undefined },
): boolean {
  if (at.prompt !== undefined && at.total !== undefined) return at.total === at.prompt + at.completion + at.reasoning;
  if (at.reasoning <= at.completion) return false;
  counts.invalid = true;
  return true;
}

/**
 * What the provider says it charged: OpenRouter's `cost` (with a key of the caller's own it is only the fee, and the upstream's
 * cost comes on top), xAI's ticks, Perplexity's total. Never summed through a float.
 */
function readCost(usage: ScannedBody): PicoUsd | null {
  const ticks = usage.raw("cost_in_usd_ticks");
  if (ticks !== undefined) return parseReportedUsd(ticks, 10);
  const text = usage.kind("cost") === "object" ? usage.raw("cost.total_cost") : usage.raw("cost");
  const cost = text === undefined ? null : parseReportedUsd(text.replaceAll('"', ""));
  if (cost === null || usage.raw("is_byok") !== "true" || usage.kind("cost_details") !== "object") return cost;
  const upstream = parseReportedUsd((usage.raw("cost_details.upstream_inference_cost") ?? "0").replaceAll('"', ""));
  return upstream === null ? cost : add(cost, upstream);
}

/** Without the meters that count nothing. */
function positive(counts: { readonly [meter in Meter | "reasoning"]?: number | undefined }): Usage {
  const usage: { [meter in Meter | "reasoning"]?: number } = {};
  for (const name in counts) {
    const meter = name as Meter | "reasoning";
    const count = counts[meter];
    if (count !== undefined && count > 0) usage[meter] = count;
  }
  return usage;
}
