/** Meters an answer that is a file, of speech or of a transcript, which reports no usage. */

import type { AnswerToMeter, Endpoint, UsageMeter } from "../../wire.ts";

const nothing = new Uint8Array(0);

/**
 * Characters are known from the request, the length of audio is bounded by it. Tokens are not
 * reported: the output is estimated from the size of the file.
 */
export function fileMeter(
  { name }: Endpoint,
  { facts, byUnits = false }: AnswerToMeter,
): UsageMeter {
  let bytes = 0;
  const isSpeech = name === "speech";
  return {
    output: null,
    finished: false,
    passed: () => undefined,
    push(chunk) {
      bytes += chunk.length;
      return chunk;
    },
    get progress() {
      return {
        inputTokens: null,
        outputTokens: byUnits ? 0 : isSpeech ? tokensOfSpeech(bytes) : bytes,
      };
    },
    end: () => ({
      rest: nothing,
      reading: {
        model: null,
        parts: byUnits ? [{ model: null, usage: facts.units ?? {} }] : [],
        ...(!isSpeech && { partial: true }),
        reportedCost: null,
        serviceTier: facts.serviceTier,
        rawUsage: null,
        flags: [],
        passedBytes: 0,
      },
    }),
    stop: () => nothing,
  };
}

/**
 * An upper bound: speech has about 21 tokens a second, and at least 1000 bytes a second even as
 * Opus.
 */
function tokensOfSpeech(bytes: number): number {
  return Math.ceil(bytes / 48);
}
