/** Reads the facts of a Gemini request, and edits its output limit. */

import { PurserError } from "../../domain/error.ts";
import { checkedModelName } from "../../domain/input/model-name.ts";
import type { FeeMeter } from "../../domain/usage/usage.ts";
import { editBody } from "../body/edit.ts";
import { bodyScanner, type IntegerBounds, type ScannedBody } from "../body/scan.ts";
import { referenceKeys, storedUse } from "./stored.ts";
import type { Endpoint, MediaCounts, ReadRequest, RequestFacts } from "../wire.ts";
import { askedTier } from "./terms.ts";

/** Google's APIs accept every name in both spellings. */
interface Spelling {
  readonly camel: string;
  readonly snake: string;
}

/** Overhead of a conversation. */
const addedTokens = 16;

const noMedia: MediaCounts = { images: 0, audios: 0, files: 0 };
const searchKeys = (
  "googleSearch google_search googleSearchRetrieval google_search_retrieval " +
  "enterpriseWebSearch enterprise_web_search parallelAiSearch exaAiSearch"
).split(" ");
const mapsKeys = ["googleMaps", "google_maps"];
const mediaKeys = ["inlineData", "inline_data", "fileData", "file_data"];

const scan = bodyScanner({
  nested: ["generationConfig", "generation_config"].flatMap((name) => [
    name,
    `${name}.thinkingConfig`,
    `${name}.thinking_config`,
  ]),
  keys: [...searchKeys, ...mapsKeys, ...mediaKeys, ...referenceKeys],
  values: ["mimeType", "mime_type"],
});

/** Searches held for a prompt billed by query; before Gemini 3, a prompt is billed once. */
const searchesPerPrompt = 10;

/**
 * Models that think by default: 2.5 except Flash-Lite, all from 3 on, and the aliases of the
 * newest.
 */
const thinksByDefault = /gemini-(?:2\.5-(?!flash-lite)|[3-9]|\d\d|(?:pro|flash)-latest)/;

interface Thinking {
  readonly object: string;
  readonly budget: Spelling;
  readonly level: Spelling;
}

/**
 * The settings that are read, in both spellings. Their paths are built once and used for every
 * body.
 */
interface Settings {
  readonly ceiling: Spelling;
  readonly candidates: Spelling;
  /** In the object of either spelling. */
  readonly thinking: readonly [camel: Thinking, snake: Thinking];
  readonly schemas: readonly Spelling[];
  readonly mimeType: Spelling;
  readonly modalities: Spelling;
}

const configurations: Spelling = { camel: "generationConfig", snake: "generation_config" };
const camelSettings = settingsIn(configurations.camel);
const snakeSettings = settingsIn(configurations.snake);
const tierField: Spelling = { camel: "serviceTier", snake: "service_tier" };
const candidateBounds: IntegerBounds = { min: 1, max: 1000 };
const budgetBounds: IntegerBounds = { min: -1 };

/** @throws PurserError `invalid_request` as documented in WireFormat. */
export function readGeminiRequest(endpoint: Endpoint, bytes: Uint8Array): ReadRequest {
  const body = scan(bytes);
  const settings =
    pick(body, configurations) === configurations.camel ? camelSettings : snakeSettings;
  const ceiling = pick(body, settings.ceiling);
  const facts = readFacts(body, { endpoint, settings, ceiling });
  return {
    facts,
    stored: storedUse(body),
    edit({ maxOutputTokens }) {
      if (maxOutputTokens === undefined) return bytes;
      return editBody(body, [{ path: ceiling, json: String(maxOutputTokens) }]);
    },
  };
}

interface Place {
  readonly endpoint: Endpoint;
  /** The paths in the generation configuration, in the body's spelling. */
  readonly settings: Settings;
  /** The path of the output limit. */
  readonly ceiling: string;
}

function readFacts(body: ScannedBody, { endpoint, settings, ceiling }: Place): RequestFacts {
  const model = checkedModelName(endpoint.model);
  const thinking = readThinking(body, { model, settings });
  const fees = readFees(body, model);
  return {
    model,
    stream: endpoint.stream ?? false,
    textBytes: body.textBytes,
    addedTokens,
    media: readMedia(body),
    storedContext: body.has("cachedContent") || body.has("cached_content"),
    maxOutputTokens: endpoint.name === "embeddings" ? 0 : (body.integer(ceiling) ?? null),
    choices: body.integer(pick(body, settings.candidates), candidateBounds) ?? 1,
    leastOutputTokens: thinking.least,
    uncuttable: wantsSchema(body, settings),
    hiddenOutput: thinking.hidden || makesMedia(body, settings),
    cacheWrite: "none",
    serviceTier: askedTier(body.string(pick(body, tierField))),
    serverToolCalls: fees.reduce((sum, [, most]) => sum + most, 0),
    fees: fees.map(([fee]) => fee),
    usageAsked: true,
  };
}

/**
 * Thoughts are billed, count towards the limit, and are streamed only as summaries, if at all. A
 * budget of 0 turns them off, -1 leaves it to the model.
 */
function readThinking(
  body: ScannedBody,
  { model, settings }: { readonly model: string; readonly settings: Settings },
): { readonly hidden: boolean; readonly least: number } {
  const [camel, snake] = settings.thinking;
  const thinking =
    pick(body, { camel: camel.object, snake: snake.object }) === camel.object ? camel : snake;
  const budget = body.integer(pick(body, thinking.budget), budgetBounds);
  const hasLevel = body.has(pick(body, thinking.level));
  if (budget !== undefined) return { hidden: budget !== 0, least: Math.max(0, budget) + 1 };
  return { hidden: hasLevel || thinksByDefault.test(model), least: 1 };
}

function wantsSchema(body: ScannedBody, settings: Settings): boolean {
  const type = body.string(pick(body, settings.mimeType));
  return (
    settings.schemas.some((schema) => body.has(pick(body, schema))) ||
    (type !== undefined && type !== "text/plain")
  );
}

/** Images and speech come in one piece: they are fully billed before anything passes. */
function makesMedia(body: ScannedBody, settings: Settings): boolean {
  const modalities = body.raw(pick(body, settings.modalities));
  return modalities !== undefined && /image|audio|video/i.test(modalities);
}

/** A file is anything that is neither an image nor audio, or has no type. */
function readMedia(body: ScannedBody): MediaCounts {
  const total = mediaKeys.reduce((sum, key) => sum + body.keyCount(key), 0);
  if (total === 0) return noMedia;
  const types = [...body.values("mimeType"), ...body.values("mime_type")];
  const count = (kind: string): number =>
    types
      .filter(([type]) => type.toLowerCase().startsWith(kind))
      .reduce((sum, [, times]) => sum + times, 0);
  const images = Math.min(total, count("image/"));
  const audios = Math.min(total - images, count("audio/"));
  return { images, audios, files: total - images - audios };
}

/** Each fee that may be due, and how often. */
function readFees(
  body: ScannedBody,
  model: string,
): readonly (readonly [fee: FeeMeter, most: number])[] {
  const offers = (keys: readonly string[]): boolean => keys.some((key) => body.keyCount(key) > 0);
  const searches = /gemini-[12](?!\d)/.test(model) ? 1 : searchesPerPrompt;
  return [
    ...(offers(searchKeys) ? [["web_search", searches] as const] : []),
    ...(offers(mapsKeys) ? [["maps_grounding", 1] as const] : []),
  ];
}

function settingsIn(configuration: string): Settings {
  const thinking = (object: string): Thinking => ({
    object,
    budget: within(object, "thinkingBudget", "thinking_budget"),
    level: within(object, "thinkingLevel", "thinking_level"),
  });
  return {
    ceiling: within(configuration, "maxOutputTokens", "max_output_tokens"),
    candidates: within(configuration, "candidateCount", "candidate_count"),
    thinking: [
      thinking(`${configuration}.thinkingConfig`),
      thinking(`${configuration}.thinking_config`),
    ],
    schemas: [
      within(configuration, "responseSchema", "response_schema"),
      within(configuration, "responseJsonSchema", "response_json_schema"),
      within(configuration, "responseFormat", "response_format"),
    ],
    mimeType: within(configuration, "responseMimeType", "response_mime_type"),
    modalities: within(configuration, "responseModalities", "response_modalities"),
  };
}

function within(parent: string, camel: string, snake: string): Spelling {
  return { camel: `${parent}.${camel}`, snake: `${parent}.${snake}` };
}

/** The spelling used in the body; the documented one if it uses neither. */
function pick(body: ScannedBody, { camel, snake }: Spelling): string {
  if (body.field(snake) === undefined) return camel;
  if (body.field(camel) === undefined) return snake;
  throw new PurserError("invalid_request", `${camel} is repeated, once as ${snake}`, {
    field: camel,
    remedy: "Send this field once.",
  });
}
