/**
 * Detects a caller's API format (such as Anthropic's) from its headers, for paths that several
 * formats share.
 */

import type { IncomingHttpHeaders } from "node:http";
import type { Wires } from "../app/route/target.ts";

/** @returns undefined if no header indicates a format. */
export function dialectOf(headers: IncomingHttpHeaders): keyof Wires | undefined {
  if (headers["anthropic-version"] !== undefined) return "anthropic";
  return headers["x-goog-api-key"] !== undefined || headers["x-goog-api-client"] !== undefined
    ? "gemini"
    : undefined;
}
