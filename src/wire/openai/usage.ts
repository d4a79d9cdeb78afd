/** OpenAI-shaped usage objects, as every vendor of that wire writes them, turned into disjoint counts. */

import { PurserError } from "../../domain/error.ts";
import { add, mostPerCall, type PicoUsd } from "../../domain/money/money.ts";
import type { Meter, Usage } from "../../domain/usage/usage.ts";
import { answerScanner, type ScannedBody } from "../body/index.ts";
import { parseReportedUsd } from "./decimal.ts";

export interface UsageReading {
  /** Null when the object counts nothing. A count that is absent was not reported, or not to be believed. */
  readonly usage: Usage | null;
  readonly reportedCost: PicoUsd | null;
  /** A count was negative, not whole, absurdly large, or larger than what it is a part of; or the cost was not to be believed. */
  readonly invalid: boolean;
}

const largestCount = 1_000_000_000;

/** Only for costs, whose digits have to be read from their text. */
const scanCosts = answerScanner({ nested: ["cost_details", "cost"] });

/**
 * Cached and written tokens are parts of the prompt, and are taken out of it. Reasoning is a part of the completion, unless the
 * total says that it stands beside it (xAI chat): decided by arithmetic, not by vendor.
 *
 * @param text The usage object alone. @param generates Whether the endpoint generates output at all (embeddings do not).
 * @throws PurserError `invalid_request` when it is not one JSON object.
 */
export function readUsage(text: string, generates: boolean): UsageReading {
  const counts = new Counts(parse(text));
  const prompt = readInput(counts);
  const completion = readOutput(counts, { prompt, generates });
  counts.keep("web_search", counts.inside(counts.objects("server_tool_use"), "web_search_requests") ?? counts.first("num_search_queries"));
  const cost = text.includes('"cost') ? readCost(scanCosts(Buffer.from(text))) : undefined;
  const isCounted = prompt !== undefined || completion !== undefined || counts.invalid;
  return { usage: isCounted ? counts.usage : null, reportedCost: cost ?? null, invalid: counts.invalid || cost === null };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PurserError("invalid_request", "usage is not valid JSON", { field: "usage", cause });
  }
}

/** Reads counts, keeps those that are charged, and remembers whether one could not be believed. */
class Counts {
  readonly #object: unknown;
  readonly #usage: { [meter in Meter | "reasoning"]?: number } = {};
  invalid = false;

  constructor(object: unknown) {
    this.#object = object;
  }

  /** What was kept. */
  get usage(): Usage {
    return this.#usage;
  }

  /** A count of nothing is left out. */
  keep(meter: Meter | "reasoning", count: number | undefined): void {
    if (count !== undefined && count > 0) this.#usage[meter] = count;
  }

  /** Keeps a count of nothing, too: it was told. */
  keepAlways(meter: "input" | "output", count: number): void {
    this.#usage[meter] = count;
  }

  /** The count of that name, else of the other. One that cannot be believed is absent. */
  first(name: string, other?: string): number | undefined {
    const value = member(this.#object, name) ?? (other === undefined ? undefined : member(this.#object, other)) ?? undefined;
    return value === undefined ? undefined : this.#believed(value);
  }

  /** The objects of these names that are there. Chat Completions and Responses call the same differently. */
  objects(name: string, other?: string): readonly object[] {
    return [member(this.#object, name), other === undefined ? undefined : member(this.#object, other)].filter(isObject);
  }

  /** A count in the first of several objects that has it. */
  inside(objects: readonly object[], name: string): number | undefined {
    for (const object of objects) {
      const value = member(object, name) ?? undefined;
      const count = value === undefined ? undefined : this.#believed(value);
      if (count !== undefined) return count;
    }
    return undefined;
  }

  /** Whether one of two names stands there, with anything but null. */
  told(name: string, other: string): boolean {
    return (member(this.#object, name) ?? member(this.#object, other) ?? undefined) !== undefined;
  }

  /** `part`, at most `whole`: a larger one is flagged. */
  within(part: number, whole: number): number {
    if (part > whole) this.invalid = true;
    return Math.min(part, whole);
  }

  #believed(value: unknown): number | undefined {
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= largestCount) return value;
    this.invalid = true;
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Details that are null or of another type have no members. */
function member(object: unknown, name: string): unknown {
  return isObject(object) && Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
}

/** Keeps the counts of the input. @returns All tokens of the prompt, when they were told. */
function readInput(counts: Counts): number | undefined {
  const details = counts.objects("prompt_tokens_details", "input_tokens_details");
  const hit = counts.first("prompt_cache_hit_tokens");
  const miss = counts.first("prompt_cache_miss_tokens");
  const prompt = counts.first("prompt_tokens", "input_tokens") ?? (hit !== undefined && miss !== undefined ? hit + miss : undefined);
  const allCached = counts.inside(details, "cached_tokens") ?? hit ?? counts.first("cached_tokens") ?? 0;
  const allWritten = counts.inside(details, "cache_write_tokens") ?? 0;
  const allAudio = counts.inside(details, "audio_tokens") ?? 0;
  const image = counts.inside(details, "image_tokens") ?? 0;
  if (prompt === undefined) {
    counts.keep("cache_read", allCached);
    counts.keep("cache_write_5m", allWritten);
    return undefined;
  }

  const cached = counts.within(allCached, prompt);
  const written = counts.within(allWritten, prompt - cached);
  const audio = counts.within(allAudio, prompt - written);
  // Where audio and cached tokens exceed the prompt together, what is too much must have been both.
  const overlap = Math.max(0, audio + cached + written - prompt);
  const cachedDetails = details.map((object) => member(object, "cached_tokens_details")).filter(isObject);
  const toldCachedAudio = counts.inside(cachedDetails, "audio_tokens") ?? 0;
  const cachedAudio = Math.min(Math.max(toldCachedAudio, overlap), audio, cached);
  const rest = prompt - written - cached - (audio - cachedAudio);
  const imageInput = Math.min(image, rest);
  counts.keepAlways("input", rest - imageInput);
  counts.keep("cache_read", cached - cachedAudio);
  counts.keep("cache_write_5m", written);
  counts.keep("input_audio", audio - cachedAudio);
  counts.keep("cache_read_audio", cachedAudio);
  counts.keep("input_image", imageInput);
  return prompt;
}

/** Keeps the counts of the output. @returns What the provider calls the completion, when it was told or follows from the total. */
function readOutput(counts: Counts, context: { readonly prompt: number | undefined; readonly generates: boolean }): number | undefined {
  const total = counts.first("total_tokens");
  const reported = counts.first("completion_tokens", "output_tokens");
  if (!context.generates) {
    counts.keepAlways("output", reported ?? 0);
    return reported;
  }
  // A completion that was told and is not to be believed stays absent: a total beside it is no better.
  const derived = counts.told("completion_tokens", "output_tokens") ? undefined : beyond(context.prompt, total);
  const completion = reported ?? derived;
  const details = counts.objects("completion_tokens_details", "output_tokens_details");
  const reasoning = (counts.inside(details, "reasoning_tokens") ?? 0) || (counts.first("reasoning_tokens") ?? 0);
  if (completion === undefined) {
    if (context.prompt !== undefined) counts.invalid = true;
    return undefined;
  }

  const isBeside = reported !== undefined && reasoning > 0 && standsBeside(counts, { ...context, completion, reasoning, total });
  const all = completion + (isBeside ? reasoning : 0);
  const audio = counts.within(counts.inside(details, "audio_tokens") ?? 0, all);
  const image = counts.within(counts.inside(details, "image_tokens") ?? 0, all - audio);
  const inside = counts.within(reasoning, all);
  const output = all - audio - image;
  counts.keepAlways("output", output);
  counts.keep("output_audio", audio);
  counts.keep("output_image", image);
  counts.keep("reasoning", Math.min(inside, output));
  return completion;
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
 *
 * @returns undefined where it says nothing, null where what it says cannot be believed.
 */
function readCost(usage: ScannedBody): PicoUsd | null | undefined {
  const ticks = usage.raw("cost_in_usd_ticks");
  if (ticks !== undefined) return parseReportedUsd(ticks, 10);
  const text = usage.kind("cost") === "object" ? usage.raw("cost.total_cost") : usage.raw("cost");
  const cost = text === undefined ? undefined : parseReportedUsd(text.replaceAll('"', ""));
  if (cost === undefined || cost === null || usage.raw("is_byok") !== "true" || usage.kind("cost_details") !== "object") return cost;
  const upstream = parseReportedUsd((usage.raw("cost_details.upstream_inference_cost") ?? "0").replaceAll('"', ""));
  return upstream === null || upstream > mostPerCall - cost ? null : add(cost, upstream);
}
