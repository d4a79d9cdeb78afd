/** Which figure a call is charged at: the same order at the gateway and over the API. */

import { add, zero, type PicoUsd } from "../domain/money/money.ts";
import type { Charge } from "../domain/price/rate.ts";

/** What Purser makes of the counts. */
export interface OwnCharge {
  readonly charges: readonly Charge[];
  /** What it is made by; `none` where neither the book nor a budget has a rate, and the counts cost nothing that is known. */
  readonly basis: "book" | "fallback" | "none";
}

/** What the provider says. */
export interface ProviderFigure {
  readonly model: string;
  readonly cost: PicoUsd | null;
  /** Documented as the amount billed, and the whole of it. */
  readonly isBilled: boolean;
}

export interface ChosenCharge {
  readonly charges: readonly Charge[];
  readonly cost: PicoUsd;
  /** Whether the provider's amount billed is the charge. */
  readonly isBilled: boolean;
  /** Ours by the book, where the provider's figure is the charge. */
  readonly computedCost?: PicoUsd;
  /** The provider's amount billed and ours by the book are not the same. */
  readonly differs: boolean;
  /** The provider's amount billed cannot be true, and ours is charged. */
  readonly isAbsurd: boolean;
}

/**
 * The amount that the provider documents as billed; the book; a budget's fallback rates. Any other figure of a provider's is charged
 * only where there is nothing else.
 */
export function chooseCharge(own: OwnCharge, { model, cost, isBilled }: ProviderFigure): ChosenCharge {
  const ours = sumCosts(own.charges);
  const isPriced = own.basis === "book";
  const differs = isBilled && cost !== null && isPriced && isApart(cost, ours);
  const isAbsurd = differs && cost > ours * absurdMultiple + absurdBeyond;
  const isTaken = cost !== null && !isAbsurd && (isBilled || own.basis === "none");
  if (!isTaken) return { charges: own.charges, cost: ours, isBilled: false, differs, isAbsurd };
  const line: Charge = { model, meter: "reported_cost", quantity: 1, cost };
  const computed = isBilled && isPriced ? { computedCost: ours } : {};
  return { charges: [line], cost, isBilled, ...computed, differs, isAbsurd: false };
}

/** More than the last digits of a float apart: a thousandth of the larger one, and a tick of xAI's. */
function isApart(left: PicoUsd, right: PicoUsd): boolean {
  const [less, more] = left < right ? [left, right] : [right, left];
  return more - less > tick && (more - less) * 1000n > more;
}

function sumCosts(charges: readonly Charge[]): PicoUsd {
  return charges.reduce((sum, { cost }) => add(sum, cost), zero);
}

/** 10^-10 USD. */
const tick = 100n;

/** Tools that only the provider prices make a bill dearer than its tokens, by a few dollars at most. */
const absurdMultiple = 10n;
/** 10 USD. */
const absurdBeyond = 10_000_000_000_000n;
