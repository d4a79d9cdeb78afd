/** Bounds the length of a recording by its bytes, without decoding it. */

/**
 * The lowest bit rate that a recording is assumed to have: 4 kbit/s, below the lowest of AMR (4.75
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

/**
 * The bytes per second of uncompressed WAV, from its sample rate, channels and bits. The header's
 * own byte rate is not used, because decoders ignore it.
 */
function rateOfWav(bytes: Buffer): number | undefined {
  if (bytes.length < 44) return undefined;
  const isWav =
    bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 16) === "WAVEfmt ";
  if (!isWav || !uncompressed.has(bytes.readUInt16LE(20))) return undefined;
  const rate = bytes.readUInt16LE(22) * bytes.readUInt32LE(24) * (bytes.readUInt16LE(34) / 8);
  return rate >= leastBytesPerSecond ? rate : undefined;
}

/** The codes of PCM and of floating point. */
const uncompressed: ReadonlySet<number> = new Set([1, 3]);
