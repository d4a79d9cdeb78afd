/** Counts the images, recordings and files of a request in OpenAI's format. */

import { openBrace } from "../ascii.ts";
import type { ScannedBody } from "../body/index.ts";
import { afterQuoted } from "../bytes.ts";
import type { Endpoint, MediaCounts } from "../wire.ts";
import { valueAfterKey } from "./text-bytes.ts";

const imageTypes = ["image_url", "input_image", "image", "computer_screenshot"];
const audioTypes = ["input_audio", "audio_url"];
const fileTypes = ["file", "input_file", "document", "document_url", "video_url"];

/**
 * The inputs of embeddings have media without a type, at Jina, Cohere and others:
 * `input: [{"image": "https://…"}, {"pdf": "https://…"}]`.
 */
const imageKeys = ["image", "image_url"];
const audioKeys = ["audio", "audio_url", "input_audio"];
const fileKeys = ["pdf", "video", "video_url", "document_url", "file", "file_url"];
/** Of an input that may be anything; also within the objects of the other keys. */
const addressKey = "url";

const namedKeys = [...imageKeys, ...audioKeys, ...fileKeys];
/** To be counted in the body of an embedding. */
export const embeddingKeys: readonly string[] = [...namedKeys, addressKey];

export function mediaOf(endpoint: Endpoint, body: ScannedBody): MediaCounts {
  const typed = {
    images: countTypes(body, imageTypes),
    audios: countTypes(body, audioTypes),
    files: countTypes(body, fileTypes),
  };
  if (endpoint.name !== "embeddings") return typed;
  return {
    images: Math.max(typed.images, countKeys(body, imageKeys)),
    audios: Math.max(typed.audios, countKeys(body, audioKeys)),
    files: Math.max(typed.files, countKeys(body, fileKeys) + addressesAlone(body)),
  };
}

function countTypes(body: ScannedBody, types: readonly string[]): number {
  return types.reduce((sum, type) => sum + body.valueCount("type", type), 0);
}

function countKeys(body: ScannedBody, keys: readonly string[]): number {
  return keys.reduce((sum, key) => sum + body.keyCount(key), 0);
}

/** Addresses that no other key names: of `{"url": …}`, not of `{"image_url": {"url": …}}`. */
function addressesAlone(body: ScannedBody): number {
  const all = body.keyCount(addressKey);
  if (all === 0) return 0;
  const within = namedKeys
    .filter((key) => body.keyCount(key) > 0)
    .reduce((sum, key) => sum + objectsUnder(body.bytes, key), 0);
  return Math.max(0, all - within);
}

function objectsUnder(bytes: Buffer, key: string): number {
  const word = Buffer.from(`${key}"`);
  let count = 0;
  for (let at = afterQuoted(bytes, word); at >= 0; at = afterQuoted(bytes, word, at)) {
    const value = valueAfterKey(bytes, at);
    if (value >= 0 && bytes[value] === openBrace) count++;
  }
  return count;
}
