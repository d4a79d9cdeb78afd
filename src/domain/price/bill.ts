/**
 * Computes the bill for a call: the provider's documented billed amount, else the price book, else
 * fallback rates (a budget's, or the provider's ceiling).
 */

import { add, multiply, zero, type PicoUsd } from "../money/money.ts";
import {
  countContext,
  feeMeters,
  countOutput,
  type Meter,
  type Usage,
  type UsageFlag,
  type UsagePart,
} from "../usage/usage.ts";
import { isOpenMeter } from "../usage/open-meter.ts";
import {
  countsTokens,
  unpricedSource,
  type CeilingRates,
  type Charge,
  type FallbackRates,
  type Rate,
} from "./row/rate.ts";
import type { ChargeOptions, PriceSheet } from "./sheet.ts";

export interface Billable {
  /** The model served. */
  readonly model: string;
  readonly parts: readonly UsagePart[];
  readonly sheetOf: (part: UsagePart) => PriceSheet | undefined;
  readonly terms: ChargeOptions;
  /** The rates at which a model without a price was held. */
  readonly fallback: FallbackRates | null;
  /** The cost reported by the provider. */
  readonly reported: ReportedCost;
}

export interface ReportedCost {
  readonly cost: PicoUsd | null;
  /** Whether the provider documents it as the amount billed and it covers the whole call. */
  readonly isBilled: boolean;
}

export interface Bill {
  readonly charges: readonly Charge[];
  readonly cost: PicoUsd;
  /** Whether the charge is the amount billed by the provider. */
  readonly isBilled: boolean;
  /** The cost by the price book, if the provider's figure is the charge. */
  readonly computedCost?: PicoUsd;
  /** Any of `unpriced`, `unpriced_modifier`, `usage_implausible` and `cost_differs`. */
  readonly flags: readonly UsageFlag[];
}

/**
 * A reported cost not documented as the amount billed is charged only if neither the book nor a
 * budget has a rate.
 */
export function billFor(call: Billable): Bill {
  const own = ownCharge(call);
  const { cost, isBilled } = call.reported;
  const ours = own.charges.reduce((sum, line) => add(sum, line.cost), zero);
  const isPriced = own.basis === "book";
  const differs = isBilled && cost !== null && isPriced && isApart(cost, ours);
  const isAbsurd = differs && cost > ours * absurdMultiple + absurdBeyond;
  const takesTheirs = cost !== null && !isAbsurd && (isBilled || own.basis === "none");
  const flags: UsageFlag[] = [];
  if (!isPriced || (!takesTheirs && own.charges.some(isUnpriced))) flags.push("unpriced");
  if (!(takesTheirs && isBilled) && !hasTerms(call)) flags.push("unpriced_modifier");
  if (isAbsurd) flags.push("usage_implausible");
  if (differs) flags.push("cost_differs");
  if (!takesTheirs) return { charges: own.charges, cost: ours, isBilled: false, flags };
  const line: Charge = { model: call.model, meter: "reported_cost", quantity: 1, cost };
  return {
    charges: [line],
    cost,
    isBilled,
    ...(isBilled && isPriced && { computedCost: ours }),
    flags,
  };
}

interface OwnCharge {
  readonly charges: readonly Charge[];
  /** `none`: neither the book nor a budget has a rate; the cost is unknown. */
  readonly basis: "book" | "fallback" | "none";
}

function ownCharge({ model, parts, sheetOf, terms, fallback }: Billable): OwnCharge {
  const charges: Charge[] = [];
  let basis: OwnCharge["basis"] = "book";
  for (const part of parts) {
    const sheet = sheetOf(part);
    const lines = sheet?.charge(part, terms) ?? [];
    const isPriced = sheet !== undefined && pricesTokensOf(sheet, lines);
    if (isPriced || !fallback) charges.push(...lines);
    else
      charges.push(...besideTokens(lines, fallback), ...fallbackLines(model, part.usage, fallback));
    if (!isPriced) basis = fallback ? "fallback" : "none";
  }
  return { charges, basis };
}

/** Whether the tokens of a bill, if it has any, have a price. */
function pricesTokensOf({ pricesTokens }: PriceSheet, lines: readonly Charge[]): boolean {
  const ofTokens = lines.filter(({ meter }) => countsTokens(meter));
  return (
    pricesTokens ||
    ofTokens.length === 0 ||
    (ofTokens.some(({ cost }) => cost > zero) && !ofTokens.some(isUnpriced))
  );
}

/** The lines charged in addition to tokens at fallback rates. A ceiling includes its own fees. */
function besideTokens(lines: readonly Charge[], { ceiling }: FallbackRates): readonly Charge[] {
  return lines.filter(({ meter }) => (ceiling ? isOpenMeter(meter) : !countsTokens(meter)));
}

/** Whether the book has a price for the model, but none for this meter. */
function isUnpriced({ rate }: Charge): boolean {
  return rate?.source === unpricedSource;
}

/** Whether the book has rates for the tier and the region. */
function hasTerms({ parts, sheetOf, terms }: Billable): boolean {
  return parts.every((part) => sheetOf(part)?.prices(terms) ?? true);
}

/**
 * All kinds of input have one rate, and all kinds of output another. Tool calls and requests have a
 * rate only in a ceiling, other units none.
 */
function fallbackLines(model: string, usage: Usage, rates: FallbackRates): readonly Charge[] {
  const input = countContext(usage);
  const output = countOutput(usage);
  const { ceiling } = rates;
  const of = (rate: Rate | undefined) => rate && { rate };
  const lines: readonly Charge[] = [
    {
      model,
      meter: "input",
      quantity: input,
      cost: multiply(rates.input, input),
      ...of(ceiling?.input),
    },
    {
      model,
      meter: "output",
      quantity: output,
      cost: multiply(rates.output, output),
      ...of(ceiling?.output),
    },
    ...(ceiling ? feeLines(model, usage, ceiling) : []),
  ];
  return lines.filter(({ quantity }) => quantity > 0);
}

function feeLines(
  model: string,
  usage: Usage,
  { webSearch, request }: CeilingRates,
): readonly Charge[] {
  const line = (meter: Meter, quantity: number, rate: Rate): Charge => ({
    model,
    meter,
    quantity,
    cost: multiply(rate.perUnit, quantity),
    rate: { ...rate, meter },
  });
  const requests = request.perUnit === zero ? 0 : (usage.request ?? 1);
  return [
    ...feeMeters.map((meter) => line(meter, usage[meter] ?? 0, webSearch)),
    line("request", requests, request),
  ];
}

/**
 * Whether two amounts differ by more than float rounding: a thousandth of the larger, plus one xAI
 * tick.
 */
function isApart(left: PicoUsd, right: PicoUsd): boolean {
  const [less, more] = left < right ? [left, right] : [right, left];
  return more - less > tick && (more - less) * 1000n > more;
}

/** 10^-10 USD. */
const tick = 100n;

/** Tools priced only by the provider add at most a few dollars to a bill. */
const absurdMultiple = 10n;
/** 10 USD. */
const absurdBeyond = 10_000_000_000_000n;
