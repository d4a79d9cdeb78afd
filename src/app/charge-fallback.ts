/** The bill for a model without a price, at the rates that a budget states for such models. */

import type { FallbackRates } from "../domain/budget/budget.ts";
import { multiply } from "../domain/money/money.ts";
import type { Charge } from "../domain/price/rate.ts";
import { countContext, countTokens, type Usage } from "../domain/usage/usage.ts";

/** Input and output of any kind count alike; tool calls have no stated rate and are counted only. No rates, no lines. */
export function chargeFallback(model: string, usage: Usage, rates: FallbackRates | null): readonly Charge[] {
  if (!rates) return [];
  const input = countContext(usage);
  const output = countTokens(usage) - input;
  const lines: readonly Charge[] = [
    { model, meter: "input", quantity: input, cost: multiply(rates.input, input) },
    { model, meter: "output", quantity: output, cost: multiply(rates.output, output) },
  ];
  return lines.filter(({ quantity }) => quantity > 0);
}
