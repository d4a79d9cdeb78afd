/** The format that a caller's headers speak, where the path is in several. */

import type { IncomingHttpHeaders } from "node:http";
import type { Wires } from "../app/route/target.ts";

/** @returns undefined if no header indicates a format. */
export function dialectOf(headers: IncomingHttpHeaders): keyof Wires | undefined {
  if (headers["anthropic-version"] !== undefined) return "anthropic";
  return headers["x-goog-api-key"] !== undefined || headers["x-goog-api-client"] !== undefined ? "gemini" : undefined;
}
