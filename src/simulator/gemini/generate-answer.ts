/** Formats an answer of generateContent, and the parts that streams share with it. */

import type { Counts, Plan } from "../call.ts";

export const generateIdPrefix = "gemini-sim-";

export function generateAnswer(plan: Plan): string {
  const list: string[] = [];
  for (let index = 0; index < plan.ask.choices; index++)
    list.push(candidate(wholeParts(plan), { index, finish: finishReason(plan) }));
  return response(plan, list.join(","), usageFields(plan));
}

export function finishReason(plan: Plan): string {
  return plan.cut ? "MAX_TOKENS" : "STOP";
}

/** Gemini sends a function call whole, even in a stream. */
export function wholeParts(plan: Plan): string {
  const text = plan.content.slice(0, plan.content.tokens);
  if (!plan.tool) return `{"text":${JSON.stringify(text)}}`;
  return `{"functionCall":{"id":"call_sim_${plan.number}","name":${JSON.stringify(plan.tool.name)},"args":${plan.cut || text === "" ? "{}" : text}}}`;
}

export function candidate(
  parts: string,
  { index, finish }: { readonly index: number; readonly finish: string | null },
): string {
  const reason = finish === null ? "" : `,"finishReason":"${finish}"`;
  return `{"content":{"parts":[${parts}],"role":"model"}${reason},"index":${index}}`;
}

export function response(plan: Plan, candidates: string, usage: string): string {
  return (
    `{"candidates":[${candidates}]${usage},"modelVersion":${JSON.stringify(plan.model)},` +
    `"responseId":"${generateIdPrefix}${plan.number}"}`
  );
}

export function usageFields(plan: Plan): string {
  const first = plan.claimedFirst ? `,"usageMetadata":${usage(plan.claimedFirst)}` : "";
  return first + (plan.claimed ? `,"usageMetadata":${usage(plan.claimed)}` : "");
}

/**
 * Cached tokens are part of the prompt; thoughts are outside the candidates but part of the total.
 */
export function usage(counts: Counts): string {
  const prompt = counts.input + counts.cache_read + counts.cache_write_5m + counts.cache_write_1h;
  const cached = counts.cache_read > 0 ? `"cachedContentTokenCount":${counts.cache_read},` : "";
  const thoughts = counts.reasoning > 0 ? `,"thoughtsTokenCount":${counts.reasoning}` : "";
  return (
    `{"promptTokenCount":${prompt},${cached}"candidatesTokenCount":${counts.output - counts.reasoning},` +
    `"totalTokenCount":${prompt + counts.output},"promptTokensDetails":[{"modality":"TEXT","tokenCount":${prompt}}]${thoughts}}`
  );
}
