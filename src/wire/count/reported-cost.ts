/** Reads the cost of a call from its usage object. */

import { add, mostPerCall, type PicoUsd } from "../../domain/money/money.ts";
import { answerScanner } from "../body/index.ts";
import { parseReportedUsd } from "./decimal.ts";

export interface ReportedCost {
  readonly cost: PicoUsd;
  /**
   * False if part of the spend is missing: the upstream's bill, for a key of the caller's own at
   * OpenRouter.
   */
  readonly isWhole: boolean;
}

/** The digits must be read from their text, not from a float. */
const scan = answerScanner({ nested: ["cost_details", "cost"] });

/**
 * Supports xAI's ticks (10^10 to the dollar), OpenRouter's `cost` (with the caller's own upstream
 * key this is only the fee, and the upstream's cost is added) and Perplexity's total. Never summed
 * in floats.
 *
 * @returns undefined if no cost is reported, null if the cost is implausible.
 */
export function readReportedCost(text: string): ReportedCost | null | undefined {
  if (!text.includes('"cost')) return undefined;
  const usage = scan(Buffer.from(text));
  const ticks = usage.raw("cost_in_usd_ticks");
  if (ticks !== undefined) return whole(parseReportedUsd(ticks, 10));
  const written =
    usage.kind("cost") === "object" ? usage.raw("cost.total_cost") : usage.raw("cost");
  if (written === undefined) return undefined;
  const cost = parseReportedUsd(unquoted(written));
  if (cost === null || usage.raw("is_byok") !== "true") return whole(cost);
  const upstreamCost =
    usage.kind("cost_details") === "object"
      ? usage.raw("cost_details.upstream_inference_cost")
      : undefined;
  return upstreamCost === undefined
    ? { cost, isWhole: false }
    : withUpstream(cost, parseReportedUsd(unquoted(upstreamCost)));
}

function whole(cost: PicoUsd | null): ReportedCost | null {
  return cost === null ? null : { cost, isWhole: true };
}

function withUpstream(fee: PicoUsd, upstream: PicoUsd | null): ReportedCost | null {
  return upstream === null || upstream > mostPerCall - fee
    ? null
    : { cost: add(fee, upstream), isWhole: true };
}

function unquoted(text: string): string {
  return text.replaceAll('"', "");
}
