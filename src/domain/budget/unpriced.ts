/** The policy of a budget for calls whose model has no known price. */

import { type Fields, invalid, openFields, optionalWord, show } from "../input/fields.ts";
import { decimalText } from "../input/scalar.ts";
import { formatUsd, parseUsd, pico, type PicoUsd } from "../money/money.ts";
import type { FallbackRates } from "../price/row/rate.ts";
import type { Budget, UnpricedPolicy } from "./budget.ts";

/**
 * Parses `unpriced`: `block`, `allow`, or an object with `policy` and, to allow, `input` and
 * `output` in USD per million tokens.
 *
 * By default a hard budget in USD blocks, since it could not enforce its limit. Every other budget
 * allows: it only watches, or counts units that need no price.
 */
export function readUnpriced(
  fields: Fields,
  budget: Pick<Budget, "currency" | "policy">,
): UnpricedPolicy {
  const mustKnow = budget.currency === "USD" && budget.policy === "hard";
  const value = fields.values.get("unpriced");
  if (value === undefined)
    return mustKnow ? { policy: "block" } : { policy: "allow", fallback: null };

  const field = `${fields.prefix}unpriced`;
  const inner =
    typeof value === "string"
      ? { prefix: fields.prefix, values: new Map([["unpriced", value]]) }
      : openFields(value, { prefix: `${field}.`, known: ["policy", "input", "output"] });
  const policy = optionalWord(inner, typeof value === "string" ? "unpriced" : "policy", [
    "block",
    "allow",
  ]);
  if (policy === undefined) throw invalid(`${field}.policy`, "is missing", "Give block or allow.");
  const fallback = readRates(inner);
  if (policy === "block") {
    if (fallback)
      throw invalid(
        field,
        "blocks and states rates",
        "Set policy to allow, or leave the rates out.",
      );
    return { policy };
  }
  if (mustKnow && !fallback)
    throw invalid(
      field,
      "allows unpriced calls without rates, which a hard budget in USD needs",
      `Give input and output (${unit}).`,
    );
  return { policy, fallback };
}

/** Whether the budget refuses calls without a price. Only a hard budget in USD has to. */
export function blocksUnpriced({ policy, currency, unpriced }: Budget): boolean {
  return policy === "hard" && currency === "USD" && unpriced.policy === "block";
}

/**
 * The rates for a call without a price: a budget that would block it holds the ceiling of its
 * provider, unless there is none. Otherwise, the highest rates that a budget states; null if none
 * does.
 */
export function fallbackFor(
  budgets: readonly Budget[],
  ceiling: FallbackRates | undefined,
): FallbackRates | null | "blocked" {
  return budgets.some(blocksUnpriced) ? (ceiling ?? "blocked") : dearestFallback(budgets);
}

/** The highest rates that any of the budgets states for unpriced calls; null if none does. */
export function dearestFallback(budgets: readonly Budget[]): FallbackRates | null {
  let dearest: FallbackRates | null = null;
  for (const { unpriced } of budgets) {
    if (unpriced.policy !== "allow" || !unpriced.fallback) continue;
    const { input, output } = unpriced.fallback;
    dearest = dearest
      ? { input: max(dearest.input, input), output: max(dearest.output, output) }
      : { input, output };
  }
  return dearest;
}

function max(left: PicoUsd, right: PicoUsd): PicoUsd {
  return left > right ? left : right;
}

/** The inverse of {@link readUnpriced}. */
export function unpricedToJson(unpriced: UnpricedPolicy): Readonly<Record<string, string>> {
  if (unpriced.policy === "block" || unpriced.fallback === null) return { policy: unpriced.policy };
  const { input, output } = unpriced.fallback;
  return {
    policy: unpriced.policy,
    input: formatUsd(pico(input * million)),
    output: formatUsd(pico(output * million)),
  };
}

const million = 1_000_000n;
const unit = "USD per million tokens";

/** Reads `input` and `output` in USD per million tokens: both, or null for neither. */
export function readRates(fields: Fields): FallbackRates | null {
  const input = fields.values.get("input");
  const output = fields.values.get("output");
  if (input === undefined && output === undefined) return null;
  return {
    input: readRate(input, `${fields.prefix}input`),
    output: readRate(output, `${fields.prefix}output`),
  };
}

function readRate(value: unknown, field: string): PicoUsd {
  if (value === undefined)
    throw invalid(field, "is missing", `Give input and output together (${unit}).`);
  const perMillion = parseUsd(decimalText(value, field), field);
  if (perMillion < 0n)
    throw invalid(field, `is ${show(value)}, which is negative`, "Give zero or more.");
  if (perMillion % million !== 0n)
    throw invalid(
      field,
      `is ${show(value)}, which is a fraction of a pico-USD per token`,
      "Give at most six decimals.",
    );
  if (perMillion > mostPerMillion)
    throw invalid(
      field,
      `is ${show(value)}, which is too much for a token`,
      `Give at most 1000000 (${unit}).`,
    );
  return pico(perMillion / million);
}

const mostPerMillion = 10n ** 18n;
