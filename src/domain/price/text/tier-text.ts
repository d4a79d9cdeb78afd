/** Context tiers as text: `{above: 200000, input: "4", output: "15"}`. */

import {
  type Fields,
  invalid,
  openFields,
  optionalList,
  optionalWhole,
} from "../../input/fields.ts";
import {
  formatFixed,
  meterFields,
  namesElsewhere,
  readRates,
  type FixedRatesText,
  type RateField,
} from "./rates-text.ts";
import type { ContextTier } from "../row/row.ts";

/** Exactly one of `above` and `from` is given. */
export interface ContextTierText extends FixedRatesText {
  /** The rates apply to contexts of more tokens than this. */
  readonly above?: number;
  /** The rates apply to contexts of at least this many tokens. */
  readonly from?: number;
}

/**
 * The list is ascending; a tier has only the rates that differ from the one below. It has none if
 * it is only a threshold of service tiers or regions.
 *
 * @throws PurserError `invalid_request` naming the field and the remedy.
 */
export function readTiers(
  fields: Fields,
  meters: readonly RateField[] = meterFields,
): readonly ContextTier[] {
  const path = `${fields.prefix}context_tiers`;
  const list = optionalList(fields, "context_tiers", example) ?? [];
  const tiers = list.map((input, index) =>
    readTier(input, { prefix: `${path}[${index}].`, meters }),
  );
  tiers.forEach(({ tokens, inclusive }, index) => {
    const before = tiers[index - 1];
    if (before && tokens <= before.tokens)
      throw invalid(
        `${path}[${index}].${edgeName(inclusive)}`,
        `is ${tokens}, which is not larger than that of the tier before, ${before.tokens}`,
        "Give the tiers in ascending order, each threshold once.",
      );
  });
  return tiers;
}

export function formatTiers(tiers: readonly ContextTier[]): readonly ContextTierText[] {
  return tiers.map(({ tokens, inclusive, rates }) => ({
    [edgeName(inclusive)]: tokens,
    ...formatFixed(rates, meterFields),
  }));
}

export function edgeName(inclusive: boolean): "from" | "above" {
  return inclusive ? "from" : "above";
}

function readTier(
  input: unknown,
  { prefix, meters }: { readonly prefix: string; readonly meters: readonly RateField[] },
): ContextTier {
  const fields = openFields(input, {
    prefix,
    known: ["above", "from", ...meters],
    meant: namesElsewhere,
  });
  const above = optionalWhole(fields, "above", bounds);
  const from = optionalWhole(fields, "from", bounds);
  if (above !== undefined && from !== undefined)
    throw invalid(
      `${prefix}from`,
      "is given together with above",
      "Give above if the threshold itself has the lower rates, or else from.",
    );
  const tokens = above ?? from;
  if (tokens === undefined)
    throw invalid(`${prefix}above`, "is missing", `${example} from includes the threshold.`);
  return { tokens, inclusive: from !== undefined, rates: readRates(fields) };
}

const bounds = { least: 1, most: 1_000_000_000 };
const example = 'Give a list of tiers: [{ above: 200000, input: "4", output: "15" }].';
