/** Names the endpoints of OpenAI's format that are billed by units other than tokens, or may be. */

import type { Endpoint } from "../../wire.ts";

/** Routes of POST requests, and the endpoints' names. */
export const mediaEndpoints: ReadonlyMap<string, string> = new Map([
  ["audio/speech", "speech"],
  ["audio/transcriptions", "transcriptions"],
  ["audio/translations", "translations"],
  ["images/generations", "image_generations"],
  ["images/edits", "image_edits"],
  ["images/variations", "image_variations"],
  ["rerank", "rerank"],
]);

const names: ReadonlySet<string> = new Set(mediaEndpoints.values());

export function isMedia({ name }: Endpoint): boolean {
  return names.has(name);
}
