/** OpenAI's words for a level of service, in Purser's vocabulary. */

import type { ServiceTier } from "../../domain/price/rate.ts";

/**
 * `fast` is another word for `priority` (types of the `openai` package 7.57, read 2026-11), `on_demand` Groq's word for its standard tier
 * (https://console.groq.com/docs/service-tiers). `scale` is capacity that was paid for beforehand, and has no list price.
 */
const tiers: ReadonlyMap<string, ServiceTier> = new Map([
  ["auto", "standard"],
  ["default", "standard"],
  ["standard", "standard"],
  ["on_demand", "standard"],
  ["flex", "flex"],
  ["priority", "priority"],
  ["fast", "priority"],
  ["batch", "batch"],
]);

/** @returns null for no word; `other` for one that is not known or has no list price. */
export function serviceTierOf(word: string | undefined): ServiceTier | null {
  return word === undefined || word === "" ? null : (tiers.get(word) ?? "other");
}
