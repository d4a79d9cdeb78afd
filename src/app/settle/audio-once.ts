/** Charges audio once, if an answer reports it in seconds and in tokens. */

import type { ChargeOptions, PriceSheet } from "../../domain/price/sheet.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import type { Usage, UsagePart } from "../../domain/usage/usage.ts";

export const audioSeconds = openMeter("audio_seconds");

/**
 * The usage without the tokens of the audio if the model has a price for its seconds under the terms,
 * else without the seconds if there are tokens. Seconds without either are `unpriced`.
 *
 * @param sheetOf The price sheet of a part's model.
 */
export function withAudioOnce(
  parts: readonly UsagePart[],
  sheetOf: (part: UsagePart) => PriceSheet | undefined,
  terms: ChargeOptions,
): readonly UsagePart[] {
  if (!parts.some(hasSeconds)) return parts;
  return parts.map((part) => {
    const sheet = hasSeconds(part) ? sheetOf(part) : undefined;
    return sheet ? { ...part, usage: audioOnce(part.usage, sheet.unitRates(terms)) } : part;
  });
}

function hasSeconds({ usage }: UsagePart): boolean {
  return (usage[audioSeconds] ?? 0) > 0;
}

function audioOnce(usage: Usage, rates: ReturnType<PriceSheet["unitRates"]>): Usage {
  const { input_audio = 0, cache_read_audio = 0, ...withoutTokens } = usage;
  if (rates.has(audioSeconds)) return withoutTokens;
  if (input_audio + cache_read_audio === 0) return usage;
  const { [audioSeconds]: _, ...withoutSeconds } = usage;
  return withoutSeconds;
}
