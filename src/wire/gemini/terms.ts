/** Maps Google's service tiers to Purser's. */

import type { ServiceTier } from "../../domain/price/row/rate.ts";
import { toText, type JsonObject } from "../count/count.ts";

/** In lower case; null for a word without meaning. */
const words: ReadonlyMap<string, ServiceTier | null> = new Map([
  ["unspecified", null],
  ["traffic_type_unspecified", null],
  ["standard", "standard"],
  ["on_demand", "standard"],
  ["flex", "flex"],
  ["on_demand_flex", "flex"],
  ["priority", "priority"],
  ["on_demand_priority", "priority"],
  ["batch", "batch"],
]);

/**
 * The tier that served the call: in Vertex's `trafficType` or the Gemini API's `serviceTier`. If
 * both are present, the one that is not standard counts. Provisioned throughput is paid in advance
 * and is `other`, as is every unknown word
 * (https://ai.google.dev/gemini-api/docs/priority-inference, types of @google/genai 3.1.0, read
 * 2026-11).
 *
 * @returns null if neither is present.
 */
export function servedTier(metadata: JsonObject): ServiceTier | null {
  const named = [readWord(metadata["serviceTier"]), readWord(metadata["trafficType"])].filter(
    (tier) => tier !== null,
  );
  const special = new Set(named.filter((tier) => tier !== "standard"));
  const [only] = special;
  if (special.size > 1) return "other";
  return only ?? named[0] ?? null;
}

/** The tier to hold for. */
export function askedTier(word: string | undefined): ServiceTier {
  return readWord(word) ?? "standard";
}

function readWord(value: unknown): ServiceTier | null {
  const word = toText(value)
    ?.toLowerCase()
    .replace(/^service_tier_/, "");
  if (word === undefined) return null;
  const known = words.get(word);
  return known === undefined ? "other" : known;
}
