/** Prices an answer: its reported usage at the prices of its time, or a flagged estimate. */

import { nothing, type Outcome } from "../../domain/ledger/entry.ts";
import { zero } from "../../domain/money/money.ts";
import { billFor, type Bill } from "../../domain/price/bill.ts";
import type { FallbackRates } from "../../domain/price/row/rate.ts";
import { givenImages, withGivenImages } from "../../domain/price/given-images.ts";
import { askedOf, sheetOfServed, type AskedModel } from "../../domain/price/served.ts";
import type { ChargeOptions, PriceBook, PriceSheet } from "../../domain/price/sheet.ts";
import {
  countContext,
  countTokens,
  type UsageFlag,
  type UsagePart,
} from "../../domain/usage/usage.ts";
import type { Progress, Reading, RequestFacts } from "../../wire/wire.ts";
import { withAudioOnce } from "./audio-once.ts";
import { believeUsage, isCeilingStated, type BoundedCall } from "./believe-usage.ts";
import type { Route } from "../route/target.ts";
import { inputMeter } from "./input-meter.ts";
import { readingByUnit } from "./unit-reading.ts";
import { usedByModel } from "./used-by-model.ts";

/** What was known of a call before it was forwarded. */
export interface CallToPrice extends BoundedCall {
  readonly route: Route;
  /** When it was held. Prices of this time apply. */
  readonly heldAt: number;
  /** Rates of the hold of a model without a price. */
  readonly fallback: FallbackRates | null;
}

/** An answer that was read, completely or in part. */
export interface AnswerToPrice {
  readonly reading: Reading;
  readonly progress: Progress;
  readonly latencyMs: number;
  /** Flags not raised by the reading. */
  readonly flags: readonly UsageFlag[];
}

export function priceAnswer(prices: PriceBook, call: CallToPrice, answer: AnswerToPrice): Outcome {
  if (isUnbilled(answer.reading)) return unbilledOutcome(prices.version, call, answer);
  const model = answer.reading.model ?? call.route.model;
  const sheetOf = sheetFinder(prices, call, { model, reading: answer.reading });
  const { reading, isFinal, isBilled, reportedParts, believed } = readUsage(call, answer, {
    model,
    sheetOf,
  });
  const { serviceTier, region, reportedCost } = reading;
  const bill = billFor({
    model,
    parts: believed.parts,
    sheetOf,
    terms: { serviceTier, region, at: call.heldAt },
    fallback: call.fallback,
    reported: { cost: reportedCost, isBilled },
  });
  const isImplausible = believed.isImplausible || bill.flags.includes("usage_implausible");
  return {
    status: bill.isBilled || (isFinal && !isImplausible) ? "settled" : "estimated",
    model,
    ...usedByModel(believed.parts),
    charges: bill.charges,
    cost: { usd: bill.cost, tokens: countAll(believed.parts), requests: 1n },
    reportedCost,
    ...(bill.computedCost !== undefined && { computedCost: bill.computedCost }),
    rawUsage: reading.rawUsage,
    flags: flagsOf(call, answer, {
      parts: reportedParts,
      isFinal,
      isImplausible,
      bill,
      isOverContext: isOverContext(reportedParts, sheetOf),
    }),
    latencyMs: answer.latencyMs,
    priceVersion: prices.version,
  };
}

interface ReadUsage {
  /** The answer's, or that of what it made by unit. */
  readonly reading: Reading;
  /** Whether the provider reported the usage of the whole answer. */
  readonly isFinal: boolean;
  /** Whether the reported cost is what the provider bills. */
  readonly isBilled: boolean;
  /** As reported, or else estimated. */
  readonly reportedParts: readonly UsagePart[];
  readonly believed: ReturnType<typeof believeUsage>;
}

function readUsage(
  call: CallToPrice,
  answer: AnswerToPrice,
  { model, sheetOf }: { readonly model: string; readonly sheetOf: SheetFinder },
): ReadUsage {
  const { serviceTier, region } = answer.reading;
  const terms = { serviceTier, region, at: call.heldAt };
  const byUnit =
    call.facts.unit && readingByUnit(call, answer.reading, sheetOf({ model, usage: {} }));
  const reading = byUnit ?? {
    ...answer.reading,
    parts: withAudioOnce(answer.reading.parts, sheetOf, terms),
  };
  const isFinal = reading.parts.length > 0 && !reading.partial;
  const reportedParts = isFinal || byUnit ? reading.parts : estimatedParts(call, answer);
  // A billed cost is final, whatever the counts next to it say.
  const isBilled = isAmountBilled(call, answer, isFinal);
  const { passedBytes, serverCalls = 0 } = reading;
  const believed = believeUsage(call, {
    parts: reportedParts,
    passedBytes,
    serverCalls,
    inputTokens: estimatedInput(call, answer),
    fillsIn: !isBilled && !byUnit,
    sheetOf,
  });
  const parts = byUnit
    ? believed.parts
    : believed.parts.map(withImages(call.facts, sheetOf, terms));
  return { reading, isFinal, isBilled, reportedParts, believed: { ...believed, parts } };
}

/** Adds the images of the request to the main part, if its model charges for each. */
function withImages({ media }: RequestFacts, sheetOf: SheetFinder, terms: ChargeOptions) {
  return (part: UsagePart, index: number): UsagePart => {
    const images = index === 0 ? givenImages(sheetOf(part), media.images, terms) : undefined;
    return images ? { ...part, usage: withGivenImages(part.usage, images) } : part;
  };
}

type SheetFinder = (part: UsagePart) => PriceSheet | undefined;

/** @param answer.model The model that answered: that of parts without a name. */
function sheetFinder(
  prices: PriceBook,
  { route, facts, heldAt }: CallToPrice,
  { model, reading }: { readonly model: string; readonly reading: Reading },
): SheetFinder {
  const asked = askedOf(prices, {
    provider: route.provider.name,
    model: route.model,
    at: heldAt,
    units: unitsToPrice(facts, reading),
  });
  const own = sheetOfServed(prices, asked, model);
  return (part) =>
    part.model === null || part.model === model ? own : sheetOfServed(prices, asked, part.model);
}

/** None has to have a price if the answer reports tokens: they may be billed instead. */
function unitsToPrice({ unit }: RequestFacts, reading: Reading): AskedModel["units"] {
  if (!unit) return undefined;
  return reading.parts.length > 0 ? [] : [unit];
}

function isOverContext(parts: readonly UsagePart[], sheetOf: SheetFinder): boolean {
  return parts.some(
    (part) => countContext(part.usage) > (sheetOf(part)?.contextWindow ?? Number.POSITIVE_INFINITY),
  );
}

/**
 * Some answers are not billed: a refusal that the format marks as such, and an error instead of an
 * answer, without text or reported tokens. Providers bill neither, as with an error status.
 */
function isUnbilled({ flags, parts, passedBytes, reportedCost }: Reading): boolean {
  if (flags.includes("unbilled")) return true;
  const isNothing = passedBytes === 0 && countAll(parts) === 0n;
  return (
    flags.includes("provider_error") &&
    isNothing &&
    (reportedCost === null || reportedCost === zero)
  );
}

function unbilledOutcome(
  priceVersion: string,
  call: CallToPrice,
  { reading, flags, latencyMs }: AnswerToPrice,
): Outcome {
  const odd = [
    ...flags,
    ...reading.flags.filter((flag) => flag !== "usage_missing"),
    "unbilled" as const,
  ];
  return {
    status: "settled",
    model: reading.model ?? call.route.model,
    usage: {},
    charges: [],
    cost: nothing,
    reportedCost: reading.reportedCost,
    rawUsage: reading.rawUsage,
    flags: [...new Set(odd)],
    latencyMs,
    priceVersion,
  };
}

/**
 * Whether the reported cost is the final bill. For a stream that was cut, it may cover only the
 * beginning.
 */
function isAmountBilled(
  { route }: CallToPrice,
  { reading, flags }: AnswerToPrice,
  isFinal: boolean,
): boolean {
  if (!route.provider.reportsBilledCost || reading.reportedCost === null || reading.costIsPart)
    return false;
  return (
    isFinal ||
    !(
      reading.flags.includes("unfinished") ||
      reading.flags.includes("malformed") ||
      flags.includes("cut")
    )
  );
}

function countAll(parts: readonly UsagePart[]): bigint {
  return BigInt(parts.reduce((sum, { usage }) => sum + countTokens(usage), 0));
}

/**
 * Usage of an answer that broke off: the counts reported so far, with the received output in the
 * main part, which comes first. If the input was not reported or is impossible, it is counted, or
 * else estimated.
 */
function estimatedParts(call: CallToPrice, answer: AnswerToPrice): readonly UsagePart[] {
  const [main, ...others] = answer.reading.parts;
  const { outputTokens: passed } = answer.progress;
  const estimated = estimatedInput(call, answer);
  if (!main) {
    const output = call.facts.unit?.output ?? "output";
    const usage = { [inputMeter(call.facts)]: estimated, [output]: passed };
    return [{ model: null, usage }];
  }
  const { output = 0 } = main.usage;
  const isInputKnown = answer.reading.parts.some(({ usage }) => countContext(usage) > 0);
  const usage = {
    ...main.usage,
    ...(!isInputKnown && { [inputMeter(call.facts)]: estimated }),
    output: Math.max(output, passed),
  };
  return [{ ...main, usage }, ...others];
}

function estimatedInput({ estimate }: CallToPrice, { progress }: AnswerToPrice): number {
  return progress.inputTokens || estimate.inputTokens;
}

/** Collects the flags, each once. @param charged.parts As reported. */
function flagsOf(
  call: CallToPrice,
  answer: AnswerToPrice,
  charged: {
    readonly parts: readonly UsagePart[];
    readonly isFinal: boolean;
    readonly isImplausible: boolean;
    readonly bill: Bill;
    readonly isOverContext: boolean;
  },
): readonly UsageFlag[] {
  const { parts, isFinal, isImplausible, bill, isOverContext } = charged;
  const flags = [...answer.flags, ...answer.reading.flags];
  if (isOverCeiling(call, parts)) flags.push("over_ceiling");
  if (isOverContext) flags.push("over_context");
  if (!isFinal) flags.push("usage_missing");
  flags.push(...bill.flags);
  if (isImplausible) flags.push("usage_implausible");
  return flags.length > 1 ? [...new Set(flags)] : flags;
}

function isOverCeiling(call: CallToPrice, parts: readonly UsagePart[]): boolean {
  const { output = 0 } = usedByModel(parts).usage;
  return isCeilingStated(call) && output > call.ceiling.sent;
}
