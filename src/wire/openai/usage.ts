/** OpenAI-shaped usage objects, as every vendor of that wire writes them, turned into disjoint counts. */

import { PurserError } from "../../domain/error.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import type { Meter, Usage } from "../../domain/usage/usage.ts";
import { findBeside, type Beside } from "./beside.ts";
import { countNames, inputDetails, outputDetails, type CountPath } from "./count-names.ts";
import { readReportedCost } from "../count/reported-cost.ts";
import { readServerTools, type ToolCounts } from "./server-tools.ts";

export interface UsageReading {
  /** Null when the object counts nothing. A count that is absent was not reported, or not to be believed. */
  readonly usage: Usage | null;
  readonly reportedCost: PicoUsd | null;
  /** Some of the spending is missing from the reported cost. */
  readonly costIsPart: boolean;
  /** Tools that the provider says it ran and bills for, with those it did not run; undefined where it does not say. */
  readonly tools: ToolCounts | undefined;
  /** A count was negative, not whole, absurdly large, or larger than what it is a part of; or the cost was not to be believed. */
  readonly invalid: boolean;
}

const largestCount = 1_000_000_000;

/**
 * Cached and written tokens are parts of the prompt, and are taken out of it; reasoning is a part of the completion; unless the
 * total says that they stand beside ({@link findBeside}): decided by arithmetic, not by vendor.
 *
 * @param text The usage object alone. @param generates Whether the endpoint generates output at all (embeddings do not).
 * @throws PurserError `invalid_request` when it is not one JSON object.
 */
export function readUsage(text: string, generates: boolean): UsageReading {
  const object = parse(text);
  const counts = new Counts(object);
  const isCounted = keepTokens(counts, generates) || counts.invalid;
  counts.keep("web_search", counts.first(countNames.searches));
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

  /** The first count that is not zero; zero when only zeros were told; undefined when none was, or none can be believed. */
  first(paths: readonly CountPath[]): number | undefined {
    let found: number | undefined;
    for (const path of paths) {
      const value = this.#at(path);
      if (value === undefined) continue;
      found = this.#believed(value) ?? found;
      if (found !== undefined && found > 0) return found;
    }
    return found;
  }

  /** The first count of that name in one of several objects. */
  inside(objects: readonly string[], name: string): number | undefined {
    return this.first(objects.map((object) => [object, name]));
  }

  /** Whether anything but null stands under one of the names. */
  told(paths: readonly CountPath[]): boolean {
    return paths.some((path) => this.#at(path) !== undefined);
  }

  /** `part`, at most `whole`: a larger one is flagged. */
  within(part: number, whole: number): number {
    if (part > whole) this.invalid = true;
    return Math.min(part, whole);
  }

  /** What stands there; undefined for null, too. */
  #at(path: CountPath): unknown {
    let value = this.#object;
    for (const name of path) value = member(value, name);
    return value ?? undefined;
  }

  #believed(value: unknown): number | undefined {
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= largestCount) return value;
    this.invalid = true;
    return undefined;
  }
}

/** Details that are null or of another type have no members. */
function member(object: unknown, name: string): unknown {
  const isObject = typeof object === "object" && object !== null;
  return isObject && Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
}

/** The tokens that an answer tells of, before they are taken apart. */
interface Told {
  readonly prompt: number | undefined;
  readonly completion: number | undefined;
  readonly total: number | undefined;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** The part of `cacheWrite` that was written for an hour. */
  readonly cacheWrite1h: number;
  readonly reasoning: number;
}

/** @returns Whether any tokens were told. */
function keepTokens(counts: Counts, generates: boolean): boolean {
  const told = readTold(counts);
  const { prompt, completion } = told;
  const beside = prompt === undefined || completion === undefined || !generates ? besideNothing(counts, told) : besideOf(counts, told);
  if (beside.contradictory) counts.invalid = true;
  if (prompt === undefined) keepCacheAlone(counts, told);
  else keepInput(counts, { ...told, prompt: prompt + beside.cacheRead + beside.cacheWrite });
  if (!generates) counts.keepAlways("output", completion ?? 0);
  else if (completion !== undefined)
    keepOutput(counts, { all: completion + beside.reasoning + beside.hidden, ...told, hidden: beside.hidden });
  else if (prompt !== undefined) counts.invalid = true;
  return prompt !== undefined || completion !== undefined;
}

/** A count that was told and is not to be believed stays absent: a total beside it is no better. */
function readTold(counts: Counts): Told {
  const total = counts.first(countNames.total);
  const hit = counts.first(countNames.cacheHit);
  const miss = counts.first(countNames.cacheMiss);
  const parts = hit !== undefined && miss !== undefined ? hit + miss : undefined;
  const prompt = counts.first(countNames.prompt) ?? parts;
  const completion = counts.first(countNames.completion);
  const written = counts.first(countNames.cacheWrite) ?? 0;
  const oneHour = counts.first(countNames.cacheWrite1h) ?? 0;
  const cacheWrite = written > 0 ? written : oneHour + (counts.first(countNames.cacheWrite5m) ?? 0);
  return {
    prompt: prompt ?? (counts.told(countNames.prompt) ? undefined : beyond(completion, total)),
    completion: completion ?? (counts.told(countNames.completion) ? undefined : beyond(prompt, total)),
    total,
    cacheRead: counts.first(countNames.cacheRead) ?? 0,
    cacheWrite,
    cacheWrite1h: Math.min(oneHour, cacheWrite),
    reasoning: counts.first(countNames.reasoning) ?? 0,
  };
}

function beyond(part: number | undefined, total: number | undefined): number | undefined {
  return part !== undefined && total !== undefined && total >= part ? total - part : undefined;
}

const anthropicNames: readonly CountPath[] = [["cache_read_input_tokens"], ["cache_creation_input_tokens"]];

function leavesCacheOut(counts: Counts): boolean {
  return !counts.told([["prompt_tokens"]]) && counts.told(anthropicNames);
}

function besideOf(counts: Counts, told: Told): Beside {
  return findBeside({
    ...told,
    prompt: told.prompt ?? 0,
    completion: told.completion ?? 0,
    leavesCacheOut: leavesCacheOut(counts),
  });
}

/** Where only one side was told, there is nothing to add up: Anthropic's names say what they mean. */
function besideNothing(counts: Counts, { cacheRead, cacheWrite, ...told }: Told): Beside {
  const isBeside = leavesCacheOut(counts) && told.total === undefined;
  return { cacheRead: isBeside ? cacheRead : 0, cacheWrite: isBeside ? cacheWrite : 0, reasoning: 0, hidden: 0, contradictory: false };
}

function keepCacheAlone(counts: Counts, told: Told): void {
  counts.keep("cache_read", told.cacheRead);
  keepWritten(counts, told.cacheWrite, told);
}

function keepWritten(counts: Counts, written: number, { cacheWrite1h }: Told): void {
  const oneHour = Math.min(cacheWrite1h, written);
  counts.keep("cache_write_5m", written - oneHour);
  counts.keep("cache_write_1h", oneHour);
}

/** Takes the prompt apart. @param told.prompt With all that stands beside it. */
function keepInput(counts: Counts, told: Told & { readonly prompt: number }): void {
  const { prompt } = told;
  const cached = counts.within(told.cacheRead, prompt);
  const written = counts.within(told.cacheWrite, prompt - cached);
  const audio = counts.within(counts.inside(inputDetails, "audio_tokens") ?? 0, prompt - written);
  // Where audio and cached tokens exceed the prompt together, what is too much must have been both.
  const overlap = Math.max(0, audio + cached + written - prompt);
  const toldCachedAudio = counts.first(inputDetails.map((details) => [details, "cached_tokens_details", "audio_tokens"])) ?? 0;
  const cachedAudio = Math.min(Math.max(toldCachedAudio, overlap), audio, cached);
  const rest = prompt - written - cached - (audio - cachedAudio);
  const imageInput = Math.min(counts.inside(inputDetails, "image_tokens") ?? 0, rest);
  counts.keepAlways("input", rest - imageInput);
  counts.keep("cache_read", cached - cachedAudio);
  keepWritten(counts, written, told);
  counts.keep("input_audio", audio - cachedAudio);
  counts.keep("cache_read_audio", cachedAudio);
  counts.keep("input_image", imageInput);
}

/** Takes the output apart. @param output.all With all that stands beside the completion. */
function keepOutput(counts: Counts, output: { readonly all: number; readonly hidden: number; readonly reasoning: number }): void {
  const { all, hidden } = output;
  const audio = counts.within(counts.inside(outputDetails, "audio_tokens") ?? 0, all);
  const image = counts.within(counts.inside(outputDetails, "image_tokens") ?? 0, all - audio);
  const reasoning = Math.max(counts.within(output.reasoning, all), hidden);
  const text = all - audio - image;
  counts.keepAlways("output", text);
  counts.keep("output_audio", audio);
  counts.keep("output_image", image);
  counts.keep("reasoning", Math.min(reasoning, text));
}
