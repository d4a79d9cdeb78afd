/** Maps Bedrock's service tiers to Purser's. */

import type { ServiceTier } from "../../domain/price/rate.ts";
import { toObject, toText, type JsonObject } from "../count/count.ts";

const tiers: ReadonlyMap<string, ServiceTier> = new Map([
  ["default", "standard"],
  ["priority", "priority"],
  ["flex", "flex"],
]);

/**
 * Reserved capacity is paid in advance, and latency-optimized inference has separate prices,
 * unknown here
 * (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ServiceTier.html and
 * .../API_runtime_PerformanceConfiguration.html, read 2026-11).
 *
 * @param answer The answer, or the event that closes its stream.
 * @returns null if the answer has no tier.
 */
export function servedTier(answer: JsonObject | undefined): ServiceTier | null {
  const latency = toText(toObject(answer?.["performanceConfig"])?.["latency"]);
  if (latency !== undefined && latency !== "standard") return "other";
  const tier = toText(toObject(answer?.["serviceTier"])?.["type"]);
  return tier === undefined ? null : (tiers.get(tier) ?? "other");
}
