/** Which models a format has. */

import type { WireName } from "../../wire/wire.ts";

/**
 * Google resells Claude, and its price list has it, in Anthropic's own format and not by `generateContent`
 * (cloud.google.com, "Use Claude models from Anthropic", read 2026-11).
 */
const notGemini = /^(?:anthropic\/)?claude/i;

/** @param model As a provider knows it. */
export function isCallableIn(wireName: WireName, model: string): boolean {
  return wireName !== "gemini" || !notGemini.test(model);
}
