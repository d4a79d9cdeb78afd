/** Bedrock's words for the tier of a call, in Purser's vocabulary. */

import type { ServiceTier } from "../../domain/price/rate.ts";
import { toObject, toText, type JsonObject } from "../count/count.ts";

const tiers: ReadonlyMap<string, ServiceTier> = new Map([
  ["default", "standard"],
  ["priority", "priority"],
  ["flex", "flex"],
]);

/**
 * Reserved capacity has been paid for beforehand, and latency-optimized inference has prices of its own, which are not known here
 * (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ServiceTier.html and .../API_runtime_PerformanceConfiguration.html,
 * read 2026-11).
 *
 * @param answer The answer, or the event that closes its stream.
 * @returns null when it does not say.
 */
export function servedTier(answer: JsonObject | undefined): ServiceTier | null {
  const latency = toText(toObject(answer?.["performanceConfig"])?.["latency"]);
  if (latency !== undefined && latency !== "standard") return "other";
  const tier = toText(toObject(answer?.["serviceTier"])?.["type"]);
  return tier === undefined ? null : (tiers.get(tier) ?? "other");
}
