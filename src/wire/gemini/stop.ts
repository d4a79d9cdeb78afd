/**
 * Writes a usage object as Gemini reports it: thoughts outside the candidates, cached content
 * inside the prompt.
 */

import { countContext, countTokens, type Usage } from "../../domain/usage/usage.ts";

export function geminiUsage(usage: Usage): object {
  const thoughts = usage.reasoning ?? 0;
  const output = (usage.output ?? 0) + (usage.output_audio ?? 0) + (usage.output_image ?? 0);
  const cached = (usage.cache_read ?? 0) + (usage.cache_read_audio ?? 0);
  return {
    promptTokenCount: countContext(usage),
    ...(cached > 0 && { cachedContentTokenCount: cached }),
    candidatesTokenCount: Math.max(0, output - thoughts),
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
    totalTokenCount: countTokens(usage),
  };
}
