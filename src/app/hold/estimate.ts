/** Computes the most that a call can cost, before it is made. */

import type { Learned, LearnedOfModel } from "../../domain/estimate/learned.ts";
import type { Demand, DemandCeiling, TokensBesides } from "../../domain/ledger/command.ts";
import type { Quantities } from "../../domain/ledger/entry.ts";
import { add, multiply, zero, type PicoUsd } from "../../domain/money/money.ts";
import type { CeilingQuery, DearestRates, PriceSheet } from "../../domain/price/sheet.ts";
import type { FallbackRates } from "../../domain/price/row/rate.ts";
import type { RequestFacts } from "../../wire/wire.ts";
import type { CallLimits } from "../port/limits.ts";
import type { Route } from "../route/target.ts";
import type { CountedInput } from "../port/token-counter.ts";

export interface Estimate {
  /** Upper bound, from the size in bytes or from a token count. */
  readonly inputTokens: number;
  /** The most output tokens that can come, over all choices. */
  readonly ceiling: number;
  /** Output to hold at first: the ceiling, or a slice for a stream that can be metered and cut. */
  readonly firstSlice: number;
  /** The fewest output tokens worth having. Below this, a call is refused rather than shortened. */
  readonly least: number;
  /** Extra input to hold until the first call shows how much the provider adds; 0 once known. */
  readonly unknownInput: number;
  /** Rates of the hold; null when the model has no price. */
  readonly rates: { readonly input: PicoUsd; readonly output: PicoUsd } | null;
  /** Held on top of tokens: tool calls with a fee, and the fee per request. */
  readonly fees: PicoUsd;
  /** Tokens of other models that are charged at the rates of a model without a price. */
  readonly besides?: TokensBesides;
  /** What bounds a model without a price; absent if nothing does, or it has one. */
  readonly bound?: DemandCeiling;
}

export interface EstimateContext {
  readonly learned: Learned;
  readonly limits: CallLimits;
}

export interface CallToEstimate {
  readonly route: Route;
  readonly facts: RequestFacts;
  readonly sheet: PriceSheet | undefined;
  /** What bounds the model if it has no sheet. */
  readonly unlisted?: (query: Omit<CeilingQuery, "provider" | "at">) => FallbackRates | undefined;
  /** Whether fewer output tokens than asked for are acceptable (`x-purser-fit`). */
  readonly fit: boolean;
}

/**
 * Bounds the input and output of a call, at the highest rate that can apply.
 *
 * @param counted Null if the input has not been counted. Each of its bytes then counts as one
 *   token, and so does each byte of a stream's output: far more than will be billed, but free to
 *   compute.
 */
export function estimate(
  context: EstimateContext,
  call: CallToEstimate,
  counted: CountedInput | null,
): Estimate {
  const { facts, sheet, route, fit } = call;
  const { limits } = context;
  const learned = context.learned.of(route.provider.name, route.model);
  const inputTokens = textTokens(learned, facts, counted) + unseenTokens(limits, call);
  const ceiling = outputCeiling(limits, call);
  const { cacheWrite, serviceTier, region, fees } = facts;
  const query = { cacheWrite, serviceTier, region, fees, media: hasMedia(facts) };
  const unknownInput = learned.added.isKnown ? 0 : mostUnknownInput;
  const rates = sheet?.dearest({ ...query, inputTokens: inputTokens + unknownInput }) ?? null;
  const unlisted = sheet ? undefined : call.unlisted?.(query);
  const isSliced = facts.stream && !facts.hiddenOutput && !facts.uncuttable && fit;
  const slice = limits.streamSliceTokens * facts.choices;
  return {
    inputTokens,
    ceiling,
    firstSlice: isSliced
      ? firstSliceOf(slice, { ceiling, learned, isCounted: counted !== null })
      : ceiling,
    unknownInput,
    least: leastUseful(facts, { ceiling, fit, expected: learned.output.expected(ceiling) }),
    rates,
    fees: rates ? feesOf(rates, facts.serverToolCalls) : zero,
    ...(unlisted && { bound: boundOf(unlisted, facts.serverToolCalls) }),
  };
}

/** @param ceiling Of a provider whose model has no price. */
export function boundOf(ceiling: FallbackRates, toolCalls: number): DemandCeiling {
  return { rates: ceiling, fees: feesOf(ratesOf(ceiling), toolCalls) };
}

/** The rates and fees of a ceiling, as of a model with a price. */
export function ratesOf({ input, output, ceiling }: FallbackRates): DearestRates {
  const { webSearch, request } = ceiling ?? {};
  return {
    input,
    output,
    webSearch: webSearch?.perUnit ?? zero,
    request: request?.perUnit ?? zero,
  };
}

export function feesOf(
  { webSearch, request }: Pick<DearestRates, "webSearch" | "request">,
  toolCalls: number,
): PicoUsd {
  return add(multiply(webSearch, toolCalls), request);
}

/** Upper bound of the input, from its bytes. */
export function boundOfBytes({ textBytes, addedTokens }: RequestFacts): number {
  return textBytes + addedTokens;
}

/** Whether the same texts always cost the same, because nothing else is in the input. */
export function isTextOnly({ media, storedContext, serverToolCalls, unit }: RequestFacts): boolean {
  const unseen = media.images + media.audios + media.files + serverToolCalls;
  return unseen === 0 && !storedContext && unit === undefined;
}

/**
 * @param tokens.output Output tokens to hold.
 * @param tokens.least The fewest that must be held.
 */
export function demandOf(
  { rates, fees, besides, bound }: Pick<Estimate, "rates" | "fees" | "besides" | "bound">,
  {
    input,
    output,
    least,
  }: { readonly input: number; readonly output: number; readonly least: number },
): Demand {
  return {
    fixed: {
      usd: rates ? add(multiply(rates.input, input), fees) : fees,
      tokens: BigInt(input),
      requests: 1n,
    },
    perOutputToken: rates?.output ?? null,
    outputTokens: output,
    leastOutputTokens: least,
    inputTokens: input,
    ...(besides && { besides }),
    ...(bound && { ceiling: bound }),
  };
}

/** The demand of a call whose amount is known before it is made. */
export function fixedDemand(fixed: Quantities): Demand {
  return {
    fixed,
    perOutputToken: zero,
    outputTokens: 0,
    leastOutputTokens: 0,
    inputTokens: 0,
  };
}

/** If the provider adds input of its own, a count of the request is not an upper bound. */
function textTokens(
  learned: LearnedOfModel,
  facts: RequestFacts,
  counted: CountedInput | null,
): number {
  const added = learned.added.tokens;
  const byBytes = boundOfBytes(facts) + added;
  if (!counted) return byBytes;
  const billed = isTextOnly(facts) ? learned.inputs.of(counted.digest) : undefined;
  if (billed !== undefined) return billed;
  return added > 0 ? byBytes : Math.min(byBytes, counted.tokens + facts.addedTokens);
}

/**
 * Input that is not in the body: media, a stored conversation, results of the provider's tools.
 * Each has a configured bound.
 */
function unseenTokens(limits: CallLimits, { facts, sheet }: CallToEstimate): number {
  const { media, serverToolCalls, storedContext } = facts;
  return (
    media.images * limits.imageTokens +
    media.audios * limits.audioTokens +
    media.files * limits.fileTokens +
    serverToolCalls * limits.serverToolTokens +
    (storedContext ? (sheet?.contextWindow ?? limits.contextTokens) : 0)
  );
}

/** A stored conversation may contain anything. */
export function hasMedia({ media, storedContext }: RequestFacts): boolean {
  return storedContext || media.images + media.audios + media.files > 0;
}

function outputCeiling(limits: CallLimits, { facts, route, sheet }: CallToEstimate): number {
  if (route.endpoint.name === "embeddings" || route.endpoint.name === "embed_content") return 0;
  const known = sheet?.maxOutputTokens ?? limits.maxOutputTokens;
  const asked = facts.maxOutputTokens;
  return (asked === null ? known : asked) * facts.choices;
}

/**
 * The shortest output worth paying for: a quarter of the requested limit, but no less than a short
 * answer, because a call cut to a few tokens is useless and still costs its input. Without a
 * requested limit, a short answer is enough. If recent calls needed even less, that is enough.
 */
function leastUseful(
  facts: RequestFacts,
  {
    ceiling,
    fit,
    expected,
  }: { readonly ceiling: number; readonly fit: boolean; readonly expected: number | null },
): number {
  if (!fit || facts.uncuttable) return ceiling;
  const needed = usefulOutput({
    ceiling,
    isAsked: facts.maxOutputTokens !== null,
    choices: facts.choices,
    expected,
  });
  return Math.min(ceiling, Math.max(needed, facts.leastOutputTokens * facts.choices));
}

/**
 * @param isAsked Whether the caller set the ceiling.
 * @param expected What recent calls of this kind needed.
 */
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
  const enough = isAsked
    ? Math.max(Math.ceil(ceiling / 4), shortestAnswer * choices)
    : shortAnswer * choices;
  return Math.min(ceiling, Math.max(1, Math.min(enough, expected ?? enough)));
}

/**
 * Output to hold before a stream starts. Most streams are held in full, up to their ceiling, which
 * is the most that the provider can bill. For a longer stream, the hold covers what the
 * provider may generate until a refusal reaches it.
 *
 * Without a token count, the slice also covers what recent streams needed, so most end without a
 * top-up.
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

/** How many slices are held ahead for one stream. */
const slicesAhead = 16;

/** Text rarely has more bytes per token than this. */
export const bytesPerToken = 8;

/**
 * The most that a provider is assumed to add to the input until a call shows it: its own
 * instructions, and tools as it writes them.
 */
const mostUnknownInput = 4096;

const shortAnswer = 256;
const shortestAnswer = 64;
