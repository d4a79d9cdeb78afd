/** Reads Gemini's `usageMetadata`. */

import type { ServiceTier } from "../../domain/price/row/rate.ts";
import type { Usage } from "../../domain/usage/usage.ts";
import { CountReader, toObjects, usageOf, type JsonObject } from "../count/count.ts";
import { servedTier } from "./terms.ts";

export interface GeminiUsage {
  readonly usage: Usage;
  /** Null if the answer does not report its tier. */
  readonly serviceTier: ServiceTier | null;
  /** Whether a count was impossible; it is then absent. */
  readonly invalid: boolean;
}

const outputFields = ["candidatesTokenCount", "responseTokenCount", "thoughtsTokenCount"];
const countFields = [
  "promptTokenCount",
  "cachedContentTokenCount",
  ...outputFields,
  "toolUsePromptTokenCount",
  "totalTokenCount",
];

/**
 * Whether a `usageMetadata` counts anything: Vertex sends some with only a traffic type, others
 * with all zeros.
 */
export function countsTokens(metadata: JsonObject): boolean {
  return countFields.some((field) => isCounted(metadata[field]));
}

/** Whether it counts output: a report of the prompt alone does not cover the generated text. */
export function countsOutput(metadata: JsonObject): boolean {
  if (outputFields.some((field) => isCounted(metadata[field]))) return true;
  const [total = 0, prompt = 0, tools = 0] = [
    "totalTokenCount",
    "promptTokenCount",
    "toolUsePromptTokenCount",
  ].map((field) => Number(metadata[field] ?? 0));
  return total > prompt + tools;
}

function isCounted(count: unknown): boolean {
  return (count ?? 0) !== 0;
}

/**
 * Reads `usageMetadata`.
 *
 * The prompt count includes cached tokens. Thoughts are separate from the candidates and billed as
 * output; tool results are separate from the prompt and billed as input. Audio has prices of its
 * own for input and output, images and video only for output, where they share a meter: image, video
 * and document input costs the same as text (https://ai.google.dev/api/generate-content#UsageMetadata, .../docs/pricing, read
 * 2026-11).
 */
export function readGeminiUsage(metadata: JsonObject): GeminiUsage {
  const counts = new CountReader();
  const usage = { ...readInput(metadata, counts), ...readOutput(metadata, counts) };
  return { usage, serviceTier: servedTier(metadata), invalid: counts.invalid };
}

function readInput(metadata: JsonObject, counts: CountReader): Usage {
  const prompt = counts.read(metadata, "promptTokenCount");
  const cached = counts.read(metadata, "cachedContentTokenCount") ?? 0;
  const tools = counts.read(metadata, "toolUsePromptTokenCount") ?? 0;
  const cachedAudio = Math.min(
    cached,
    modality(metadata["cacheTokensDetails"], { name: "AUDIO", counts }),
  );
  const promptAudio = modality(metadata["promptTokensDetails"], { name: "AUDIO", counts });
  const fresh = counts.subtract(prompt ?? cached, cached);
  const freshAudio = Math.min(fresh, Math.max(0, promptAudio - cachedAudio));
  const toolAudio = Math.min(
    tools,
    modality(metadata["toolUsePromptTokensDetails"], { name: "AUDIO", counts }),
  );
  return usageOf({
    input: prompt === undefined ? undefined : fresh - freshAudio + tools - toolAudio,
    cache_read: cached - cachedAudio,
    input_audio: freshAudio + toolAudio,
    cache_read_audio: cachedAudio,
  });
}

function readOutput(metadata: JsonObject, counts: CountReader): Usage {
  const thoughts = counts.read(metadata, "thoughtsTokenCount") ?? 0;
  const candidates = readCandidates(metadata, { thoughts, counts });
  if (candidates === undefined) return usageOf({ output: undefined, reasoning: thoughts });
  const audio = Math.min(
    candidates,
    modality(metadata["candidatesTokensDetails"], { name: "AUDIO", counts }),
  );
  const image = Math.min(
    candidates - audio,
    modality(metadata["candidatesTokensDetails"], { name: "IMAGE", counts }) +
      modality(metadata["candidatesTokensDetails"], { name: "VIDEO", counts }),
  );
  return usageOf({
    output: candidates - audio - image + thoughts,
    output_audio: audio,
    output_image: image,
    reasoning: thoughts,
  });
}

/**
 * The Live API writes `responseTokenCount`. Tokens that only the total includes are output:
 * unreported thoughts.
 */
function readCandidates(
  metadata: JsonObject,
  { thoughts, counts }: { readonly thoughts: number; readonly counts: CountReader },
): number | undefined {
  const field = ["candidatesTokenCount", "responseTokenCount"].find(
    (name) => (metadata[name] ?? undefined) !== undefined,
  );
  const reported = field === undefined ? 0 : counts.read(metadata, field);
  const prompt = counts.read(metadata, "promptTokenCount");
  const tools = counts.read(metadata, "toolUsePromptTokenCount") ?? 0;
  const total = counts.read(metadata, "totalTokenCount") ?? 0;
  if (reported === undefined || (field !== undefined && prompt === undefined)) return reported;
  return Math.max(reported, total - (prompt ?? 0) - tools - thoughts);
}

function modality(
  details: unknown,
  { name, counts }: { readonly name: string; readonly counts: CountReader },
): number {
  let sum = 0;
  for (const detail of toObjects(details))
    if (detail["modality"] === name) sum += counts.read(detail, "tokenCount") ?? 0;
  return sum;
}
