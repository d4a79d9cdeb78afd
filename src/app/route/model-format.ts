/** Decides which models can be called in a format. */

import type { WireName } from "../../wire/wire.ts";

/**
 * Google resells Claude and lists its prices, but serves it in Anthropic's own format, not through
 * `generateContent` (cloud.google.com, "Use Claude models from Anthropic", read 2026-11).
 */
const notGemini = /^(?:anthropic\/)?claude/i;

/** @param model The provider's name for the model. */
export function isCallableIn(wireName: WireName, model: string): boolean {
  return wireName !== "gemini" || !notGemini.test(model);
}
