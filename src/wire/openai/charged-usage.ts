/** Writes the usage charged for a cut stream as OpenAI reports usage. */

import { countContext, countOutput, type Usage } from "../../domain/usage/usage.ts";

export function chatUsage(usage: Usage): object {
  const { input, output, cached, reasoning } = totals(usage);
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

export function responsesUsage(usage: Usage): object {
  const { input, output, cached, reasoning } = totals(usage);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}

/** Counts as OpenAI has them: cached input inside the input, reasoning inside the output. */
function totals(usage: Usage) {
  return {
    input: countContext(usage),
    output: countOutput(usage),
    cached: (usage.cache_read ?? 0) + (usage.cache_read_audio ?? 0),
    reasoning: usage.reasoning ?? 0,
  };
}
