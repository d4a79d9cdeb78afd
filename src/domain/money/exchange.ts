/** Dated rates of a currency in which amounts are shown. The ledger stays in USD. */

import { divide, formatUsd, pico } from "./money.ts";

/** Applies from `from` (midnight UTC, in milliseconds) until the next rate of its currency. */
export interface ExchangeRate {
  readonly currency: string;
  readonly from: number;
  /** Units of the currency for one USD, as a fraction: both are positive. */
  readonly units: Fraction;
  /** As it was stated. */
  readonly stated: { readonly as: "units_per_usd" | "usd_per_unit"; readonly value: string };
}

export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** A part of a range in which one rate applies; null before the first. */
export interface RatedPart {
  /** Absent without a bound. */
  readonly from?: number;
  /** Exclusive. */
  readonly to?: number;
  readonly rate: ExchangeRate | null;
}

/** A sum of converted amounts, exact: in 10^-12 of the currency, divided by the scale. */
export type Converted = bigint;

/**
 * Converts amounts of a range of time. Nothing is rounded before it is printed: all amounts have
 * the common denominator of the rates.
 */
export class Exchange {
  readonly currency: string;
  /** The rates that apply in the range, the oldest first. */
  readonly rates: readonly ExchangeRate[];
  readonly #scale: bigint;

  /** @param rates Of one currency. */
  constructor(
    rates: readonly ExchangeRate[],
    { currency, from = -Infinity, to = Infinity }: ExchangeRange,
  ) {
    const sorted = [...rates].sort((left, right) => left.from - right.from);
    this.currency = currency;
    this.rates = sorted.filter(
      (rate, index) => rate.from < to && (sorted[index + 1]?.from ?? Infinity) > from,
    );
    this.#scale = this.rates.reduce((scale, { units }) => common(scale, units.denominator), 1n);
  }

  /** The rate of the day of an instant; undefined before the first. */
  rateAt(at: number): ExchangeRate | undefined {
    return this.rates.findLast(({ from }) => from <= at);
  }

  convert(amount: bigint, { units }: ExchangeRate): Converted {
    return amount * units.numerator * (this.#scale / units.denominator);
  }

  /** Exact to 10^-12 of the currency: the only rounding, to the nearest. */
  print(amount: Converted): string {
    return this.printShare(amount, 1);
  }

  /** An amount that is divided, rounded once. @param parts At least 1. */
  printShare(amount: Converted, parts: number): string {
    return formatUsd(pico(divide(amount, this.#scale * BigInt(parts))));
  }

  /** The parts of a range in which one rate applies, in order. */
  parts({ from, to }: Pick<RatedPart, "from" | "to">): readonly RatedPart[] {
    const starts = this.rates.map((rate) => ({ at: rate.from, rate }));
    const all = [{ at: -Infinity, rate: null }, ...starts];
    return all.flatMap(({ at, rate }, index): readonly RatedPart[] => {
      const start = Math.max(at, from ?? -Infinity);
      const end = Math.min(all[index + 1]?.at ?? Infinity, to ?? Infinity);
      if (start >= end) return [];
      return [
        { ...(start > -Infinity && { from: start }), ...(end < Infinity && { to: end }), rate },
      ];
    });
  }
}

export interface ExchangeRange {
  readonly currency: string;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** In lowest terms. */
export function fraction(numerator: bigint, denominator: bigint): Fraction {
  const divisor = greatest(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/** The least common multiple. */
function common(left: bigint, right: bigint): bigint {
  return (left / greatest(left, right)) * right;
}

/** The greatest common divisor. */
function greatest(left: bigint, right: bigint): bigint {
  return right === 0n ? left : greatest(right, left % right);
}
