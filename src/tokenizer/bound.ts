/** The most tokens that a text can be: its count where the tokenizer is public, else a bound by class of characters. */

import type { Tokenizer } from "../domain/estimate/tokenizer.ts";
import type { CountTokens } from "./encoding.ts";

/** Letters of alphabets that every tokenizer in use has whole: no more than a token each. */
const alphabet = /[\u00C0-\u017F\u0370-\u03FF\u0400-\u045F\u05D0-\u05EA\u0620-\u064A]/g;
/** Han, kana and hangul: two tokens at most for a character in use; a rare one may be its three bytes. */
const eastAsian = /[\u3040-\u30FF\u4E00-\u9FFF\uAC00-\uD7A3]/g;
const nonAscii = /[^\0-\x7F]+/g;
const digit = /[0-9]/g;

/** @param count Counts with `tokenizer.encoding`. */
export function mostTokens(text: string, tokenizer: Tokenizer, count: CountTokens): number {
  if (tokenizer.isPublic) return count(text);
  const bytes = Buffer.byteLength(text);
  const ascii = text.replace(nonAscii, " ");
  // The encoding joins up to three digits; others have a token for each.
  const counted = Math.ceil((count(ascii) * tokenizer.percent) / 100 + (countOf(text, digit) * 2) / 3);
  return Math.min(bytes, counted + foreign(text, { bytes, ascii: ascii.length }));
}

/** What is in no alphabet above, such as an emoji, counts a token a byte. */
function foreign(text: string, size: { readonly bytes: number; readonly ascii: number }): number {
  if (size.bytes === size.ascii) return 0;
  const letters = countOf(text, alphabet);
  const characters = countOf(text, eastAsian);
  const others = text.replace(alphabet, "").replace(eastAsian, "");
  const otherBytes = Buffer.byteLength(others) - countOf(others, /[\0-\x7F]/g);
  return letters + 2 * characters + otherBytes;
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
