/** Bounds the length of a recording by its bytes, without decoding it. */

/**
 * The lowest bit rate of a recording that is assumed: 4 kbit/s, below the lowest of AMR (4.75
 * kbit/s) and that of speech in Opus (6 kbit/s).
 */
const leastBytesPerSecond = 500;

/** Groq bills at least ten seconds (https://groq.com/pricing, read 2026-11). */
const leastBilledSeconds = 10;

/** @returns An upper bound of the whole seconds that are billed. */
export function mostSeconds(recording: Buffer): number {
  const bytesPerSecond = rateOfWav(recording) ?? leastBytesPerSecond;
  return Math.max(leastBilledSeconds, Math.ceil(recording.length / bytesPerSecond));
}

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
