/** Maps Anthropic's tier, speed and region to Purser's terms. */

import type { ServiceTier } from "../../domain/price/row/rate.ts";
import { anywhere } from "../../domain/price/row/terms.ts";
import { toText, type JsonObject } from "../count/count.ts";

/** The terms of a request. */
export interface AskedTerms {
  readonly model: string;
  readonly serviceTier: ServiceTier;
  /** Absent if not requested. */
  readonly region?: string;
}

const tiers: ReadonlyMap<string, ServiceTier> = new Map([
  ["standard", "standard"],
  ["priority", "priority"],
  ["batch", "batch"],
]);

/** @returns null if the usage has no tier; `other` for an unknown word. */
export function servedTier(usage: JsonObject): ServiceTier | null {
  const speed = toText(usage["speed"]);
  if (speed === "fast") return "fast";
  if (speed !== undefined && speed !== "standard") return "other";
  const tier = toText(usage["service_tier"]);
  return tier === undefined ? null : (tiers.get(tier) ?? "other");
}

/**
 * The tier to hold for. `auto`, the default, may be served from committed capacity, which has no
 * list price of its own (https://platform.claude.com/docs/en/api/service-tiers, read 2026-11); so
 * has `standard_only`.
 */
export function askedTier({
  speed,
  tier,
}: {
  readonly speed: string | undefined;
  readonly tier: string | undefined;
}): ServiceTier {
  if (speed === "fast") return "fast";
  const isKnown =
    (speed === undefined || speed === "standard") &&
    (tier === undefined || tier === "auto" || tier === "standard_only");
  return isKnown ? "standard" : "other";
}

/**
 * For models without regions the answer has `not_available`
 * (https://platform.claude.com/docs/en/manage-claude/data-residency, read 2026-11).
 */
export function regionOf(word: string | undefined): string | undefined {
  return word === "not_available" ? anywhere : word?.toLowerCase();
}
