/** Estimates the audio tokens of generated speech by the size of its file. */

import { bytesPerSecond } from "./audio-length.ts";

export interface SpeechFile {
  /** Its bytes, in total. */
  readonly length: number;
  /** The first of them, with the header. */
  readonly head: Buffer;
  /** As requested, such as `pcm`; undefined if the provider decides. */
  readonly format: string | undefined;
}

/**
 * An upper bound for the usual bit rates: that of the header, else the lowest that is usual in the
 * format.
 */
export function speechTokens({ length, head, format = "" }: SpeechFile): number {
  const rate = bytesPerSecond(head) ?? leastRates.get(format) ?? leastRate;
  return Math.ceil((length * tokensPerSecond) / rate);
}

/**
 * By the prices of `gpt-4o-mini-tts` per token and per minute
 * (https://platform.openai.com/docs/pricing, read 2026-11).
 */
const tokensPerSecond = 21;

/** 16 kbit/s. */
const leastRate = 2000;

/**
 * Bytes per second. PCM is "24kHz (16-bit signed, low-endian), without the header", and WAV the same
 * with one (https://platform.openai.com/docs/guides/text-to-speech, read 2026-11).
 */
const leastRates: ReadonlyMap<string, number> = new Map([
  ["pcm", 48_000],
  ["wav", 48_000],
  ["flac", 10_000],
  ["aac", 4000],
]);
