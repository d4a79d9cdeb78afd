/** How much text a stream's event carries, found without building the event: thousands of streams pass at once. */

import { hashStart, hashStep, KeyTable } from "../body/index.ts";

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/** Values that the model does not generate as tokens, or that repeat what stands beside them. */
const skipped = new KeyTable(["role", "id", "type", "format", "data", "expires_at", "reasoning_details", "annotations", "signature"]);

/**
 * Sums the bytes of the string values below every field `name` of an event's payload: `delta` of chat and Responses, `text` of
 * completions. Escapes count as they are written, so that the figure is never too small.
 */
export function countDeltaBytes(payload: Buffer, needle: Buffer): number {
  let sum = 0;
  let at = payload.indexOf(needle);
  while (at >= 0) {
    const value = behindColon(payload, at + needle.length);
    const read = value < 0 ? { bytes: 0, end: at + needle.length } : readValue(payload, value);
    sum += read.bytes;
    at = payload.indexOf(needle, read.end);
  }
  return sum;
}

/** The place of the value behind a key, or -1 where the text is no key. */
export function behindColon(payload: Buffer, behindKey: number): number {
  const at = skipSpace(payload, behindKey);
  return payload[at] === colon ? skipSpace(payload, at + 1) : -1;
}

/** The place behind the value that starts here: a string, an object or a list. */
export function endOfValue(payload: Buffer, start: number): number {
  return readValue(payload, start).end;
}

function readValue(payload: Buffer, start: number): { readonly bytes: number; readonly end: number } {
  let bytes = 0;
  let depth = 0;
  let at = start;
  let skippedDepth = Number.POSITIVE_INFINITY;
  let isSkipped = false;
  while (at < payload.length) {
    const byte = payload[at];
    if (byte === quote) {
      const text = readString(payload, at + 1);
      const isKey = depth > 0 && payload[skipSpace(payload, text.end)] === colon;
      if (isKey) isSkipped = skipped.find(payload, at + 1, text.hash) >= 0;
      else if (!isSkipped && depth < skippedDepth) bytes += text.end - at - 2;
      at = text.end;
    } else if (byte === 0x7b || byte === 0x5b) {
      depth++;
      if (isSkipped && skippedDepth > depth) skippedDepth = depth;
      at++;
    } else if (byte === 0x7d || byte === 0x5d) {
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

function readString(payload: Buffer, start: number): { readonly end: number; readonly hash: number } {
  let hash = hashStart;
  let at = start;
  for (; at < payload.length && payload[at] !== quote; at++) {
    if (payload[at] === backslash) at++;
    else hash = hashStep(hash, payload[at] as number);
  }
  return { end: Math.min(at + 1, payload.length), hash };
}

function skipSpace(payload: Buffer, from: number): number {
  let at = from;
  while (at < payload.length && (payload[at] as number) <= 0x20) at++;
  return at;
}
