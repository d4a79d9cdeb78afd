/** Counts the generated text in the JSON of an event or answer, without parsing it. */

import { KeyTable } from "../body/index.ts";
import type { PassedOutput } from "../answer/passed-output.ts";
import { afterQuoted } from "../bytes.ts";
import {
  backslash,
  closeBrace,
  closeBracket,
  colon,
  openBrace,
  openBracket,
  quote,
} from "../ascii.ts";

/** Fields that are not generated as tokens, or that repeat a field next to them. */
const skipped = new KeyTable([
  "role",
  "id",
  "type",
  "format",
  "data",
  "expires_at",
  "reasoning_details",
  "annotations",
  "signature",
]);

/**
 * Sums the bytes of the string values below every field of one name: `delta` of chat and Responses,
 * `text` of completions. Escapes count as written, so the sum is never too small.
 *
 * @param name As {@link afterQuoted} takes it.
 * @param output Receives the strings.
 */
export function countTextBytes(payload: Buffer, name: Buffer, output?: PassedOutput): number {
  let sum = 0;
  let at = afterQuoted(payload, name);
  while (at >= 0) {
    const value = valueAfterKey(payload, at);
    const read = value < 0 ? { bytes: 0, end: at } : readValue(payload, value, output);
    sum += read.bytes;
    at = afterQuoted(payload, name, read.end);
  }
  return sum;
}

/** The position of the value after a key; -1 if the text is not a key. */
export function valueAfterKey(payload: Buffer, keyEnd: number): number {
  const at = skipSpace(payload, keyEnd);
  return payload[at] === colon ? skipSpace(payload, at + 1) : -1;
}

/** The position after the value that starts here: a string, an object or a list. */
export function endOfValue(payload: Buffer, start: number): number {
  return readValue(payload, start).end;
}

function readValue(
  payload: Buffer,
  start: number,
  output?: PassedOutput,
): { readonly bytes: number; readonly end: number } {
  let bytes = 0;
  let depth = 0;
  let at = start;
  let skippedDepth = Number.POSITIVE_INFINITY;
  let isSkipped = false;
  while (at < payload.length) {
    const byte = payload[at];
    if (byte === quote) {
      const end = endOfString(payload, at + 1);
      const isKey = depth > 0 && payload[skipSpace(payload, end)] === colon;
      if (isKey) isSkipped = skipped.find(payload, at + 1, end - 1) >= 0;
      else if (!isSkipped && depth < skippedDepth) {
        bytes += end - at - 2;
        output?.addText(payload, at + 1, end - 1);
      }
      at = end;
    } else if (byte === openBrace || byte === openBracket) {
      depth++;
      if (isSkipped && skippedDepth > depth) skippedDepth = depth;
      at++;
    } else if (byte === closeBrace || byte === closeBracket) {
      if (depth === skippedDepth) skippedDepth = Number.POSITIVE_INFINITY;
      depth--;
      at++;
      if (depth < 0) return { bytes, end: at };
      isSkipped = false;
    } else {
      at++;
    }
    if (depth === 0) return { bytes, end: at };
  }
  return { bytes, end: at };
}

/** @param start Of the string's content. @returns The position after its closing quote. */
function endOfString(payload: Buffer, start: number): number {
  let at = start;
  while (at < payload.length && payload[at] !== quote) at += payload[at] === backslash ? 2 : 1;
  return Math.min(at + 1, payload.length);
}

function skipSpace(payload: Buffer, from: number): number {
  let at = from;
  while (at < payload.length && (payload[at] as number) <= 0x20) at++;
  return at;
}
