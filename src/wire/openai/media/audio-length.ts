/** Bounds how long an audio file lasts, from its size and its header. */

/** The lowest usual bitrate of speech, 6 kbit/s as Opus, in bytes. */
const fewestBytesPerSecond = 750;

/** Two channels of 192 kHz with 32 bits: a higher rate in a header is not believed. */
const mostBytesPerSecond = 1_536_000;

/** The format of a WAV file whose samples are not compressed. */
const pcm = 1;

/** The length that is assumed of audio that is not in the request, such as one given by its URL. */
export const unseenSeconds = 4 * 3600;

/**
 * The most whole seconds that the file can last. WAV states its bytes per second; of any other
 * format, the lowest bitrate is assumed.
 */
export function mostSeconds(file: Buffer): number {
  return Math.max(1, Math.ceil(file.length / (wavRate(file) ?? fewestBytesPerSecond)));
}

/** @returns undefined for another format, or a rate that is too low to be true. */
function wavRate(file: Buffer): number | undefined {
  if (file.length < 44 || file.toString("latin1", 0, 4) !== "RIFF") return undefined;
  if (file.toString("latin1", 8, 16) !== "WAVEfmt ") return undefined;
  if (file.readUInt16LE(20) !== pcm) return undefined;
  const sample = file.readUInt32LE(24);
  const channels = file.readUInt16LE(22);
  // Readers differ in which of these they use.
  const rate = Math.min(
    file.readUInt32LE(28),
    sample * file.readUInt16LE(32),
    sample * channels * Math.floor(file.readUInt16LE(34) / 8),
  );
  return rate >= fewestBytesPerSecond && rate <= mostBytesPerSecond ? rate : undefined;
}
