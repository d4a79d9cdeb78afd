/** Thresholds: shares of a budget at which it warns or pauses, once per window. */

import {
  type Fields,
  invalid,
  openFields,
  optionalList,
  optionalWord,
  show,
} from "../input/fields.ts";
import { decimalText } from "../input/scalar.ts";
import type { Threshold, ThresholdAction } from "./budget.ts";

/**
 * Parses `thresholds` (numbers, or objects with `at` and `action`) and `warning_threshold` (one
 * more that notifies). Without either, a budget warns at 0.8 and is exceeded at 1.
 *
 * @returns Ascending, without duplicates; of two at the same share, the one that pauses is kept.
 */
export function readThresholds(fields: Fields): readonly Threshold[] {
  const listed = optionalList(
    fields,
    "thresholds",
    "Give a list of shares, such as [0.5, 0.8, 1].",
  );
  const warning = fields.values.get("warning_threshold");
  const all = (listed ?? []).map((item, index) =>
    readThreshold(item, `${fields.prefix}thresholds[${index}]`),
  );
  if (warning !== undefined)
    all.push({
      partsPerMillion: readShare(warning, `${fields.prefix}warning_threshold`),
      action: "notify",
    });
  else if (listed === undefined) return usualThresholds;
  return inOrder(all);
}

const usualThresholds: readonly Threshold[] = [
  { partsPerMillion: 800_000, action: "notify" },
  { partsPerMillion: 1_000_000, action: "notify" },
];

/**
 * The thresholds of a budget that is declared again. A budget that states none, and was made when 1
 * was not one of the usual ones, keeps what it has.
 *
 * @param declared As returned by {@link readThresholds}.
 */
export function redeclared(
  declared: readonly Threshold[],
  old: readonly Threshold[],
): readonly Threshold[] {
  const [only, more] = old;
  const wasUsual = only?.partsPerMillion === 800_000 && only.action === "notify" && !more;
  return declared === usualThresholds && wasUsual ? old : declared;
}

/** A share as a JSON number: 0.8 for 800,000. */
export function shareOf(threshold: Threshold): number {
  return threshold.partsPerMillion / 1_000_000;
}

const actions: readonly ThresholdAction[] = ["notify", "pause"];
const laterActions: readonly string[] = ["rebalance", "cheaper_model"];

function readThreshold(item: unknown, field: string): Threshold {
  if (typeof item !== "object" || item === null)
    return { partsPerMillion: readShare(item, field), action: "notify" };
  const fields = openFields(item, { prefix: `${field}.`, known: ["at", "action"] });
  const action = fields.values.get("action");
  if (typeof action === "string" && laterActions.includes(action)) {
    throw invalid(
      `${field}.action`,
      `is ${show(action)}, which is not available yet`,
      "Use notify or pause.",
    );
  }
  if (!fields.values.has("at")) throw invalid(`${field}.at`, "is missing", shareRemedy);
  return {
    partsPerMillion: readShare(fields.values.get("at"), `${field}.at`),
    action: optionalWord(fields, "action", actions) ?? "notify",
  };
}

function readShare(value: unknown, field: string): number {
  const text = decimalText(value, field);
  const [whole = "0", fraction = ""] = text.split(".");
  const digits = fraction.replace(/0+$/, "");
  if (digits.length > 6)
    throw invalid(field, `is ${show(value)}, which has more than six decimals`, shareRemedy);
  const partsPerMillion = Number(BigInt(whole) * 1_000_000n + BigInt(digits.padEnd(6, "0")));
  if (text.startsWith("-") || partsPerMillion === 0 || partsPerMillion > 10_000_000) {
    throw invalid(field, `is ${show(value)}, which is out of range`, shareRemedy);
  }
  return partsPerMillion;
}

const shareRemedy = "Give a share of the amount above 0 and up to 10, such as 0.8.";

function inOrder(thresholds: readonly Threshold[]): readonly Threshold[] {
  const byShare = new Map<number, Threshold>();
  for (const threshold of thresholds) {
    if (byShare.get(threshold.partsPerMillion)?.action !== "pause")
      byShare.set(threshold.partsPerMillion, threshold);
  }
  return [...byShare.values()].sort((left, right) => left.partsPerMillion - right.partsPerMillion);
}
