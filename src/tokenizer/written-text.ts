/** Text as written inside JSON strings, split so that it can be counted incrementally. */

const space = 0x20;
const slash = 0x2f;
const backslash = 0x5c;
const letterN = 0x6e;

/** Text without a break is still split after this many bytes. That may count one token too many. */
const longestUnsplit = 2048;
/** An escape is at most this long. */
const longestEscape = 6;

/**
 * The last place where the text can be split so that the counts of both sides add up to the count of the whole: before the blank
 * between two words, and before a line that begins with no blank. These encodings never join what is there.
 *
 * @returns 0 where there is none.
 */
export function lastSplit(written: Uint8Array): number {
  for (let at = written.length - 2; at > 0; at--) if (isBetweenWords(written, at) || isBeforeLine(written, at)) return at;
  return written.length > longestUnsplit ? forcedSplit(written) : 0;
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

function isBetweenWords(written: Uint8Array, at: number): boolean {
  return written[at] === space && isLetter(written[at - 1]) && isLetter(written[at + 1]);
}

/** Behind an escaped line feed that is not an escaped backslash with a letter behind it. */
function isBeforeLine(written: Uint8Array, at: number): boolean {
  if (written[at - 1] !== letterN || written[at - 2] !== backslash || written[at - 3] === backslash) return false;
  const next = written[at] ?? space;
  return next > space && next < 0x80 && next !== slash && next !== backslash;
}

/** Neither inside an escape nor inside a character. */
function forcedSplit(written: Uint8Array): number {
  for (let at = written.length - 1; at > longestEscape; at--) {
    const isInside = ((written[at] ?? 0) & 0xc0) === 0x80;
    if (!isInside && !written.subarray(at - longestEscape, at).includes(backslash)) return at;
  }
  return 0;
}

function isLetter(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
