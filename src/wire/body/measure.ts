/** Counts what a JSON value contains, without building it. */

import {
  backslash,
  closeBrace,
  closeBracket,
  comma,
  openBrace,
  openBracket,
  quote,
} from "../ascii.ts";

export interface Measured {
  /** Of a list or an object: its own members. */
  readonly members: number;
  /** Members at any depth. */
  readonly values: number;
}

/**
 * @param place Of a list or an object, already validated, from its opening to behind its closing
 *   bracket.
 */
export function measure(
  bytes: Buffer,
  { start, end }: { readonly start: number; readonly end: number },
): Measured {
  let depth = 0;
  let members = 0;
  let values = 0;
  // A comma separates two members; the first one of a list or an object has none before it.
  let isFirst = false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte <= 0x20) continue;
    const closes = byte === closeBrace || byte === closeBracket;
    if (byte === comma || (isFirst && !closes)) {
      values++;
      if (depth === 1) members++;
    }
    isFirst = byte === openBrace || byte === openBracket;
    if (isFirst) depth++;
    else if (closes) depth--;
    else if (byte === quote) at = endOfString(bytes, at + 1);
  }
  return { members, values };
}

/** Strings of up to about this length are faster to step through than to search. */
const shortString = 48;

/** @param start Of its content. @returns The position of its closing quote. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const limit = at + shortString;
    for (; at < limit; at++) {
      const byte = bytes[at];
      if (byte === quote) return at;
      if (byte === backslash) at++;
    }
    const next = bytes.indexOf(quote, at);
    if (next < 0) return bytes.length;
    let before = next;
    while (before > at && bytes[before - 1] === backslash) before--;
    if ((next - before) % 2 === 0) return next;
    at = next + 1;
  }
}
