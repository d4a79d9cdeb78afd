/** Formats the usage objects of the OpenAI wire in each provider's dialect, as JSON text. */

import type { Counts, Plan, SimulatedProvider } from "../call.ts";

/**
 * The cost to report, in dialects that report one, at a placeholder rate of one micro-USD per
 * token. It is not a price: it shows whether a reported cost is kept alongside one's own.
 */
function microUsd(counts: Counts): number {
  return (
    counts.input + counts.cache_read + counts.cache_write_5m + counts.cache_write_1h + counts.output
  );
}

/** USD as a JSON number. */
function costUsd(plan: Plan, counts: Counts): string {
  return plan.directive.cost_usd ?? String(microUsd(counts) / 1_000_000);
}

/** xAI counts in ticks, 10^10 per dollar (docs.x.ai/developers/cost-tracking, read 2026-11). */
function ticks(plan: Plan, counts: Counts): string {
  const { cost_usd: cost } = plan.directive;
  if (cost === undefined) return String(microUsd(counts) * 10_000);
  const [whole = "0", fraction = ""] = cost.split(".");
  return String(BigInt(whole) * 10_000_000_000n + BigInt(fraction.padEnd(10, "0").slice(0, 10)));
}

function promptTokens(counts: Counts): number {
  return counts.input + counts.cache_read + counts.cache_write_5m + counts.cache_write_1h;
}

/** `usage` of a chat completion. */
export function chatUsage(plan: Plan, counts: Counts): string {
  return chatDialects[plan.provider](plan, counts);
}

const chatDialects: Readonly<Record<SimulatedProvider, (plan: Plan, counts: Counts) => string>> = {
  openai: (_plan, counts) =>
    `{${sums(counts, counts.output)},${promptDetails(counts)},${completionDetails(counts)}}`,
  anthropic: (plan, counts) => chatDialects.openai(plan, counts),
  gemini: (plan, counts) => chatDialects.openai(plan, counts),
  deepseek: (_plan, counts) => {
    const miss = promptTokens(counts) - counts.cache_read;
    const reasoning =
      counts.reasoning > 0
        ? `,"completion_tokens_details":{"reasoning_tokens":${counts.reasoning}}`
        : "";
    return (
      `{${sums(counts, counts.output)},"prompt_tokens_details":{"cached_tokens":${counts.cache_read}}${reasoning}` +
      `,"prompt_cache_hit_tokens":${counts.cache_read},"prompt_cache_miss_tokens":${miss}}`
    );
  },
  // Reasoning is outside completion_tokens here, but part of the total.
  xai: (plan, counts) =>
    `{${sums(counts, counts.output - counts.reasoning)},"prompt_tokens_details":{"text_tokens":${promptTokens(counts)},` +
    `"audio_tokens":0,"image_tokens":0,"cached_tokens":${counts.cache_read}},${completionDetails(counts)},` +
    `"num_sources_used":${counts.web_search},"cost_in_usd_ticks":${ticks(plan, counts)}}`,
  openrouter: (plan, counts) =>
    `{${sums(counts, counts.output)},"cost":${costUsd(plan, counts)},"is_byok":false,${promptDetails(counts)},` +
    `"cost_details":{"upstream_inference_cost":${costUsd(plan, counts)}},${completionDetails(counts)}}`,
};

function sums(counts: Counts, completion: number): string {
  const prompt = promptTokens(counts);
  return `"prompt_tokens":${prompt},"completion_tokens":${completion},"total_tokens":${prompt + counts.output}`;
}

function promptDetails(counts: Counts): string {
  const written = counts.cache_write_5m + counts.cache_write_1h;
  const writes = written > 0 ? `,"cache_write_tokens":${written}` : "";
  return `"prompt_tokens_details":{"cached_tokens":${counts.cache_read},"audio_tokens":0${writes}}`;
}

function completionDetails(counts: Counts): string {
  return (
    `"completion_tokens_details":{"reasoning_tokens":${counts.reasoning},"audio_tokens":0,` +
    `"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}`
  );
}

/** `usage` of a response: includes reasoning, for xAI too. */
export function responsesUsage(plan: Plan, counts: Counts): string {
  const prompt = promptTokens(counts);
  const written = counts.cache_write_5m + counts.cache_write_1h;
  const writes = written > 0 ? `,"cache_write_tokens":${written}` : "";
  const cost =
    plan.provider === "xai"
      ? `,"cost_in_usd_ticks":${ticks(plan, counts)}`
      : plan.provider === "openrouter"
        ? `,"cost":${costUsd(plan, counts)}`
        : "";
  return (
    `{"input_tokens":${prompt},"input_tokens_details":{"cached_tokens":${counts.cache_read}${writes}},` +
    `"output_tokens":${counts.output},"output_tokens_details":{"reasoning_tokens":${counts.reasoning}},` +
    `"total_tokens":${prompt + counts.output}${cost}}`
  );
}

/**
 * `"usage":…` with a leading comma; twice if there is a false one first; empty if the answer has
 * none. JSON parsers keep the last of two equal keys.
 */
export function usageFields(plan: Plan, print: (plan: Plan, counts: Counts) => string): string {
  const first = plan.claimedFirst ? `,"usage":${print(plan, plan.claimedFirst)}` : "";
  return first + (plan.claimed ? `,"usage":${print(plan, plan.claimed)}` : "");
}
