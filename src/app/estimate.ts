/** What a call can cost at most, before it is made. */

import type { Learned } from "../domain/estimate/learned.ts";
import type { Demand } from "../domain/ledger/command.ts";
import { add, multiply, zero, type PicoUsd } from "../domain/money/money.ts";
import type { PriceSheet } from "../domain/price/sheet.ts";
import type { RequestFacts } from "../wire/wire.ts";
import type { CallLimits } from "./limits.ts";
import type { Route } from "./route.ts";

export interface Estimate {
  readonly inputTokens: number;
  /** All output that can come, over all choices. */
  readonly ceiling: number;
  /** Output to hold at first: the ceiling; or, for a stream that can be seen as it passes and may be cut, as much as such streams have needed. */
  readonly firstSlice: number;
  /** What is held on top while no such call has ended, and nobody knows what the provider counts; null once that is known. */
  readonly caution: Caution | null;
  /** The fewest output tokens worth having: below this a call is refused and not fitted. */
  readonly least: number;
  /** Tokens that are billed for each that a stream's bytes are taken for; 1 at most. The same from its first slice to its charge. */
  readonly passedFactor: number;
  /** Rates of the hold; null when the model has no price. */
  readonly rates: { readonly input: PicoUsd; readonly output: PicoUsd } | null;
  /** Held besides tokens: tool calls with a fee, and a fee for the request. */
  readonly fees: PicoUsd;
}

export interface Caution {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface EstimateContext {
  readonly learned: Learned;
  readonly limits: CallLimits;
}

/**
 * Input from bytes with the learned correction, media at their stated bounds, output up to its ceiling, all at the dearest
 * rate that can apply.
 *
 * @param fit Whether fewer output tokens than asked for are acceptable (`x-purser-fit`).
 */
export function estimate(
  context: EstimateContext,
  call: { readonly route: Route; readonly facts: RequestFacts; readonly sheet: PriceSheet | undefined; readonly fit: boolean },
): Estimate {
  const { facts, sheet, route, fit } = call;
  const { limits } = context;
  const learned = context.learned.of(route.provider.priceProvider, route.model);
  const inputTokens = learned.input.estimate(facts.textBytes) + mediaTokens(limits, facts);
  const ceiling = outputCeiling(limits, call);
  const { cacheWrite, serviceTier, region, fees } = facts;
  const rates = sheet?.dearest({ inputTokens, cacheWrite, serviceTier, region, fees, media: hasMedia(facts) }) ?? null;
  const isSliced = facts.stream && !facts.hiddenOutput && !facts.uncuttable && fit;
  const slice = limits.streamSliceTokens * facts.choices;
  const streamed = isSliced ? learned.streamed.expected(ceiling) : null;
  const firstSlice = isSliced ? Math.min(ceiling, firstSliceOf(slice, streamed)) : ceiling;
  const unknownInput = learned.input.isKnown ? 0 : facts.textBytes + unknownOverhead;
  const unknownOutput = isSliced && streamed === null ? Math.min(ceiling, slice * mostSlices) - firstSlice : 0;
  return {
    inputTokens,
    ceiling,
    firstSlice,
    caution: unknownInput > 0 || unknownOutput > 0 ? { inputTokens: unknownInput, outputTokens: unknownOutput } : null,
    passedFactor: learned.passed.factor,
    least: leastUseful(facts, { ceiling, fit, expected: learned.output.expected(ceiling) }),
    rates,
    fees: rates ? add(multiply(rates.webSearch, facts.serverToolCalls), rates.request) : zero,
  };
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

function mediaTokens(limits: CallLimits, { media }: RequestFacts): number {
  return media.images * limits.imageTokens + media.audios * limits.audioTokens + media.files * limits.fileTokens;
}

function hasMedia({ media }: RequestFacts): boolean {
  return media.images + media.audios + media.files > 0;
}

function outputCeiling(
  limits: CallLimits,
  { facts, route, sheet }: { readonly facts: RequestFacts; readonly route: Route; readonly sheet: PriceSheet | undefined },
): number {
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
  const enough =
    facts.maxOutputTokens === null ? shortAnswer * facts.choices : Math.max(Math.ceil(ceiling / 4), shortestAnswer * facts.choices);
  const needed = Math.max(1, Math.min(enough, expected ?? enough));
  return Math.min(ceiling, Math.max(needed, facts.leastOutputTokens * facts.choices));
}

/** As much as such streams have needed and a little more, so that most of them end without another top-up, within bounds. */
function firstSliceOf(slice: number, expected: number | null): number {
  return Math.max(slice, Math.min(slice * mostSlices, (expected ?? 0) + Math.ceil(slice / 4)));
}

/** The most that is held ahead for one stream. */
const mostSlices = 16;

/** What a provider may add to a body of which nothing is known: instructions of its own, tools as it writes them. */
const unknownOverhead = 4096;

const shortAnswer = 256;
const shortestAnswer = 64;
