/** Where each count of an OpenAI-shaped usage object stands: one table of the names that vendors and gateways give it. */

/** The parts of a path from the top of the usage object. */
export type CountPath = readonly string[];

/** The details of the input and of the output. Chat Completions and Responses call them differently; Mistral once wrote the singular. */
export const inputDetails = ["prompt_tokens_details", "input_tokens_details", "prompt_token_details"] as const;
export const outputDetails = ["completion_tokens_details", "output_tokens_details"] as const;

/** Of several that are there, the first one that is not zero counts: gateways fill in zeros for names that they do not use. */
interface CountNames {
  readonly prompt: readonly CountPath[];
  readonly completion: readonly CountPath[];
  readonly total: readonly CountPath[];
  readonly cacheHit: readonly CountPath[];
  readonly cacheMiss: readonly CountPath[];
  readonly cacheRead: readonly CountPath[];
  readonly cacheWrite: readonly CountPath[];
  readonly cacheWrite5m: readonly CountPath[];
  readonly cacheWrite1h: readonly CountPath[];
  readonly reasoning: readonly CountPath[];
  readonly searches: readonly CountPath[];
}

const lifetimes = ["cache_creation", "cache_creation_token_details"];

/**
 * OpenAI, DeepSeek (`prompt_cache_hit_tokens`), Moonshot (`cached_tokens`), DashScope (`cache_creation_input_tokens` in the details),
 * LiteLLM and others that pass Anthropic's names on, and what Codex and xAI's own protocol say; read 2026-11.
 */
export const countNames: CountNames = {
  prompt: top("prompt_tokens", "input_tokens"),
  completion: top("completion_tokens", "output_tokens"),
  total: top("total_tokens"),
  cacheHit: top("prompt_cache_hit_tokens"),
  cacheMiss: top("prompt_cache_miss_tokens"),
  cacheRead: [
    ...inside(inputDetails, "cached_tokens", "cache_read_input_tokens", "cache_read_tokens", "cached_input_tokens"),
    ...top("prompt_cache_hit_tokens", "cache_read_input_tokens", "cached_tokens", "cache_read_tokens", "cached_input_tokens"),
    ...top("cached_prompt_tokens", "cached_prompt_text_tokens", "num_cached_tokens"),
  ],
  cacheWrite: [
    ...inside(inputDetails, "cache_write_tokens", "cache_creation_input_tokens", "cache_creation_tokens", "cache_write_input_tokens"),
    ...top("cache_creation_input_tokens", "cache_write_tokens", "cache_creation_tokens", "cache_write_input_tokens"),
  ],
  cacheWrite5m: [
    ...lifetimes.flatMap((name) => [
      [name, "ephemeral_5m_input_tokens"],
      ...inside(
        inputDetails.map((details) => [details, name]),
        "ephemeral_5m_input_tokens",
      ),
    ]),
    ...top("claude_cache_creation_5_m_tokens"),
  ],
  cacheWrite1h: [
    ...lifetimes.flatMap((name) => [
      [name, "ephemeral_1h_input_tokens"],
      ...inside(
        inputDetails.map((details) => [details, name]),
        "ephemeral_1h_input_tokens",
      ),
    ]),
    ...top("claude_cache_creation_1_h_tokens"),
  ],
  reasoning: [
    ...inside(outputDetails, "reasoning_tokens", "thinking_tokens", "thoughts_tokens"),
    ...top("reasoning_tokens", "thinking_tokens", "thoughts_tokens"),
  ],
  searches: [["server_tool_use", "web_search_requests"], ["num_search_queries"]],
};

function top(...names: readonly string[]): readonly CountPath[] {
  return names.map((name) => [name]);
}

function inside(objects: readonly (string | CountPath)[], ...names: readonly string[]): readonly CountPath[] {
  return names.flatMap((name) => objects.map((object) => [...(typeof object === "string" ? [object] : object), name]));
}
