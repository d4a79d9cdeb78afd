/** Finds models of a price list whose text input would be free although their output is not. */

import type { CatalogueRow, Rates } from "../../domain/price/row/row.ts";
import { isOpenMeter } from "../../domain/usage/open-meter.ts";

/** Why a model is skipped if its output has a price and its input has none. */
export const freeInput = "has no price for input";

type Priced = Pick<CatalogueRow, "rates" | "contextTiers" | "serviceTiers"> & {
  readonly schedules?: readonly { readonly rates: Rates }[];
};

/** Whether input has a price wherever output does: in every tier, at every context size and hour. */
export function pricesInput({
  rates,
  contextTiers = [],
  serviceTiers = {},
  schedules = [],
}: Priced): boolean {
  const terms = Object.values(serviceTiers).flatMap((term) => ("rates" in term ? [term] : []));
  const changes = [
    ...[...contextTiers, ...schedules, ...terms].map((changed) => changed.rates),
    ...terms.flatMap((term) => (term.contextTiers ?? []).map((tier) => tier.rates)),
  ];
  return [{}, ...changes].every((changed) => pricesInputAt({ ...rates, ...changed }));
}

/** Input may also be charged by the call, or by units such as seconds of video. */
function pricesInputAt(rates: Rates): boolean {
  const priced = Object.entries(rates).flatMap(([meter, rate]) => (rate === 0n ? [] : [meter]));
  if (priced.some((meter) => ["input", "request"].includes(meter) || isInputUnit(meter)))
    return true;
  const outputs = priced.filter((meter) => meter.startsWith("output"));
  if (outputs.includes("output")) return false;
  return outputs.length === 0 || priced.some((meter) => meter.startsWith("input"));
}

function isInputUnit(meter: string): boolean {
  return isOpenMeter(meter) && !meter.startsWith("output");
}
