/** Reads the token counts of a span: from gross counts in many spellings to disjoint ones. */

import type { Attributes } from "../app/port/telemetry.ts";
import type { Usage, UsageFlag } from "../domain/usage/usage.ts";
import { countOf } from "./attribute.ts";

export interface Counts {
  readonly usage: Usage;
  /** `usage_implausible` if the counts contradict each other. */
  readonly flags: readonly UsageFlag[];
}

/**
 * Input includes cached tokens, and output reasoning, by the conventions of OpenTelemetry. Some
 * libraries copy Anthropic's counts, in which cached tokens are apart: the sum, or else the size of
 * the parts, shows it.
 *
 * @param isAnthropic Whether the provider reports uncached input.
 * @returns undefined if the span has no counts.
 * @throws PurserError `invalid_request` for a count that is none.
 */
export function countsOf(attributes: Attributes, isAnthropic: boolean): Counts | undefined {
  const read = (names: readonly string[]): number | undefined => countOf(attributes, names);
  const given = { input: read(spellings.input), output: read(spellings.output) };
  if (given.input === undefined && given.output === undefined) return undefined;
  const counts = {
    input: given.input ?? 0,
    output: given.output ?? 0,
    cacheRead: read(spellings.cacheRead) ?? 0,
    cacheWrite: read(spellings.cacheWrite) ?? 0,
    cacheWrite1h: read(spellings.cacheWrite1h) ?? 0,
    reasoning: read(spellings.reasoning) ?? 0,
    inputAudio: read(spellings.inputAudio) ?? 0,
    outputAudio: read(spellings.outputAudio) ?? 0,
    total: read(spellings.total),
    uncached: read(["ai.usage.inputTokenDetails.noCacheTokens"]),
    isApart:
      isAnthropic &&
      attributes.has("ai.operationId") &&
      !attributes.has("ai.usage.inputTokenDetails.noCacheTokens"),
  };
  return disjoint(counts);
}

interface Gross {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** Of any lifetime. */
  readonly cacheWrite: number;
  readonly cacheWrite1h: number;
  readonly reasoning: number;
  readonly inputAudio: number;
  readonly outputAudio: number;
  readonly total: number | undefined;
  /** Input without cached tokens, if the span has it apart. */
  readonly uncached: number | undefined;
  /** Whether the library is known to report cached tokens apart from input. */
  readonly isApart: boolean;
}

function disjoint(gross: Gross): Counts {
  const { output, cacheRead, cacheWrite, reasoning, inputAudio, outputAudio } = gross;
  const write1h = Math.min(gross.cacheWrite1h, cacheWrite || gross.cacheWrite1h);
  const write = Math.max(cacheWrite, write1h);
  const parts = cacheRead + write + inputAudio;
  const input = inputOf(gross, parts);
  const { all: allOutput, doubtful } = outputOf(gross, input.all);
  const text = Math.max(0, allOutput - outputAudio);
  const usage = {
    input: input.all - parts,
    cache_read: cacheRead,
    cache_write_5m: write - write1h,
    cache_write_1h: write1h,
    input_audio: inputAudio,
    output: text,
    output_audio: outputAudio,
    reasoning: Math.min(reasoning, text),
  };
  const isDoubtful = input.doubtful || doubtful || outputAudio > output;
  return {
    usage: Object.fromEntries(
      Object.entries(usage).filter(([name, count]) => count > 0 || always.has(name)),
    ),
    flags: isDoubtful ? ["usage_implausible"] : [],
  };
}

const always: ReadonlySet<string> = new Set(["input", "output"]);

interface Sum {
  readonly all: number;
  readonly doubtful: boolean;
}

/** All input, with its parts. If the counts contradict each other, the larger sum. */
function inputOf({ input, output, total, uncached, isApart }: Gross, parts: number): Sum {
  if (uncached !== undefined) return { all: uncached + parts, doubtful: false };
  const isAdded = total !== undefined && parts > 0 && total === input + output + parts;
  if (isAdded || isApart) return { all: input + parts, doubtful: false };
  return parts > input ? { all: input + parts, doubtful: true } : { all: input, doubtful: false };
}

/** All output, with reasoning: Gemini reports it apart. */
function outputOf({ input, output, reasoning, total }: Gross, allInput: number): Sum {
  const isAdded =
    total !== undefined &&
    reasoning > 0 &&
    [input, allInput].some((one) => total === one + output + reasoning);
  if (isAdded) return { all: output + reasoning, doubtful: false };
  if (reasoning > output) return { all: output + reasoning, doubtful: true };
  const isConsistent =
    total === undefined || total === 0 || [input, allInput].some((one) => total === one + output);
  return { all: output, doubtful: !isConsistent };
}

/** OpenTelemetry's names, present and past, then those of libraries. */
const spellings = {
  input: [
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "ai.usage.tokens",
  ],
  output: [
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
  ],
  cacheRead: [
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.cache_read_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "gen_ai.usage.details.cache_read_input_tokens",
    "gen_ai.usage.input_tokens.cached",
    "llm.usage.cache_read_input_tokens",
    "llm.token_count.prompt_details.cache_read",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "ai.usage.cachedInputTokens",
  ],
  cacheWrite: [
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.cache_write_tokens",
    "gen_ai.usage.details.cache_write_tokens",
    "gen_ai.usage.details.cache_creation_input_tokens",
    "gen_ai.usage.input_tokens.cache_write",
    "llm.usage.cache_creation_input_tokens",
    "llm.token_count.prompt_details.cache_write",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
  ],
  cacheWrite1h: ["gen_ai.usage.cache_creation.ephemeral_1h_input_tokens"],
  reasoning: [
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.output_tokens.reasoning",
    "gen_ai.usage.details.reasoning_tokens",
    "llm.usage.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
    "llm.token_count.reasoning",
    "ai.usage.outputTokenDetails.reasoningTokens",
    "ai.usage.reasoningTokens",
  ],
  inputAudio: [
    "gen_ai.usage.audio.input_tokens",
    "gen_ai.usage.details.input_audio_tokens",
    "llm.token_count.prompt_details.audio",
  ],
  outputAudio: [
    "gen_ai.usage.audio.output_tokens",
    "gen_ai.usage.details.output_audio_tokens",
    "llm.token_count.completion_details.audio",
  ],
  total: [
    "gen_ai.usage.total_tokens",
    "llm.usage.total_tokens",
    "llm.token_count.total",
    "ai.usage.totalTokens",
  ],
} as const;
