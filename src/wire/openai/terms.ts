/** Maps the service tiers of OpenAI's format to Purser's. */

import type { ServiceTier } from "../../domain/price/row/rate.ts";

/**
 * `fast` is another name of `priority` (types of the `openai` package 7.57, read 2026-11),
 * `on_demand` is Groq's standard tier (https://console.groq.com/docs/service-tiers). `scale` is
 * capacity paid in advance, without a list price.
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

/** @returns null without a word; `other` for one that is unknown or has no list price. */
export function serviceTierOf(word: string | undefined): ServiceTier | null {
  return word === undefined || word === "" ? null : (tiers.get(word) ?? "other");
}
