/** Google's words for the tier of a call, in Purser's vocabulary. */

import type { ServiceTier } from "../../domain/price/rate.ts";
import { toText, type JsonObject } from "../count/count.ts";

/** In lower case; null is a word that says nothing. */
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
 * What served: Vertex names it by `trafficType`, the Gemini API by `serviceTier`. Where both do, the one that is not standard.
 * Provisioned throughput has been paid for beforehand, and is `other`, as every word that is not known
 * (https://ai.google.dev/gemini-api/docs/priority-inference, types of @google/genai 3.1.0, read 2026-11).
 *
 * @returns null when neither says.
 */
export function servedTier(metadata: JsonObject): ServiceTier | null {
  const named = [readWord(metadata["serviceTier"]), readWord(metadata["trafficType"])].filter((tier) => tier !== null);
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
