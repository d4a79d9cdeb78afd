/** Checks the models that the action of a rule replaces, and those that serve, by their prices. */

import { invalid } from "../../domain/input/fields.ts";
import { formatUsd } from "../../domain/money/money.ts";
import type { DearestRates, PriceBook, PriceSheet } from "../../domain/price/sheet.ts";
import type { Rule } from "../../domain/rule/rule.ts";

/** What is valid but may be a mistake. */
export interface RuleWarning {
  readonly field: string;
  readonly message: string;
  readonly remedy: string;
}

/**
 * @returns A warning for each pair whose served model is not cheaper.
 * @throws PurserError `invalid_request` for a model without a price by token: the action would have
 *   no effect.
 */
export function checkModels(
  { action }: Pick<Rule, "action">,
  prices: PriceBook,
  at: number,
): readonly RuleWarning[] {
  if (action?.kind !== "model") return [];
  return Object.entries(action.models).flatMap(([asked, served]) => {
    const field = `models.${asked}`;
    const rates = [asked, served].map((model) => ratesOf(model, { field, prices, at }));
    const [before, after] = rates;
    if (!before || !after || (after.input <= before.input && after.output <= before.output))
      return [];
    const text = ({ input, output }: DearestRates): string =>
      `${formatUsd(input)} and ${formatUsd(output)} USD`;
    const message = `${served} is not cheaper: a token of input and of output costs ${text(after)}, and ${text(before)} of ${asked}`;
    return [{ field, message, remedy: "Name a cheaper model." }];
  });
}

/** The usual rates of a model for text; undefined if it has no price by token. */
export function sheetByToken(
  prices: PriceBook,
  { model: name, at }: { readonly model: string; readonly at: number },
): PriceSheet | undefined {
  const slash = name.indexOf("/");
  const [provider, model] = [name.slice(0, slash), name.slice(slash + 1)];
  const sheet = prices.sheet({ provider, model, at });
  return sheet?.pricesTokens === true ? sheet : undefined;
}

function ratesOf(
  model: string,
  {
    field,
    prices,
    at,
  }: { readonly field: string; readonly prices: PriceBook; readonly at: number },
): DearestRates {
  const sheet = sheetByToken(prices, { model, at });
  if (sheet)
    return sheet.dearest({
      inputTokens: 1000,
      cacheWrite: "none",
      serviceTier: "standard",
      media: false,
    });
  throw invalid(
    field,
    `names ${model}, which has no price by token`,
    "Correct the name, or add its price with POST /api/v1/prices or in purser.yaml.",
  );
}
