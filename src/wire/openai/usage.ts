/** Reads a usage object in OpenAI's shape, as any vendor writes it, into disjoint counts. */

import { PurserError } from "../../domain/error.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import type { FixedMeter, Usage, UsageSoFar } from "../../domain/usage/usage.ts";
import { toObject } from "../count/count.ts";
import { readReportedCost } from "../count/reported-cost.ts";
import { findSeparate, type SeparateCounts } from "./separate-counts.ts";
import { readNamedCounts, type CountName, type NamedCounts } from "./usage-fields.ts";
import { readServerTools, type ToolCounts } from "./server-tools.ts";

export interface UsageReading {
  /** Null if the object has no counts. An absent count was not reported, or was impossible. */
  readonly usage: Usage | null;
  readonly reportedCost: PicoUsd | null;
  /** Part of the spend is missing from the reported cost. */
  readonly costIsPart: boolean;
  /**
   * Counts of billed tools that the provider reports, including zeros; undefined if it has none.
   */
  readonly tools: ToolCounts | undefined;
  /**
   * A count was negative, not whole, absurdly large, or larger than the count it is a part of; or
   * the cost was impossible.
   */
  readonly invalid: boolean;
}

/**
 * Cached and written tokens are parts of the prompt and are subtracted from it; reasoning is a part
 * of the completion. If the total shows that they are separate, they are not ({@link
 * findSeparate}): arithmetic decides, not the vendor.
 *
 * @param text The usage object alone.
 * @param generates Whether the endpoint generates output; embeddings do not.
 * @throws PurserError `invalid_request` if it is not a single JSON object.
 */
export function readUsage(text: string, generates: boolean): UsageReading {
  const object = parse(text);
  const counts = new Counts(readNamedCounts(object));
  counts.keepAudio(object);
  const isCounted = keepTokens(counts, generates) || counts.invalid;
  counts.keep("web_search", counts.of("searches"));
  const cost = readReportedCost(text);
  return {
    usage: isCounted ? counts.usage : null,
    reportedCost: cost?.cost ?? null,
    costIsPart: cost?.isWhole === false,
    tools: readServerTools(object),
    invalid: counts.invalid || cost === null,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PurserError("invalid_request", "usage is not valid JSON", { field: "usage", cause });
  }
}

/** Keeps the counts that are charged, and whether any count was impossible. */
class Counts {
  readonly #named: NamedCounts;
  readonly #usage: UsageSoFar = {};
  invalid: boolean;

  constructor(named: NamedCounts) {
    this.#named = named;
    this.invalid = named.invalid;
  }

  /** The counts kept. */
  get usage(): Usage {
    return this.#usage;
  }

  of(name: CountName): number | undefined {
    return this.#named.count(name);
  }

  has(name: CountName): boolean {
    return this.#named.has(name);
  }

  /** Omits a zero. */
  keep(meter: FixedMeter | "reasoning", count: number | undefined): void {
    if (count !== undefined && count > 0) this.#usage[meter] = count;
  }

  /** Also keeps a zero: it was reported. */
  keepAlways(meter: "input" | "output", count: number): void {
    this.#usage[meter] = count;
  }

  /** Whether the answer reports seconds of audio: they are input. */
  get hasAudio(): boolean {
    return this.#usage[audioSeconds] !== undefined;
  }

  keepAudio(usage: unknown): void {
    const seconds = toObject(usage)?.["prompt_audio_seconds"];
    if (typeof seconds !== "number" || seconds <= 0) return;
    if (seconds <= mostAudioSeconds) this.#usage[audioSeconds] = Math.ceil(seconds);
    else this.invalid = true;
  }

  /** `part`, at most `whole`: a larger one is flagged. */
  within(part: number, whole: number): number {
    if (part > whole) this.invalid = true;
    return Math.min(part, whole);
  }
}

/** `prompt_audio_seconds` of Mistral (https://docs.mistral.ai/studio/audio/overview, read 2026-11). */
const audioSeconds = openMeter("audio_seconds");
/** A month. */
const mostAudioSeconds = 2_678_400;

/** The reported tokens, before they are made disjoint. */
interface Reported {
  readonly prompt: number | undefined;
  readonly completion: number | undefined;
  readonly total: number | undefined;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** The part of `cacheWrite` that was written for an hour. */
  readonly cacheWrite1h: number;
  readonly reasoning: number;
}

/** @returns Whether any tokens were reported. */
function keepTokens(counts: Counts, generates: boolean): boolean {
  const reported = readReported(counts, generates);
  const { prompt, completion } = reported;
  const separate =
    generates && prompt !== undefined && completion !== undefined
      ? separateOf(counts, reported)
      : separateOfOneSide(counts, reported);
  if (separate.contradictory) counts.invalid = true;
  // Tokens that only the total includes are those of the audio, if there is some.
  const heard = counts.hasAudio ? separate.hidden : 0;
  const hidden = separate.hidden - heard;
  if (prompt === undefined) keepCacheAlone(counts, reported);
  else {
    const all = prompt + separate.cacheRead + separate.cacheWrite + heard;
    keepInput(counts, { ...reported, prompt: all, heard });
  }
  if (!generates) counts.keepAlways("output", completion ?? 0);
  else if (completion !== undefined)
    keepOutput(counts, reported, { all: completion + separate.reasoning + hidden, hidden });
  else if (prompt !== undefined) counts.invalid = true;
  return prompt !== undefined || completion !== undefined;
}

/**
 * An impossible count is absent, because a total that includes it is no better. The total of an
 * embedding is its input.
 */
function readReported(counts: Counts, generates: boolean): Reported {
  const total = counts.of("total");
  const hit = counts.of("cacheHit");
  const miss = counts.of("cacheMiss");
  const parts = hit !== undefined && miss !== undefined ? hit + miss : undefined;
  const prompt = counts.of("prompt") ?? parts;
  const completion = counts.of("completion");
  const oneHour = counts.of("cacheWrite1h") ?? 0;
  const cacheWrite = counts.of("cacheWrite") || oneHour + (counts.of("cacheWrite5m") ?? 0);
  return {
    prompt: generates
      ? (prompt ?? (counts.has("prompt") ? undefined : beyond(completion, total)))
      : largest(prompt, total),
    completion:
      completion ?? (counts.has("completion") || !generates ? undefined : beyond(prompt, total)),
    total,
    cacheRead: counts.of("cacheRead") ?? 0,
    cacheWrite,
    cacheWrite1h: Math.min(oneHour, cacheWrite),
    reasoning: counts.of("reasoning") ?? 0,
  };
}

function largest(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? (left ?? right) : Math.max(left, right);
}

function beyond(part: number | undefined, total: number | undefined): number | undefined {
  return part !== undefined && total !== undefined && total >= part ? total - part : undefined;
}

function leavesCacheOut(counts: Counts): boolean {
  return counts.has("anthropicCache") && !counts.has("openaiPrompt");
}

function separateOf(counts: Counts, reported: Reported): SeparateCounts {
  const { prompt = 0, completion = 0 } = reported;
  return findSeparate({ ...reported, prompt, completion, leavesCacheOut: leavesCacheOut(counts) });
}

/** If only one side was reported, there is nothing to add up: Anthropic's names are unambiguous. */
function separateOfOneSide(
  counts: Counts,
  { cacheRead, cacheWrite, total }: Reported,
): SeparateCounts {
  const isBeside = leavesCacheOut(counts) && total === undefined;
  return {
    cacheRead: isBeside ? cacheRead : 0,
    cacheWrite: isBeside ? cacheWrite : 0,
    reasoning: 0,
    hidden: 0,
    contradictory: false,
  };
}

function keepCacheAlone(counts: Counts, reported: Reported): void {
  counts.keep("cache_read", reported.cacheRead);
  keepWritten(counts, reported.cacheWrite, reported);
}

function keepWritten(counts: Counts, written: number, { cacheWrite1h }: Reported): void {
  const oneHour = Math.min(cacheWrite1h, written);
  counts.keep("cache_write_5m", written - oneHour);
  counts.keep("cache_write_1h", oneHour);
}

/** The whole prompt. */
interface ReportedPrompt extends Reported {
  /** Includes the counts reported separately. */
  readonly prompt: number;
  /** Tokens of audio that the details do not include. */
  readonly heard: number;
}

/** Splits the prompt. */
function keepInput(counts: Counts, reported: ReportedPrompt): void {
  const { prompt } = reported;
  const cached = counts.within(reported.cacheRead, prompt);
  const written = counts.within(reported.cacheWrite, prompt - cached);
  const audio = counts.within((counts.of("inputAudio") ?? 0) + reported.heard, prompt - written);
  // If audio and cached tokens together exceed the prompt, the excess was both.
  const overlap = Math.max(0, audio + cached + written - prompt);
  const cachedAudio = Math.min(Math.max(counts.of("cachedAudio") ?? 0, overlap), audio, cached);
  const rest = prompt - written - cached - (audio - cachedAudio);
  const imageInput = Math.min(counts.of("inputImage") ?? 0, rest);
  counts.keepAlways("input", rest - imageInput);
  counts.keep("cache_read", cached - cachedAudio);
  keepWritten(counts, written, reported);
  counts.keep("input_audio", audio - cachedAudio);
  counts.keep("cache_read_audio", cachedAudio);
  counts.keep("input_image", imageInput);
}

/** Splits the output. @param output.all Includes the counts reported separately. */
function keepOutput(
  counts: Counts,
  reported: Reported,
  { all, hidden }: { readonly all: number; readonly hidden: number },
): void {
  const audio = counts.within(counts.of("outputAudio") ?? 0, all);
  const image = counts.within(counts.of("outputImage") ?? 0, all - audio);
  const reasoning = Math.max(counts.within(reported.reasoning, all), hidden);
  const text = all - audio - image;
  counts.keepAlways("output", text);
  counts.keep("output_audio", audio);
  counts.keep("output_image", image);
  counts.keep("reasoning", Math.min(reasoning, text));
}
