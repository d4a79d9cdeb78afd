/** What a call can cost at most, before it is made. */

import type { Learned, LearnedOfModel } from "../../domain/estimate/learned.ts";
import type { Demand } from "../../domain/ledger/command.ts";
import { add, multiply, zero, type PicoUsd } from "../../domain/money/money.ts";
import type { PriceSheet } from "../../domain/price/sheet.ts";
import type { RequestFacts } from "../../wire/wire.ts";
import type { CallLimits } from "../port/limits.ts";
import type { Route } from "../route/target.ts";
import type { CountedInput } from "../port/token-counter.ts";

export interface Estimate {
  /** An upper bound: by bytes, or by a count. */
  readonly inputTokens: number;
  /** All output that can come, over all choices. */
  readonly ceiling: number;
  /** Output to hold at first: the ceiling, or a slice for a stream that can be seen as it passes and may be cut. */
  readonly firstSlice: number;
  /** The fewest output tokens worth having: below this a call is refused and not fitted. */
  readonly least: number;
  /** Input held on top while no such call has ended, while it is unknown what the provider adds; 0 once it is known. */
  readonly unknownInput: number;
  /** Rates of the hold; null when the model has no price. */
  readonly rates: { readonly input: PicoUsd; readonly output: PicoUsd } | null;
  /** Held besides tokens: tool calls with a fee, and a fee for the request. */
  readonly fees: PicoUsd;
}

export interface EstimateContext {
  readonly learned: Learned;
  readonly limits: CallLimits;
}

export interface CallToEstimate {
  readonly route: Route;
  readonly facts: RequestFacts;
  readonly sheet: PriceSheet | undefined;
  /** Whether fewer output tokens than asked for are acceptable (`x-purser-fit`). */
  readonly fit: boolean;
}

/**
 * Input and output as they are bounded, at the dearest rate that can apply.
 *
 * @param counted Null as long as the input was not counted: each of its bytes is then a token at most, and so is each byte of a
 *   stream's output. That is far more than will be billed, and costs nothing to find.
 */
export function estimate(context: EstimateContext, call: CallToEstimate, counted: CountedInput | null): Estimate {
  const { facts, sheet, route, fit } = call;
  const { limits } = context;
  const learned = context.learned.of(route.provider.name, route.model);
  const inputTokens = textTokens(learned, facts, counted) + untoldTokens(limits, call);
  const ceiling = outputCeiling(limits, call);
  const { cacheWrite, serviceTier, region, fees } = facts;
  const rates = sheet?.dearest({ inputTokens, cacheWrite, serviceTier, region, fees, media: hasMedia(facts) }) ?? null;
  const isSliced = facts.stream && !facts.hiddenOutput && !facts.uncuttable && fit;
  const slice = limits.streamSliceTokens * facts.choices;
  return {
    inputTokens,
    ceiling,
    firstSlice: isSliced ? firstSliceOf(slice, { ceiling, learned, isCounted: counted !== null }) : ceiling,
    unknownInput: learned.added.isKnown ? 0 : mostUnknownInput,
    least: leastUseful(facts, { ceiling, fit, expected: learned.output.expected(ceiling) }),
    rates,
    fees: rates ? add(multiply(rates.webSearch, facts.serverToolCalls), rates.request) : zero,
  };
}

/** The bound of the input that was sent, from its bytes. */
export function boundOfBytes({ textBytes, addedTokens }: RequestFacts): number {
  return textBytes + addedTokens;
}

/** Whether the same texts are always billed alike: nothing that they do not show is in the input. */
export function isTextOnly({ media, storedContext, serverToolCalls }: RequestFacts): boolean {
  return media.images + media.audios + media.files + serverToolCalls === 0 && !storedContext;
}

/** @param tokens.output To hold now. @param tokens.least What must be held of it at least. */
export function demandOf(
  { rates, fees }: Pick<Estimate, "rates" | "fees">,
  { input, output, least }: { readonly input: number; readonly output: number; readonly least: number },
): Demand {
  return {
    fixed: { usd: rates ? add(multiply(rates.input, input), fees) : fees, tokens: BigInt(input), requests: 1n },
    perOutputToken: rates?.output ?? null,
    outputTokens: output,
    leastOutputTokens: least,
    inputTokens: input,
  };
}

/** A provider that was seen to add input of its own is not bounded by a count of what was sent. */
function textTokens(learned: LearnedOfModel, facts: RequestFacts, counted: CountedInput | null): number {
  const added = learned.added.tokens;
  const byBytes = boundOfBytes(facts) + added;
  if (!counted) return byBytes;
  const billed = isTextOnly(facts) ? learned.inputs.of(counted.digest) : undefined;
  if (billed !== undefined) return billed;
  return added > 0 ? byBytes : Math.min(byBytes, counted.tokens + facts.addedTokens);
}

/** What the body does not show: media, a stored conversation, what tools of the provider read. Each has a stated bound. */
function untoldTokens(limits: CallLimits, { facts, sheet }: CallToEstimate): number {
  const { media, serverToolCalls, storedContext } = facts;
  return (
    media.images * limits.imageTokens +
    media.audios * limits.audioTokens +
    media.files * limits.fileTokens +
    serverToolCalls * limits.serverToolTokens +
    (storedContext ? (sheet?.contextWindow ?? limits.contextTokens) : 0)
  );
}

function hasMedia({ media }: RequestFacts): boolean {
  return media.images + media.audios + media.files > 0;
}

function outputCeiling(limits: CallLimits, { facts, route, sheet }: CallToEstimate): number {
  if (route.endpoint.name === "embeddings" || route.endpoint.name === "embed_content") return 0;
  const known = sheet?.maxOutputTokens ?? limits.maxOutputTokens;
  const asked = facts.maxOutputTokens;
  return (asked === null ? known : asked) * facts.choices;
}

/**
 * A quarter of what was asked for, as long as that is an answer at all: a call cut to a few tokens helps nobody and costs
 * its input. A caller who set no ceiling has not said what is enough, so a short answer counts. Where such calls have needed
 * even less lately, that much is enough.
 */
function leastUseful(
  facts: RequestFacts,
  { ceiling, fit, expected }: { readonly ceiling: number; readonly fit: boolean; readonly expected: number | null },
): number {
  if (!fit || facts.uncuttable) return ceiling;
  const needed = usefulOutput({ ceiling, isAsked: facts.maxOutputTokens !== null, choices: facts.choices, expected });
  return Math.min(ceiling, Math.max(needed, facts.leastOutputTokens * facts.choices));
}

/** @param isAsked Whether the caller set the ceiling. @param expected What such calls have needed lately. */
export function usefulOutput({
  ceiling,
  isAsked,
  choices,
  expected,
}: {
  readonly ceiling: number;
  readonly isAsked: boolean;
  readonly choices: number;
  readonly expected: number | null;
}): number {
  const enough = isAsked ? Math.max(Math.ceil(ceiling / 4), shortestAnswer * choices) : shortAnswer * choices;
  return Math.min(ceiling, Math.max(1, Math.min(enough, expected ?? enough)));
}

/**
 * What must be held before anything has come. Most streams are held whole: whatever the pace of their provider, it cannot bill more
 * than their ceiling. A longer one is held as far as its provider may come before a refusal reaches it.
 *
 * By bytes, it is as much as such streams have had lately, too, so that most of them end without a top-up.
 */
function firstSliceOf(
  slice: number,
  call: { readonly ceiling: number; readonly learned: LearnedOfModel; readonly isCounted: boolean },
): number {
  const { ceiling, learned, isCounted } = call;
  const ahead = slice * slicesAhead;
  const tokens = Math.min(ceiling, Math.max(ahead, slice + 2 * learned.burst.most));
  if (isCounted) return tokens;
  const expected = Math.min(4 * ahead, (learned.streamed.expected(ceiling) ?? 0) + slice);
  return Math.max(tokens, Math.min(ceiling * bytesPerToken, Math.max(4 * slice, expected)));
}

/** What is held ahead for one stream, in slices. */
const slicesAhead = 16;

/** Text has seldom more bytes a token than this. */
export const bytesPerToken = 8;

/** What a provider may add to a body of which nothing is known: instructions of its own, tools as it writes them. */
const mostUnknownInput = 4096;

const shortAnswer = 256;
const shortestAnswer = 64;
