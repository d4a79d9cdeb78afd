/** Writes a comment of a stream of server-sent events. */

/** Official SDKs, and clients built on them, skip lines that begin with a colon. */
export function eventComment(text: string): string {
  return `: ${text}\n\n`;
}
