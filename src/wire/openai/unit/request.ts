/** Reads a request that is billed by characters, seconds, images, videos, searches or pages. */

import { PurserError } from "../../../domain/error.ts";
import { checkedModelName } from "../../../domain/input/model-name.ts";
import { openMeter } from "../../../domain/usage/open-meter.ts";
import type {
  Endpoint,
  EndpointUnit,
  ReadRequest,
  RequestedUnit,
  RequestFacts,
} from "../../wire.ts";
import { named } from "../stored.ts";
import { isLengthKnown, mostSeconds } from "./audio-length.ts";
import type { Bounds } from "./bounds.ts";
import { fieldsOf, type Fields } from "./fields.ts";
import { imageUnit, tokensOfImage, usualImage } from "./image.ts";
import { imagesIn, withInputImages } from "./input-images.ts";
import { moderationBounds } from "./moderation.ts";
import { ocrBounds } from "./ocr.ts";
import { deferredVideoBounds, makesJob, videoBounds } from "./video.ts";

const choiceBounds = { min: 1, max: 1024 };

export interface UnitEndpoint extends Endpoint {
  readonly unit: EndpointUnit;
}

/** @throws PurserError `invalid_request`; its field is `model` if the request names none. */
export function readUnitRequest(
  endpoint: UnitEndpoint,
  body: Uint8Array,
  contentType?: string,
): ReadRequest {
  const fields = fieldsOf(body, contentType);
  const { uses } = named({ method: "POST", path: "", contentType, body });
  return {
    facts: factsOf(endpoint, fields),
    // A video is a job, which is stored until it is deleted or expires.
    stored: { uses, makes: makesJob.has(endpoint.unit) },
    ...(fields.contentType !== undefined && { contentType: fields.contentType }),
    edit: ({ model }) =>
      model === undefined || model === fields.string("model") ? body : fields.withModel(model),
  };
}

function factsOf(endpoint: UnitEndpoint, fields: Fields): RequestFacts {
  const model = modelOf(endpoint, fields);
  const bounds = boundsOf[endpoint.unit](fields, model);
  return {
    model,
    // The answer is read when it is complete, even if it is sent as events.
    stream: false,
    textBytes: fields.textBytes,
    addedTokens: baseTokens + (bounds.addedTokens ?? 0),
    media: { images: bounds.images ?? 0, audios: 0, files: 0 },
    storedContext: false,
    maxOutputTokens: bounds.maxOutputTokens ?? null,
    choices: bounds.choices ?? 1,
    leastOutputTokens: 1,
    // None of these endpoints has a parameter to limit output.
    uncuttable: true,
    hiddenOutput: false,
    cacheWrite: "none",
    serviceTier: "standard",
    serverToolCalls: 0,
    usageAsked: false,
    unit: bounds.unit,
  };
}

/** Instructions that a provider may add to a prompt. */
const baseTokens = 64;

const boundsOf: Readonly<Record<EndpointUnit, (fields: Fields, model: string) => Bounds>> = {
  speech: speechBounds,
  transcription: transcriptionBounds,
  image: imageBounds,
  video: videoBounds,
  deferred_video: deferredVideoBounds,
  rerank: rerankBounds,
  ocr: ocrBounds,
  moderation: moderationBounds,
};

/** Characters are Unicode code points of `input`. */
function speechBounds(fields: Fields): Bounds {
  const meter = openMeter("characters");
  const count = codePoints(required(fields, "input"));
  return {
    unit: {
      meters: [meter],
      family: meter,
      count,
      isExact: true,
      output: "output_audio",
      ...formatOf(fields),
    },
    maxOutputTokens: shortestSpeechTokens + count * mostTokensPerCharacter,
  };
}

function formatOf(fields: Fields): Pick<RequestedUnit, "format"> {
  const format = fields.string("response_format");
  return format === undefined ? {} : { format: format.toLowerCase() };
}

/** Speech of 21 tokens a second that takes more than a second for each character is not expected. */
const mostTokensPerCharacter = 32;
/** The instructions of a voice can ask for pauses. */
const shortestSpeechTokens = 1024;

/** Without an array of them: an input may be long. */
function codePoints(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length; index++)
    if ((text.charCodeAt(index) & 0xfc00) === 0xdc00) count -= 1;
  return count;
}

function required(fields: Fields, name: string): string {
  const text = fields.string(name);
  if (text !== undefined && text !== "") return text;
  throw new PurserError("invalid_request", `${name} is missing`, {
    field: name,
    remedy: `Send ${name} as text: its length is what the provider bills.`,
  });
}

/** @throws PurserError `invalid_request` without a file, or with an address: no bound is known. */
function transcriptionBounds(fields: Fields): Bounds {
  const { files } = fields;
  if (files.length === 0)
    throw new PurserError("invalid_request", "file is missing", {
      field: "file",
      remedy: "Send the recording itself as a file of a form, with a file name; not its address.",
    });
  for (const field of addresses)
    if (fields.has(field))
      throw new PurserError("invalid_request", `${field}: a recording elsewhere may be longer`, {
        field,
        remedy: `Leave out ${field}: the length of the file that is sent is what can be held.`,
      });
  const meter = openMeter("audio_seconds");
  const count = files.reduce((sum, file) => sum + mostSeconds(file), 0);
  return {
    unit: {
      meters: [meter],
      family: meter,
      count,
      isExact: false,
      output: "output",
      input: "audio",
      ...formatOf(fields),
      ...(!files.every(isLengthKnown) && {
        toHoldLess: "Send the recording as WAV or MP3: four hours are held for other formats.",
      }),
    },
    addedTokens: count * mostTokensPerSecond,
  };
}

/** By which Groq (`url`) and Mistral take a recording from elsewhere (API references, read 2026-11). */
const addresses = ["url", "file_url", "file_id"];

/**
 * OpenAI's transcription models use about 17 audio tokens a second (1,000 a minute by their prices
 * per token and per minute, https://platform.openai.com/docs/pricing, read 2026-11).
 */
const mostTokensPerSecond = 25;

function imageBounds(fields: Fields, model: string): Bounds {
  const count = fields.integer("n", choiceBounds) ?? 1;
  const usual = usualImage(model);
  const quality = fields.string("quality") ?? usual.quality;
  const size = fields.string("size") ?? usual.size;
  const resolution = fields.string("resolution");
  const images = imagesIn(fields);
  // Each image of a stream reports the whole input again.
  const reports = streams(fields) ? count : 1;
  return {
    unit: {
      ...imageUnit({ quality, size, resolution, count }),
      isExact: false,
      output: "output_image",
      tokensEach: tokensOfImage({ quality, size }),
      ...withInputImages(images),
    },
    images: images * reports,
    addedTokens: fields.textBytes * (reports - 1),
    choices: count,
    maxOutputTokens: mostTokensPerImage,
  };
}

/**
 * An image of high quality has up to 6,240 tokens at 1024x1536
 * (https://platform.openai.com/docs/guides/image-generation, read 2026-11); larger ones have more.
 */
const mostTokensPerImage = 32_768;

function streams(fields: Fields): boolean {
  const stream = fields.contentType === undefined ? fields.json("stream") : fields.string("stream");
  return String(stream).toLowerCase() === "true";
}

/**
 * Cohere bills a search for every 100 documents, and counts a document of more than 500 tokens, with
 * the query, as several (https://docs.cohere.com/docs/rerank, read 2026-11). Others bill tokens, and
 * the query's once for each document (https://docs.voyageai.com/docs/reranker, read 2026-11).
 */
function rerankBounds(fields: Fields): Bounds {
  const meter = openMeter("search_units");
  const count = fields.members("documents");
  if (count === undefined)
    throw new PurserError("invalid_request", "documents is not a list", {
      field: "documents",
      remedy: "Send the documents as a list: their number is what the provider bills.",
    });
  const queryTokens = (fields.json("query") === undefined ? 0 : queryBytes(fields)) * count;
  const chunks = count + Math.ceil((fields.textBytes + queryTokens) / tokensPerChunk);
  const unit = { meters: [meter], family: meter, count: Math.ceil(chunks / chunksPerSearch) };
  return {
    unit: { ...unit, isExact: false, output: "output" },
    addedTokens: queryTokens,
    maxOutputTokens: 0,
  };
}

function queryBytes(fields: Fields): number {
  return Buffer.byteLength(JSON.stringify(fields.json("query")) ?? "");
}

const tokensPerChunk = 500;
const chunksPerSearch = 100;

/** The same API reference: "Defaults to `sora-2`". */
const usualModels: Readonly<Partial<Record<EndpointUnit, string>>> = {
  video: "sora-2",
  moderation: "omni-moderation-latest",
};

function modelOf({ model: inPath, unit }: UnitEndpoint, fields: Fields): string {
  // A path that names a deployment decides which model serves.
  const model = inPath ?? fields.string("model") ?? usualModels[unit] ?? "";
  return checkedModelName(model === model.trim() ? model : "");
}
