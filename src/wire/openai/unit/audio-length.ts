/** Bounds the length of a recording by its bytes, without decoding it. */

/**
 * A provider that is not recognized, such as a proxy, may bill a minimum: Groq's, the longest that is
 * known, is ten seconds. That of a known vendor is in `leastUnits` of `catalogue/identity.ts`.
 */
const leastBilledSeconds = 10;

/**
 * The lowest bit rate of MPEG audio: 8 kbit/s (ISO/IEC 13818-3). It is assumed of nothing else, since
 * FLAC, Opus, AAC and their containers may store silence in next to no bytes.
 */
const leastBytesPerSecond = 1000;

/**
 * The length that is assumed of any other recording that may be longer than its bytes show. Providers
 * take files of up to 25 MB (https://platform.openai.com/docs/guides/speech-to-text, read 2026-11).
 */
const longestSeconds = 4 * 3600;

/** @returns An upper bound of the whole seconds that are billed. */
export function mostSeconds(recording: Buffer): number {
  const rate = leastRate(recording);
  const byBytes = Math.ceil(recording.length / (rate ?? leastBytesPerSecond));
  return Math.max(leastBilledSeconds, rate === undefined ? longestSeconds : 0, byBytes);
}

/** Whether the bytes of a recording bound its length. */
export function isLengthKnown(recording: Buffer): boolean {
  return leastRate(recording) !== undefined;
}

/** The least bytes of a second; undefined if silence takes none. */
function leastRate(recording: Buffer): number | undefined {
  return rateOfWav(recording) ?? (isMpegAudio(recording) ? leastBytesPerSecond : undefined);
}

/** The bytes of a second that the header of a WAV or MP3 file states; undefined without one. */
export function bytesPerSecond(file: Buffer): number | undefined {
  return rateOfWav(file) ?? rateOfMp3(file);
}

function isMpegAudio(bytes: Buffer): boolean {
  return mpegFrame(bytes) !== undefined;
}

/** The header of the first frame of MPEG audio: from the first byte, or after a tag. */
function mpegFrame(bytes: Buffer): Buffer | undefined {
  const isTagged = bytes.length >= 10 && bytes.toString("latin1", 0, 3) === "ID3";
  const sizes = [6, 7, 8, 9].map((place) => (bytes[place] ?? 0) & 0x7f);
  const start = isTagged ? 10 + sizes.reduce((size, part) => size * 128 + part, 0) : 0;
  const frame = bytes.subarray(start, start + 4);
  const [sync = 0, kind = 0] = frame;
  // Eleven bits of sync; neither the reserved version nor the reserved layer, which AAC has.
  const isFrame =
    sync === 0xff && (kind & 0xe0) === 0xe0 && (kind & 0x18) !== 0x08 && (kind & 0x06) !== 0;
  return isFrame ? frame : undefined;
}

/** That of the first frame of Layer III; other frames of a variable rate may differ. */
function rateOfMp3(bytes: Buffer): number | undefined {
  const [, kind = 0, rate = 0] = mpegFrame(bytes) ?? [];
  if ((kind & 0x06) !== 0x02) return undefined;
  const rates = (kind & 0x18) === 0x18 ? version1Rates : version2Rates;
  const kilobits = rates[(rate >> 4) - 1];
  return kilobits === undefined ? undefined : kilobits * 125;
}

/** In kbit/s, by the index in a frame's header, from 1 (ISO/IEC 11172-3 and 13818-3). */
const version1Rates = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const version2Rates = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/** Two channels of 192 kHz with 32 bits: a higher rate in a header is not believed. */
const mostBytesPerSecond = 1_536_000;

/**
 * The bytes per second of uncompressed WAV: the lowest that its header states, because decoders
 * differ in the field that they use.
 */
function rateOfWav(bytes: Buffer): number | undefined {
  if (bytes.length < 44) return undefined;
  const isWav =
    bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 16) === "WAVEfmt ";
  if (!isWav || !uncompressed.has(bytes.readUInt16LE(20))) return undefined;
  const [channels, samples] = [bytes.readUInt16LE(22), bytes.readUInt32LE(24)];
  const rate = Math.min(
    bytes.readUInt32LE(28),
    samples * bytes.readUInt16LE(32),
    samples * channels * (bytes.readUInt16LE(34) / 8),
  );
  return rate >= leastBytesPerSecond && rate <= mostBytesPerSecond ? rate : undefined;
}

/** The codes of PCM and of floating point. */
const uncompressed: ReadonlySet<number> = new Set([1, 3]);
