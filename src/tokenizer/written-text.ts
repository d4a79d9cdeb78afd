/** Splits text inside JSON strings to count its tokens incrementally. */

const backslash = 0x5c;

/** Text without a break is split after this many bytes, which may count one token too many. */
const longestUnsplit = 2048;
/** An escape is at most this long. */
const longestEscape = 6;

/**
 * Positions where the counts of both sides add up to the count of the whole, since these encodings
 * never join across them: before the blank or mark between two letters, and before a line that
 * begins with something visible. Excluded are a letter that may end an escape, and an apostrophe,
 * which may belong to a word.
 */
const between = String.raw`(?<=\p{L})(?<!\\.{1,5})(?=(?: |[^\s\p{L}\p{N}\p{M}'"\\])\p{L})`;
const beforeLine = String.raw`(?<=[^\\]\\n)(?=[^\s\p{M}\\/])`;
const splits = new RegExp(`${between}|${beforeLine}`, "gu");

/** Bytes at the end that are searched first; they usually contain a split. */
const nearEnd = 256;

/**
 * Finds the last split; the text before it need not be counted again when more follows.
 *
 * @returns 0 if there is none.
 */
export function lastSplit(written: Uint8Array): number {
  const split = splitBehind(written, written.length - nearEnd) || splitBehind(written, 0);
  return written.length - split > longestUnsplit ? Math.max(split, forcedSplit(written)) : split;
}

function splitBehind(written: Uint8Array, from: number): number {
  let start = Math.max(0, from);
  while (isInsideCharacter(written, start)) start++;
  const text = Buffer.from(
    written.buffer,
    written.byteOffset + start,
    written.length - start,
  ).toString("utf8");
  const last = [...text.matchAll(splits)].at(-1);
  // An apparent letter at the beginning may be the end of an escape.
  const isCertain = start === 0 || (last?.index ?? 0) >= longestEscape;
  return last && isCertain ? start + Buffer.byteLength(text.slice(0, last.index)) : 0;
}

/** Unescapes the text. If it is not a valid JSON string, each byte is read as one character. */
export function readWritten(written: Uint8Array): string {
  const raw = Buffer.from(written.buffer, written.byteOffset, written.byteLength);
  try {
    return String(JSON.parse(`"${raw.toString("utf8")}"`));
  } catch {
    return raw.toString("latin1");
  }
}

/** Neither inside an escape nor inside a character. */
function forcedSplit(written: Uint8Array): number {
  for (let at = written.length - 1; at > longestEscape; at--) {
    if (
      !isInsideCharacter(written, at) &&
      !written.subarray(at - longestEscape, at).includes(backslash)
    )
      return at;
  }
  return 0;
}

function isInsideCharacter(written: Uint8Array, at: number): boolean {
  return ((written[at] ?? 0) & 0xc0) === 0x80;
}
