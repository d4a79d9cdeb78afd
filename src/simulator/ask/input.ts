/**
 * Measures an input and counts its tokens by a simple rule: bytes of text / 4, plus 4 per message
 * and 258 per picture or file.
 */

import { isObject, type JsonObject } from "./json.ts";

const tokensPerMessage = 4;
const tokensPerMedia = 258;

/** Fields that the model does not read as text. */
const unread: ReadonlySet<string> = new Set([
  "role",
  "type",
  "id",
  "tool_call_id",
  "tool_use_id",
  "call_id",
  "cache_control",
  "signature",
  "thoughtSignature",
  "encrypted_content",
  "status",
]);

/** Fields that hold a picture, a sound or a file. */
const media: ReadonlySet<string> = new Set([
  "image_url",
  "source",
  "inlineData",
  "inline_data",
  "fileData",
  "file_data",
  "input_audio",
  "file",
]);

/** UTF-8 bytes of the text and number of media objects in a JSON value. */
export interface InputSize {
  bytes: number;
  media: number;
}

/** @returns `size` plus the size of `value`. */
export function measure(value: unknown, size: InputSize = { bytes: 0, media: 0 }): InputSize {
  if (typeof value === "string") {
    size.bytes += Buffer.byteLength(value);
  } else if (Array.isArray(value)) {
    for (const item of value) measure(item, size);
  } else if (isObject(value)) {
    for (const key in value) {
      if (media.has(key)) size.media += 1;
      else if (!unread.has(key)) measure(value[key], size);
    }
  }
  return size;
}

/** @param messages How many messages the text came in. */
export function inputTokens(size: InputSize, messages: number): number {
  return Math.ceil(size.bytes / 4) + tokensPerMessage * messages + tokensPerMedia * size.media;
}

/**
 * The user's last text, which may contain a directive.
 *
 * @param messages Each with a role, and a content that is a text or parts with a `text`.
 */
export function lastUserText(messages: readonly unknown[]): string {
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index];
    if (!isObject(message) || message["role"] !== "user") continue;
    const content = message["content"];
    if (typeof content === "string") return content;
    if (!Array.isArray(content)) continue;
    const texts = content.filter((part) => isObject(part) && typeof part["text"] === "string");
    if (texts.length > 0)
      return texts.map((part) => String((part as JsonObject)["text"])).join("\n");
  }
  return "";
}
