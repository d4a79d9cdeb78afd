/**
 * Distinguishes media payloads (base64, data URLs) from text, which would otherwise count as
 * millions of tokens.
 */

/**
 * Keys that contain a payload, and for payloads without `data:`, the keys of the surrounding object
 * (empty: an array element). From the request types of the vendors' SDKs: chat `image_url.url`,
 * `input_audio.data`, `file.file_data`; Responses `image_url`, `file_data`; Anthropic
 * `source.data`; Gemini `inlineData.data`.
 */
const parents: ReadonlyMap<string, readonly string[]> = new Map([
  ["data", ["source", "input_audio", "inlineData", "inline_data"]],
  ["file_data", ["", "file"]],
  ["url", []],
  ["image_url", []],
  ["video_url", []],
]);

/** Keys that the walk must recognise in order to call {@link isMedia}. */
export const mediaKeys: readonly string[] = [
  ...new Set([...parents.keys(), ...[...parents.values()].flat()]),
].filter((key) => key !== "");

/** A shorter string always counts as text. */
const shortest = 64;
const sampled = 256;

/**
 * @param at The string's key, the key of the surrounding object (empty if unknown), and the
 *   string's bytes without quotes.
 */
export function isMedia(
  bytes: Buffer,
  at: {
    readonly key: string;
    readonly parent: string;
    readonly start: number;
    readonly end: number;
  },
): boolean {
  if (at.end - at.start < shortest) return false;
  const allowed = parents.get(at.key);
  if (!allowed) return false;
  const isDataUrl = bytes.toString("latin1", at.start, at.start + 5) === "data:";
  return (
    (isDataUrl || allowed.includes(at.parent)) &&
    looksEncoded(bytes.subarray(isDataUrl ? bytes.indexOf(0x2c, at.start) + 1 : at.start, at.end))
  );
}

/**
 * Checks that there are no spaces, and only base64 bytes (or JSON escapes of `/` and line ends) at
 * evenly spaced samples.
 */
function looksEncoded(payload: Buffer): boolean {
  if (payload.includes(0x20)) return false;
  const step = Math.max(1, Math.floor(payload.length / sampled));
  for (let index = 0; index < payload.length; index += step)
    if (!isEncodedByte(payload[index] as number)) return false;
  return true;
}

function isEncodedByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (
    (letter >= 0x61 && letter <= 0x7a) ||
    (byte >= 0x2f && byte <= 0x39) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x3d ||
    byte === 0x5c ||
    byte === 0x5f
  );
}
