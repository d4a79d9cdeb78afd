/** OpenAI's words for a level of service, in Purser's vocabulary. */

import type { ServiceTier } from "../../domain/price/rate.ts";

/**
 * `scale` is prepaid capacity, whose price is not per token: the standard rates stand in for it. `fast` is another word for
 * `priority` (types of the `openai` package 7.57, read 2026-11).
 */
const tiers: ReadonlyMap<string, ServiceTier> = new Map([
  ["auto", "standard"],
  ["default", "standard"],
  ["standard", "standard"],
  ["scale", "standard"],
  ["flex", "flex"],
  ["priority", "priority"],
  ["fast", "priority"],
  ["batch", "batch"],
]);

/** @returns null for a word that is not known, or none. */
export function serviceTierOf(word: string | undefined): ServiceTier | null {
  return word === undefined ? null : (tiers.get(word) ?? null);
}
