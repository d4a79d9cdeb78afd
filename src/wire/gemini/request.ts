/** What has to be known of a Gemini request before it is held, and how its body is fitted. */

import { PurserError } from "../../domain/error.ts";
import type { ServiceTier } from "../../domain/price/rate.ts";
import { editBody } from "../body/edit.ts";
import { bodyScanner, type ScannedBody } from "../body/scan.ts";
import type { Endpoint, MediaCounts, ReadRequest, RequestFacts } from "../wire.ts";

/** Google's APIs take every name in both spellings. */
interface Spelling {
  readonly camel: string;
  readonly snake: string;
}

const searchKeys = ["googleSearch", "google_search", "googleSearchRetrieval", "google_search_retrieval", "googleMaps", "google_maps"];
const otherSearchKeys = ["enterpriseWebSearch", "enterprise_web_search", "parallelAiSearch", "exaAiSearch"];
const mediaKeys = ["inlineData", "inline_data", "fileData", "file_data"];

const scan = bodyScanner({
  nested: ["generationConfig", "generation_config"].flatMap((name) => [name, `${name}.thinkingConfig`, `${name}.thinking_config`]),
  keys: [...searchKeys, ...otherSearchKeys, ...mediaKeys],
  values: ["mimeType", "mime_type"],
});

/** Searches held for a prompt that may search and is billed by query; before Gemini 3 a prompt is billed once. */
const searchesPerPrompt = 10;

/** Models that think unless told not to: 2.5 but for Flash-Lite, all from 3 on, and the names that move to the newest. */
const thinksByDefault = /gemini-(?:2\.5-(?!flash-lite)|[3-9]|\d\d|(?:pro|flash)-latest)/;

/** @throws PurserError `invalid_request` as the contract of WireFormat says. */
export function readGeminiRequest(endpoint: Endpoint, bytes: Uint8Array): ReadRequest {
  const body = scan(bytes);
  const configuration = pick(body, { camel: "generationConfig", snake: "generation_config" });
  const ceiling = pick(body, { camel: `${configuration}.maxOutputTokens`, snake: `${configuration}.max_output_tokens` });
  const facts = readFacts(body, { endpoint, configuration, ceiling });
  return {
    facts,
    edit({ maxOutputTokens }) {
      if (maxOutputTokens === undefined) return bytes;
      return editBody(body, [{ path: ceiling, json: String(maxOutputTokens) }]);
    },
  };
}

interface Place {
  readonly endpoint: Endpoint;
  /** The path of the generation configuration, as the body spells it. */
  readonly configuration: string;
  /** The path of the output ceiling. */
  readonly ceiling: string;
}

function readFacts(body: ScannedBody, { endpoint, configuration, ceiling }: Place): RequestFacts {
  const model = endpoint.model ?? "";
  const thinking = readThinking(body, { model, configuration });
  return {
    model,
    stream: endpoint.stream ?? false,
    textBytes: body.textBytes,
    media: readMedia(body),
    maxOutputTokens: endpoint.name === "embeddings" ? 0 : (body.integer(ceiling) ?? null),
    choices: body.integer(pick(body, within(configuration, "candidateCount", "candidate_count")), { min: 1, max: 1000 }) ?? 1,
    leastOutputTokens: thinking.least,
    uncuttable: wantsSchema(body, configuration),
    hiddenOutput: thinking.hidden || makesMedia(body, configuration),
    cacheWrite: "none",
    serviceTier: readTier(body),
    serverToolCalls: readSearches(body, model),
    usageAsked: true,
  };
}

/** Thoughts are billed, count towards the ceiling, and pass as summaries at most. A budget of 0 turns them off, -1 leaves it to the model. */
function readThinking(
  body: ScannedBody,
  { model, configuration }: { readonly model: string; readonly configuration: string },
): { readonly hidden: boolean; readonly least: number } {
  const thinking = pick(body, within(configuration, "thinkingConfig", "thinking_config"));
  const budget = body.integer(pick(body, within(thinking, "thinkingBudget", "thinking_budget")), { min: -1 });
  const level = body.raw(pick(body, within(thinking, "thinkingLevel", "thinking_level")));
  if (budget !== undefined) return { hidden: budget !== 0, least: Math.max(0, budget) + 1 };
  return { hidden: level !== undefined || thinksByDefault.test(model), least: 1 };
}

function wantsSchema(body: ScannedBody, configuration: string): boolean {
  const has = (camel: string, snake: string): boolean => body.raw(pick(body, within(configuration, camel, snake))) !== undefined;
  const type = body.string(pick(body, within(configuration, "responseMimeType", "response_mime_type")));
  return (
    has("responseSchema", "response_schema") ||
    has("responseJsonSchema", "response_json_schema") ||
    has("responseFormat", "response_format") ||
    (type !== undefined && type !== "text/plain")
  );
}

/** Images and speech come in one piece: nothing of them passes before all of it is billed. */
function makesMedia(body: ScannedBody, configuration: string): boolean {
  const modalities = body.raw(pick(body, within(configuration, "responseModalities", "response_modalities")));
  return modalities !== undefined && /image|audio|video/i.test(modalities);
}

/** What is neither an image nor audio, or does not say what it is, counts as a file. */
function readMedia(body: ScannedBody): MediaCounts {
  const total = mediaKeys.reduce((sum, key) => sum + body.keyCount(key), 0);
  const types = [...body.values("mimeType"), ...body.values("mime_type")];
  const count = (kind: string): number => types.filter(([type]) => type.startsWith(kind)).reduce((sum, [, times]) => sum + times, 0);
  const images = Math.min(total, count("image/"));
  const audios = Math.min(total - images, count("audio/"));
  return { images, audios, files: total - images - audios };
}

function readTier(body: ScannedBody): ServiceTier {
  const tier = body.string(pick(body, { camel: "serviceTier", snake: "service_tier" }))?.toLowerCase();
  return tier === "flex" || tier === "priority" ? tier : "standard";
}

function readSearches(body: ScannedBody, model: string): number {
  const offered = [...searchKeys, ...otherSearchKeys].some((key) => body.keyCount(key) > 0);
  if (!offered) return 0;
  return /gemini-[12]\./.test(model) ? 1 : searchesPerPrompt;
}

function within(parent: string, camel: string, snake: string): Spelling {
  return { camel: `${parent}.${camel}`, snake: `${parent}.${snake}` };
}

/** The spelling that the body uses, the documented one when it uses none. */
function pick(body: ScannedBody, { camel, snake }: Spelling): string {
  if (body.field(snake) === undefined) return camel;
  if (body.field(camel) === undefined) return snake;
  throw new PurserError("invalid_request", `${camel} stands twice, once as ${snake}`, { field: camel, remedy: "Send this field once." });
}
