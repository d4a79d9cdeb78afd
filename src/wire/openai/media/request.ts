/** Reads the facts of a request for speech, images or another medium, and edits its body. */

import { PurserError } from "../../../domain/error.ts";
import { openMeter } from "../../../domain/usage/open-meter.ts";
import { bodyScanner, editBody } from "../../body/index.ts";
import type { Endpoint, ReadRequest, RequestFacts } from "../../wire.ts";
import { named, namedKeys, namedUse } from "../stored.ts";
import { mostSeconds, unseenSeconds } from "./audio-length.ts";
import { jsonFields, type MediaFields } from "./fields.ts";
import { isForm, readForm } from "./form.ts";

const scan = bodyScanner({ keys: namedKeys });

/** @throws PurserError `invalid_request` naming the field. */
export function readMediaRequest(endpoint: Endpoint, body: Uint8Array): ReadRequest {
  if (formEndpoints.has(endpoint.name) && isForm(body)) return readFormRequest(endpoint, body);
  const scanned = scan(body);
  const fields = jsonFields(scanned);
  return {
    facts: factsOf(endpoint, fields),
    stored: { uses: namedUse(scanned), makes: false },
    edit: ({ model }) => {
      if (model === undefined) return body;
      const edited = editBody(scanned, [{ path: "model", json: JSON.stringify(model) }]);
      return edited === scanned.bytes ? body : edited;
    },
  };
}

function readFormRequest(endpoint: Endpoint, body: Uint8Array): ReadRequest {
  const form = readForm(body);
  const { contentType } = form;
  const facts = factsOf(endpoint, form, (name) => form.files(name));
  const { uses, models } = named({ method: "POST", path: "", contentType, body });
  if (models.some((model) => model !== facts.model))
    throw new PurserError("invalid_request", "the form names more than one model", {
      field: "model",
      remedy: "Name the model once.",
    });
  return {
    facts,
    stored: { uses, makes: false },
    edit: ({ model }) => (model === undefined ? body : form.withText("model", model)),
    contentType,
  };
}

/** Endpoints that take an upload. */
const formEndpoints: ReadonlySet<string> = new Set([
  "transcriptions",
  "translations",
  "image_edits",
  "image_variations",
]);

const longestModelName = 256;

type Files = (name: string) => readonly Buffer[];

function factsOf(endpoint: Endpoint, fields: MediaFields, files: Files = () => []): RequestFacts {
  const model = fields.text("model") ?? endpoint.model ?? defaultModels.get(endpoint.name) ?? "";
  if (model === "" || model.length > longestModelName)
    throw new PurserError(
      "invalid_request",
      `model must be a name of 1 to ${longestModelName} characters`,
      { field: "model", remedy: "Name the model to call." },
    );
  return {
    model,
    stream: false,
    textBytes: fields.textBytes,
    addedTokens: 64,
    media: { images: 0, audios: 0, files: 0 },
    storedContext: false,
    maxOutputTokens: null,
    choices: 1,
    leastOutputTokens: 1,
    uncuttable: true,
    hiddenOutput: false,
    cacheWrite: "none",
    serviceTier: "standard",
    serverToolCalls: 0,
    fees: [],
    usageAsked: true,
    ...readers[endpoint.name]?.(fields, { model, files }),
  };
}

/** What OpenAI runs if the request names no model (API reference, read 2026-11). */
const defaultModels: ReadonlyMap<string, string> = new Map([
  ["image_generations", "dall-e-2"],
  ["image_edits", "dall-e-2"],
  ["image_variations", "dall-e-2"],
]);

type Reader = (fields: MediaFields, call: MediaCall) => Partial<RequestFacts>;

interface MediaCall {
  readonly model: string;
  /** The files uploaded under a name. */
  readonly files: Files;
}

const readers: Readonly<Record<string, Reader>> = {
  speech: readSpeech,
  transcriptions: readAudio,
  translations: readAudio,
  image_generations: readImages,
  image_edits: readImages,
  image_variations: readImages,
  rerank: readRerank,
};

const textFormats: ReadonlySet<string> = new Set(["text", "srt", "vtt"]);

/** Models that are billed by tokens read and write fewer of them in a second of speech. */
const mostTokensPerSecond = 50;

function readAudio(fields: MediaFields, { files }: MediaCall): Partial<RequestFacts> {
  const [file] = files("file");
  const seconds = file ? mostSeconds(file) : unseenSeconds;
  return {
    stream: fields.flag("stream") ?? false,
    ...(textFormats.has(fields.text("response_format") ?? "") && { isFile: true }),
    addedTokens: 64 + seconds * mostTokensPerSecond,
    maxOutputTokens: 256 + seconds * mostTokensPerSecond,
    media: { images: 0, audios: 1, files: 0 },
    units: { [openMeter("audio_seconds")]: seconds },
  };
}

/**
 * A search unit is a query with up to 100 documents; a longer document counts as several, of 500
 * tokens (https://cohere.com/pricing, read 2026-11).
 */
function readRerank(fields: MediaFields): Partial<RequestFacts> {
  const documents = fields.length("documents");
  const chunks = documents + Math.ceil(fields.textBytes / 500);
  return {
    // The query is read again with each document.
    addedTokens: documents * (Buffer.byteLength(fields.text("query") ?? "") + 16),
    maxOutputTokens: 0,
    units: { [openMeter("search_units")]: Math.max(1, Math.ceil(chunks / 100)) },
  };
}

/** OpenAI counts characters, not bytes or UTF-16 units, of the text that is spoken. */
function readSpeech(fields: MediaFields): Partial<RequestFacts> {
  const stream = fields.text("stream_format") === "sse";
  return {
    stream,
    ...(!stream && { isFile: true }),
    units: { [openMeter("characters")]: charactersOf(fields.text("input") ?? "") },
  };
}

function charactersOf(text: string): number {
  let count = 0;
  for (const _character of text) count++;
  return count;
}

function readImages(fields: MediaFields, { model, files }: MediaCall): Partial<RequestFacts> {
  const n = fields.whole("n", { min: 1, max: 1000 }) ?? 1;
  const stream = fields.flag("stream") ?? false;
  const quality = word(fields.text("quality"), "standard");
  const size = word(fields.text("size"), "1024x1024");
  const most = mostTokens(model, { quality, size });
  return {
    stream,
    choices: n,
    media: { images: files("image").length + files("mask").length, audios: 0, files: 0 },
    maxOutputTokens: most === null ? null : most + 100 * partialImages(fields),
    units: { [openMeter(`images_${quality}_${size}`)]: n },
  };
}

function partialImages(fields: MediaFields): number {
  return fields.whole("partial_images", { min: 0, max: 100 }) ?? 0;
}

/** @returns The text if it can be part of a meter's name; `auto` and an absent one are the usual. */
function word(text: string | undefined, usual: string): string {
  const lower = text?.toLowerCase() ?? "auto";
  return lower !== "auto" && /^[a-z0-9]{1,24}$/.test(lower) ? lower : usual;
}

/**
 * Output tokens of one image (https://platform.openai.com/docs/guides/image-generation, read
 * 2026-11); null if no table is known for the model.
 */
function mostTokens(
  model: string,
  { quality, size }: { readonly quality: string; readonly size: string },
): number | null {
  if (!/gpt-image-1/.test(model)) return null;
  const isSquare = size === "1024x1024";
  if (quality === "low") return isSquare ? 272 : 408;
  if (quality === "medium") return isSquare ? 1056 : 1584;
  return 6240;
}
