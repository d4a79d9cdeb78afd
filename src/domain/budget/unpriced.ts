/** What a budget does with a call whose model has no price. */

import { type Fields, invalid, openFields, optionalWord, show } from "../input/fields.ts";
import { decimalText } from "../input/scalar.ts";
import { formatUsd, parseUsd, pico, type PicoUsd } from "../money/money.ts";
import type { Budget, FallbackRates, UnpricedPolicy } from "./budget.ts";

/**
 * Reads `unpriced`: `block`, `allow`, or an object with `policy` and, to allow, `input` and `output` in USD per million tokens.
 *
 * Left out, a hard budget in USD blocks: it could not keep its limit. Every other budget allows, since it only watches, or
 * counts what needs no price.
 */
export function readUnpriced(fields: Fields, budget: Pick<Budget, "currency" | "policy">): UnpricedPolicy {
  const mustKnow = budget.currency === "USD" && budget.policy === "hard";
  const value = fields.values.get("unpriced");
  if (value === undefined) return mustKnow ? { policy: "block" } : { policy: "allow", fallback: null };

  const field = `${fields.prefix}unpriced`;
  const inner =
    typeof value === "string"
      ? { prefix: fields.prefix, values: new Map([["unpriced", value]]) }
      : openFields(value, { prefix: `${field}.`, known: ["policy", "input", "output"] });
  const policy = optionalWord(inner, typeof value === "string" ? "unpriced" : "policy", ["block", "allow"]);
  if (policy === undefined) throw invalid(`${field}.policy`, "is missing", "Give block or allow.");
  const fallback = readRates(inner);
  if (policy === "block") {
    if (fallback) throw invalid(field, "blocks and states rates", "Set policy to allow, or leave the rates out.");
    return { policy };
  }
  if (mustKnow && !fallback)
    throw invalid(field, "allows without rates, and a hard budget in USD needs them", `Give input and output (${unit}).`);
  return { policy, fallback };
}

/** The inverse of {@link readUnpriced}. */
export function unpricedToJson(unpriced: UnpricedPolicy): Readonly<Record<string, string>> {
  if (unpriced.policy === "block" || unpriced.fallback === null) return { policy: unpriced.policy };
  const { input, output } = unpriced.fallback;
  return { policy: unpriced.policy, input: formatUsd(pico(input * million)), output: formatUsd(pico(output * million)) };
}

const million = 1_000_000n;
const unit = "USD per million tokens";

function readRates(fields: Fields): FallbackRates | null {
  const input = fields.values.get("input");
  const output = fields.values.get("output");
  if (input === undefined && output === undefined) return null;
  return { input: readRate(input, `${fields.prefix}input`), output: readRate(output, `${fields.prefix}output`) };
}

function readRate(value: unknown, field: string): PicoUsd {
  if (value === undefined) throw invalid(field, "is missing", `Give input and output together (${unit}).`);
  const perMillion = parseUsd(decimalText(value, field), field);
  if (perMillion < 0n) throw invalid(field, `is ${show(value)}, which is negative`, "Give zero or more.");
  if (perMillion % million !== 0n)
    throw invalid(field, `is ${show(value)}, which is finer than pico-USD a token`, "Give at most six decimals.");
  if (perMillion > mostPerMillion) throw invalid(field, `is ${show(value)}, which no token costs`, `Give at most 1000000 (${unit}).`);
  return pico(perMillion / million);
}

const mostPerMillion = 10n ** 18n;
