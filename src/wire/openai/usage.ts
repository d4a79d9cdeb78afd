/** OpenAI-shaped usage objects, as every vendor of that wire writes them, turned into disjoint counts. */

import { PurserError } from "../../domain/error.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import type { FixedMeter, Usage } from "../../domain/usage/usage.ts";
import { readReportedCost } from "../count/reported-cost.ts";
import { findBeside, type Beside } from "./beside.ts";
import { readNamedCounts, type CountName, type NamedCounts } from "./count-names.ts";
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

/**
 * Cached and written tokens are parts of the prompt, and are taken out of it; reasoning is a part of the completion; unless the
 * total says that they stand beside ({@link findBeside}): decided by arithmetic, not by vendor.
 *
 * @param text The usage object alone. @param generates Whether the endpoint generates output at all (embeddings do not).
 * @throws PurserError `invalid_request` when it is not one JSON object.
 */
export function readUsage(text: string, generates: boolean): UsageReading {
  const object = parse(text);
  const counts = new Counts(readNamedCounts(object));
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

/** Keeps the counts that are charged, and remembers whether one could not be believed. */
class Counts {
  readonly #named: NamedCounts;
  readonly #usage: { [meter in FixedMeter | "reasoning"]?: number } = {};
  invalid: boolean;

  constructor(named: NamedCounts) {
    this.#named = named;
    this.invalid = named.invalid;
  }

  /** What was kept. */
  get usage(): Usage {
    return this.#usage;
  }

  of(name: CountName): number | undefined {
    return this.#named.count(name);
  }

  told(name: CountName): boolean {
    return this.#named.told(name);
  }

  /** A count of nothing is left out. */
  keep(meter: FixedMeter | "reasoning", count: number | undefined): void {
    if (count !== undefined && count > 0) this.#usage[meter] = count;
  }

  /** Keeps a count of nothing, too: it was told. */
  keepAlways(meter: "input" | "output", count: number): void {
    this.#usage[meter] = count;
  }

  /** `part`, at most `whole`: a larger one is flagged. */
  within(part: number, whole: number): number {
    if (part > whole) this.invalid = true;
    return Math.min(part, whole);
  }
}

/** The reported tokens, before they are made disjoint. */
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

/** @returns Whether any tokens were reported. */
function keepTokens(counts: Counts, generates: boolean): boolean {
  const told = readTold(counts, generates);
  const { prompt, completion } = told;
  const beside =
    generates && prompt !== undefined && completion !== undefined
      ? besideOf(counts, told)
      : besideOneSide(counts, told);
  if (beside.contradictory) counts.invalid = true;
  if (prompt === undefined) keepCacheAlone(counts, told);
  else keepInput(counts, { ...told, prompt: prompt + beside.cacheRead + beside.cacheWrite });
  if (!generates) counts.keepAlways("output", completion ?? 0);
  else if (completion !== undefined)
    keepOutput(counts, told, {
      all: completion + beside.reasoning + beside.hidden,
      hidden: beside.hidden,
    });
  else if (prompt !== undefined) counts.invalid = true;
  return prompt !== undefined || completion !== undefined;
}

/** An implausible count stays absent: a total that includes it is not better. What only embeds has a total of its input. */
function readTold(counts: Counts, generates: boolean): Told {
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
      ? (prompt ?? (counts.told("prompt") ? undefined : beyond(completion, total)))
      : largest(prompt, total),
    completion:
      completion ?? (counts.told("completion") || !generates ? undefined : beyond(prompt, total)),
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
  return counts.told("anthropicCache") && !counts.told("openaiPrompt");
}

function besideOf(counts: Counts, told: Told): Beside {
  const { prompt = 0, completion = 0 } = told;
  return findBeside({ ...told, prompt, completion, leavesCacheOut: leavesCacheOut(counts) });
}

/** If only one side was reported, there is nothing to add up: Anthropic's names are unambiguous. */
function besideOneSide(counts: Counts, { cacheRead, cacheWrite, total }: Told): Beside {
  const isBeside = leavesCacheOut(counts) && total === undefined;
  return {
    cacheRead: isBeside ? cacheRead : 0,
    cacheWrite: isBeside ? cacheWrite : 0,
    reasoning: 0,
    hidden: 0,
    contradictory: false,
  };
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
  const audio = counts.within(counts.of("inputAudio") ?? 0, prompt - written);
  // Where audio and cached tokens exceed the prompt together, what is too much must have been both.
  const overlap = Math.max(0, audio + cached + written - prompt);
  const cachedAudio = Math.min(Math.max(counts.of("cachedAudio") ?? 0, overlap), audio, cached);
  const rest = prompt - written - cached - (audio - cachedAudio);
  const imageInput = Math.min(counts.of("inputImage") ?? 0, rest);
  counts.keepAlways("input", rest - imageInput);
  counts.keep("cache_read", cached - cachedAudio);
  keepWritten(counts, written, told);
  counts.keep("input_audio", audio - cachedAudio);
  counts.keep("cache_read_audio", cachedAudio);
  counts.keep("input_image", imageInput);
}

/** Takes the output apart. @param output.all With all that stands beside the completion. */
function keepOutput(
  counts: Counts,
  told: Told,
  { all, hidden }: { readonly all: number; readonly hidden: number },
): void {
  const audio = counts.within(counts.of("outputAudio") ?? 0, all);
  const image = counts.within(counts.of("outputImage") ?? 0, all - audio);
  const reasoning = Math.max(counts.within(told.reasoning, all), hidden);
  const text = all - audio - image;
  counts.keepAlways("output", text);
  counts.keep("output_audio", audio);
  counts.keep("output_image", image);
  counts.keep("reasoning", Math.min(reasoning, text));
}
