/** The bill for a call. One order everywhere: the amount that the provider bills by its own word, the price book, a budget's fallback rates. */

import { add, multiply, zero, type PicoUsd } from "../money/money.ts";
import { countContext, countTokens, type Usage, type UsageFlag, type UsagePart } from "../usage/usage.ts";
import type { Charge, FallbackRates } from "./rate.ts";
import type { ChargeOptions, PriceSheet } from "./sheet.ts";

export interface Billable {
  /** The model served. */
  readonly model: string;
  readonly parts: readonly UsagePart[];
  readonly sheetOf: (part: UsagePart) => PriceSheet | undefined;
  readonly terms: ChargeOptions;
  /** What a budget of the call states for models without a price. */
  readonly fallback: FallbackRates | null;
  /** The cost that the provider reported. */
  readonly reported: ReportedCost;
}

export interface ReportedCost {
  readonly cost: PicoUsd | null;
  /** Whether the provider documents it as the amount billed, and it covers the whole call. */
  readonly isBilled: boolean;
}

export interface Bill {
  readonly charges: readonly Charge[];
  readonly cost: PicoUsd;
  /** Whether the charge is the provider's amount billed. */
  readonly isBilled: boolean;
  /** Our cost by the book, where the provider's figure is the charge. */
  readonly computedCost?: PicoUsd;
  /** Of `unpriced`, `unpriced_modifier`, `usage_implausible` and `cost_differs`. */
  readonly flags: readonly UsageFlag[];
}

/** A reported cost that is not documented as the amount billed is charged only where neither the book nor a budget has a rate. */
export function billFor(call: Billable): Bill {
  const own = ownCharge(call);
  const { cost, isBilled } = call.reported;
  const ours = own.charges.reduce((sum, line) => add(sum, line.cost), zero);
  const isPriced = own.basis === "book";
  const differs = isBilled && cost !== null && isPriced && isApart(cost, ours);
  const isAbsurd = differs && cost > ours * absurdMultiple + absurdBeyond;
  const takesTheirs = cost !== null && !isAbsurd && (isBilled || own.basis === "none");
  const flags: UsageFlag[] = [];
  if (!isPriced) flags.push("unpriced");
  if (!(takesTheirs && isBilled) && !hasTerms(call)) flags.push("unpriced_modifier");
  if (isAbsurd) flags.push("usage_implausible");
  if (differs) flags.push("cost_differs");
  if (!takesTheirs) return { charges: own.charges, cost: ours, isBilled: false, flags };
  const line: Charge = { model: call.model, meter: "reported_cost", quantity: 1, cost };
  return { charges: [line], cost, isBilled, ...(isBilled && isPriced && { computedCost: ours }), flags };
}

interface OwnCharge {
  readonly charges: readonly Charge[];
  /** `none`: neither the book nor a budget has a rate, and the counts cost nothing that is known. */
  readonly basis: "book" | "fallback" | "none";
}

function ownCharge({ model, parts, sheetOf, terms, fallback }: Billable): OwnCharge {
  const priced = parts.map((part): OwnCharge => {
    const sheet = sheetOf(part);
    if (sheet) return { charges: sheet.charge(part, terms), basis: "book" };
    return fallback ? { charges: fallbackLines(model, part.usage, fallback), basis: "fallback" } : { charges: [], basis: "none" };
  });
  const basis = priced.find((one) => one.basis !== "book")?.basis ?? "book";
  return { charges: priced.flatMap(({ charges }) => charges), basis };
}

/** Whether the book has rates for the tier and the region. */
function hasTerms({ parts, sheetOf, terms }: Billable): boolean {
  return parts.every((part) => sheetOf(part)?.prices(terms) ?? true);
}

/** Input of any kind counts alike, and output of any kind. Tool calls have no stated rate. */
function fallbackLines(model: string, usage: Usage, rates: FallbackRates): readonly Charge[] {
  const input = countContext(usage);
  const output = countTokens(usage) - input;
  const lines: readonly Charge[] = [
    { model, meter: "input", quantity: input, cost: multiply(rates.input, input) },
    { model, meter: "output", quantity: output, cost: multiply(rates.output, output) },
  ];
  return lines.filter(({ quantity }) => quantity > 0);
}

/** More than the rounding of a float apart: a thousandth of the larger amount, and a tick of xAI's. */
function isApart(left: PicoUsd, right: PicoUsd): boolean {
  const [less, more] = left < right ? [left, right] : [right, left];
  return more - less > tick && (more - less) * 1000n > more;
}

/** 10^-10 USD. */
const tick = 100n;

/** Tools that only the provider prices make a bill dearer than its tokens, by a few dollars at most. */
const absurdMultiple = 10n;
/** 10 USD. */
const absurdBeyond = 10_000_000_000_000n;
