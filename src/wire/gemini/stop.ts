/** Writes the end of a Gemini stream that is cut: a last chunk with usage, then the error. */

import { countContext, countOutput, countTokens, type Usage } from "../../domain/usage/usage.ts";
import { sseEvent } from "../answer/sse-framing.ts";
import type { Cut } from "../wire.ts";
import type { GeminiAnswer } from "./answer.ts";
import type { ArrayFraming } from "./array-framing.ts";
import { geminiError } from "./error.ts";

export function eventsEnd(answer: GeminiAnswer, cut: Cut): string {
  return sseEvent(JSON.stringify(lastChunk(answer, cut))) + sseEvent(geminiError(cut.error));
}

export function arrayEnd(array: ArrayFraming, answer: GeminiAnswer, cut: Cut): string {
  const chunk = JSON.stringify(lastChunk(answer, cut));
  return `${array.passedElements === 0 ? "[" : ","}${chunk},${geminiError(cut.error)}]`;
}

/** Ends every open candidate. `finishMessage` is Google's own field for the reason in words. */
function lastChunk(answer: GeminiAnswer, { error, usage }: Cut): object {
  const candidates = answer.open.map((index) => ({
    content: { role: "model", parts: [{ text: "" }] },
    finishReason: "MAX_TOKENS",
    finishMessage: error.message,
    index,
  }));
  return {
    candidates,
    usageMetadata: geminiUsage(usage),
    ...(answer.model !== null && { modelVersion: answer.model }),
    ...(answer.responseId !== null && { responseId: answer.responseId }),
  };
}

/** Thoughts are outside the candidates, cached content is inside the prompt. */
function geminiUsage(usage: Usage): object {
  const thoughts = usage.reasoning ?? 0;
  const cached = (usage.cache_read ?? 0) + (usage.cache_read_audio ?? 0);
  return {
    promptTokenCount: countContext(usage),
    ...(cached > 0 && { cachedContentTokenCount: cached }),
    candidatesTokenCount: Math.max(0, countOutput(usage) - thoughts),
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
    totalTokenCount: countTokens(usage),
  };
}
