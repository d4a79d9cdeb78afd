/** Checks the models that the action of a rule replaces, and those that serve, by their prices. */

import { formatUsd } from "../../domain/money/money.ts";
import type { DearestRates, PriceBook } from "../../domain/price/sheet.ts";
import type { Rule } from "../../domain/rule/rule.ts";

/** What may be a mistake. */
export interface RuleWarning {
  readonly field: string;
  readonly message: string;
  readonly remedy: string;
}

export interface ModelProblem extends RuleWarning {
  /** Whether the pair has no effect: a model has no price by token. */
  readonly isFault: boolean;
}

/** The pairs of models that cannot be replaced, or whose served model is not cheaper. */
export function modelProblems(
  { action }: Pick<Rule, "action">,
  prices: PriceBook,
  at: number,
): readonly ModelProblem[] {
  if (action?.kind !== "model") return [];
  return Object.entries(action.models).flatMap(([asked, served]): readonly ModelProblem[] => {
    const field = `models.${asked}`;
    const [before, after] = [ratesOf(asked, prices, at), ratesOf(served, prices, at)];
    if (!before || !after) return [withoutPrice(field, before ? served : asked)];
    if (after.input <= before.input && after.output <= before.output) return [];
    const rate = (side: "input" | "output"): string =>
      `${formatUsd(after[side])} instead of ${formatUsd(before[side])} USD per ${side} token`;
    const message = `${served} is not cheaper than ${asked}: ${rate("input")}, ${rate("output")}`;
    return [{ field, message, remedy: "Name a cheaper model.", isFault: false }];
  });
}

function withoutPrice(field: string, model: string): ModelProblem {
  return {
    field,
    message: `${field} names ${model}, which has no price by token`,
    remedy: "Correct the name, or add its price with POST /api/v1/prices or in purser.yaml.",
    isFault: true,
  };
}

/** The usual rates of a model for text; undefined if it has no price by token. */
function ratesOf(name: string, prices: PriceBook, at: number): DearestRates | undefined {
  const slash = name.indexOf("/");
  const [provider, model] = [name.slice(0, slash), name.slice(slash + 1)];
  const sheet = prices.sheet({ provider, model, at });
  if (sheet?.pricesTokens !== true) return undefined;
  const usual = { cacheWrite: "none", serviceTier: "standard", media: false } as const;
  return sheet.dearest({ inputTokens: 1000, ...usual });
}
