/**
 * Estimates the tokens of a text: an exact count if the tokenizer is public, else bounds by
 * character class.
 */

import type { TokenRange } from "../app/port/token-counter.ts";
import type { Tokenizer } from "../domain/estimate/tokenizer.ts";
import type { CountTokens } from "./encoding.ts";

/** Letters of alphabets that every common tokenizer covers: at most one token each. */
const alphabet = /[\u00C0-\u017F\u0370-\u03FF\u0400-\u045F\u05D0-\u05EA\u0620-\u064A]/g;
/**
 * Han, kana and hangul: at most two tokens for a common character; a rare one may take three, one
 * per byte.
 */
const eastAsian = /[\u3040-\u30FF\u4E00-\u9FFF\uAC00-\uD7A3]/g;
const ascii = /[\0-\x7F]/g;
const nonAscii = /[^\0-\x7F]+/g;
const digit = /[0-9]/g;

/**
 * The public encodings have large vocabularies: other tokenizers produce at least as many tokens.
 *
 * @param count Counts with `tokenizer.encoding`.
 */
export function rangeOf(text: string, tokenizer: Tokenizer, count: CountTokens): TokenRange {
  const counted = count(text);
  if (tokenizer.isPublic) return { least: counted, expected: counted, most: counted };
  const most = mostTokens(text, { tokenizer, count, counted });
  return {
    least: Math.min(most, counted),
    expected: Math.min(most, (counted * tokenizer.expectedPercent) / 100),
    most,
  };
}

/** The encoding joins up to three digits; others use a token for each. */
function mostTokens(
  text: string,
  {
    tokenizer,
    count,
    counted,
  }: { readonly tokenizer: Tokenizer; readonly count: CountTokens; readonly counted: number },
): number {
  const bytes = Buffer.byteLength(text);
  const isAscii = bytes === text.length;
  const plain = isAscii ? counted : count(text.replace(nonAscii, " "));
  const bound = (plain * tokenizer.boundPercent) / 100 + (countOf(text, digit) * 2) / 3;
  return Math.min(bytes, isAscii ? bound : bound + foreign(text));
}

/** A character outside these classes, such as an emoji, counts as one token per byte. */
function foreign(text: string): number {
  const letters = countOf(text, alphabet);
  const characters = countOf(text, eastAsian);
  const others = text.replace(ascii, "").replace(alphabet, "").replace(eastAsian, "");
  return letters + 2 * characters + Buffer.byteLength(others);
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
