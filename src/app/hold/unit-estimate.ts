/** Bounds the cost of units other than tokens: of calls billed by them, and of images in chats. */

import { add, zero } from "../../domain/money/money.ts";
import type { PriceSheet } from "../../domain/price/sheet.ts";
import { givenImageCost } from "../../domain/price/given-images.ts";
import { chargesTokens, unitBound } from "../../domain/price/unit-price.ts";
import { asBilled } from "../../domain/usage/billed-unit.ts";
import type { RequestFacts } from "../../wire/wire.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import type { CallLimits } from "../port/limits.ts";
import type { Provider } from "../port/provider.ts";
import type { Estimate } from "./estimate.ts";

interface CallByUnit {
  readonly facts: RequestFacts;
  readonly sheet: PriceSheet | undefined;
  readonly provider: Pick<Provider, "leastUnits">;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The sheet by which a call is held: none if it has no price at the time for what the call is billed
 * by, such as one that ended while the call waited.
 */
export function sheetToHold(
  sheet: PriceSheet | undefined,
  { unit, serviceTier, region }: Pick<RequestFacts, "unit" | "serviceTier" | "region">,
  at: number,
): PriceSheet | undefined {
  if (!sheet || sheet.pricesTokens) return sheet;
  if (!unit) return undefined;
  const query = { serviceTier, region, at };
  const isPriced = unitBound(sheet, unit, query) !== undefined || chargesTokens(sheet, query);
  return isPriced ? sheet : undefined;
}

/**
 * Adds the cost of the units to the fees of the estimate. Tokens are held too only if they have a
 * price: the answer then decides which of the two is billed.
 */
export function withUnit(byText: Estimate, call: CallByUnit): Estimate {
  const { facts, sheet, provider, at } = call;
  const { unit, serviceTier, region } = facts;
  if (!sheet) return byText;
  const query = { serviceTier, region, at };
  if (!unit) {
    const images = givenImageCost(sheet, facts.media.images, query);
    return images === zero ? byText : { ...byText, fees: add(byText.fees, images) };
  }
  const estimate = withAudio(byText, call);
  const most = unitBound(sheet, asBilled(unit, provider.leastUnits), query);
  if (most === undefined) return estimate;
  const held = { ...estimate, fees: add(estimate.fees, most) };
  return chargesTokens(sheet, query) ? held : { ...held, ...noTokens };
}

interface CallWithAudio extends Omit<CallByUnit, "provider"> {
  readonly limits: Pick<CallLimits, "audioTokens">;
}

/**
 * Adds the cost of the seconds of recordings in a chat, if the model bills them besides tokens: as
 * many as the tokens that are held for them have, and as the model can read.
 */
export function withAudioSeconds(
  estimate: Estimate,
  { facts, sheet, at, limits }: CallWithAudio,
): Estimate {
  const { media, unit, serviceTier, region } = facts;
  if (media.audios === 0 || unit || !sheet) return estimate;
  const tokens = Math.min(media.audios * limits.audioTokens, sheet.contextWindow ?? Infinity);
  const count = Math.ceil(tokens / audioTokensPerSecond);
  const family = audioSeconds;
  const most = unitBound(sheet, { meters: [family], family, count }, { serviceTier, region, at });
  return most === undefined ? estimate : { ...estimate, fees: add(estimate.fees, most) };
}

/**
 * Voxtral, the only one with such a price, reads 12.5 tokens a second
 * (https://arxiv.org/abs/2507.13264).
 */
const audioTokensPerSecond = 12.5;
const audioSeconds = openMeter("audio_seconds");

/** The rates of audio too, if the input is a recording: its tokens may cost more than those of text. */
function withAudio(estimate: Estimate, { facts, sheet }: CallByUnit): Estimate {
  if (facts.unit?.input !== "audio" || !sheet || !estimate.rates) return estimate;
  const { cacheWrite, serviceTier, region, fees } = facts;
  const inputTokens = estimate.inputTokens + estimate.unknownInput;
  const rates = sheet.dearest({ cacheWrite, serviceTier, region, fees, inputTokens, media: true });
  return { ...estimate, rates };
}

const noTokens = {
  inputTokens: 0,
  ceiling: 0,
  firstSlice: 0,
  least: 0,
  unknownInput: 0,
  rates: { input: zero, output: zero },
};
