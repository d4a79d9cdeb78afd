/**
 * Sums of charge lines as FOCUS bills them: one for each period, account and SKU, which is a meter
 * of a model at one rate.
 */

import type { Attribution, Dimension } from "../attribution/attribution.ts";
import { add, subtract, zero, type PicoUsd } from "../money/money.ts";
import { unpricedSource, type Charge, type Rate } from "../price/row/rate.ts";

/**
 * Where an amount is from:
 *
 * - `computed` usage at the rates of the price book
 * - `provider` the amount that the provider reported as billed
 * - `held` the held amount of a call whose usage is unknown
 * - `corrected` the figure of an administrator
 * - `fallback` usage at the fallback rates of a budget
 * - `unpriced` no price is known; the amount is zero
 */
export type CostBasis = "computed" | "provider" | "held" | "corrected" | "fallback" | "unpriced";

/** The dimensions that rows are kept apart by. Tasks and sessions would make a row of each call. */
export const focusDimensions = [
  "org",
  "team",
  "project",
  "agent",
  "user",
  "capability",
  "operation",
] as const satisfies readonly Dimension[];

export interface FocusCharge {
  /** Milliseconds since the epoch. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly provider: string;
  readonly model: string;
  readonly meter: Charge["meter"];
  readonly rate: Rate | null;
  readonly basis: CostBasis;
  /** A difference to what an earlier billing period charged; it has no quantity of its own. */
  readonly isCorrection: boolean;
  /** Units of the meter; calls, if there is no rate. */
  readonly quantity: number;
  readonly cost: PicoUsd;
  readonly priceVersion: string;
  /** Of {@link focusDimensions}, and tags. */
  readonly attribution: Attribution;
}

/** The fields of a call that decide in which row its charges are. */
export interface ChargedCall {
  readonly route: { readonly provider: string };
  readonly attribution: Attribution;
  readonly priceVersion: string;
  readonly charges: readonly Charge[];
}

/** A charge that was changed after its billing period had ended. */
export interface LateCorrection {
  readonly before: { readonly cost: PicoUsd };
  readonly after: ChargedCall & { readonly model: string; readonly cost: PicoUsd };
}

/** Adds up the charges of one period. */
export class FocusSums {
  readonly #period: { readonly start: number; readonly end: number };
  readonly #sums = new Map<string, Sum>();
  /**
   * A rate is one object for many calls in a row, and its text is long. Only the last of each meter
   * is kept: a WeakMap would keep all of them until the next full collection.
   */
  readonly #rateTexts = new Map<string, { readonly rate: Rate; readonly text: string }>();

  constructor(period: { readonly start: number; readonly end: number }) {
    this.#period = period;
  }

  add(call: ChargedCall): void {
    this.#add(call, false);
  }

  /** Adds the difference that a correction made. */
  correct({ before, after }: LateCorrection): void {
    const cost = subtract(after.cost, before.cost);
    const charges = [{ model: after.model, meter: "correction", quantity: 1, cost } as const];
    this.#add({ ...after, charges }, true);
  }

  #add(call: ChargedCall, isCorrection: boolean): void {
    const attribution = ownAttribution(call.attribution);
    const place = JSON.stringify([
      call.route.provider,
      call.priceVersion,
      attribution,
      isCorrection,
    ]);
    for (const charge of call.charges) {
      const { model, meter, rate = null, cost } = charge;
      const key = JSON.stringify([place, model, meter, rate ? this.#textOf(rate, charge) : ""]);
      const sum = this.#sums.get(key) ?? {
        ...this.#period,
        provider: call.route.provider,
        model,
        meter,
        rate,
        basis: basisOf(charge),
        isCorrection,
        quantity: 0,
        cost: zero,
        priceVersion: call.priceVersion,
        attribution,
      };
      sum.quantity += rate ? charge.quantity : 1;
      sum.cost = add(sum.cost, cost);
      this.#sums.set(key, sum);
    }
  }

  /** The most expensive first. */
  charges(): readonly FocusCharge[] {
    return [...this.#sums.values()].sort((left, right) =>
      left.cost === right.cost ? 0 : left.cost > right.cost ? -1 : 1,
    );
  }

  #textOf(rate: Rate, { model, meter }: Charge): string {
    const place = `${meter} ${model}`;
    const known = this.#rateTexts.get(place);
    if (known?.rate === rate) return known.text;
    const text = JSON.stringify(rate, (_, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    );
    this.#rateTexts.set(place, { rate, text });
    return text;
  }
}

/** A charge that is being added up, in place: there are many calls for each. */
type Sum = FocusCharge & { quantity: number; cost: PicoUsd };

function basisOf({ meter, rate }: Charge): CostBasis {
  if (meter === "reported_cost") return "provider";
  if (meter === "hold") return "held";
  if (meter === "correction") return "corrected";
  if (!rate) return "fallback";
  return rate.source === unpricedSource ? "unpriced" : "computed";
}

function ownAttribution(attribution: Attribution): Attribution {
  const own = focusDimensions.flatMap((dimension) => {
    const value = attribution[dimension];
    return value === undefined ? [] : [[dimension, value] as const];
  });
  const { tags } = attribution;
  return {
    ...Object.fromEntries(own),
    ...(tags && {
      tags: Object.fromEntries(
        Object.entries(tags).sort(([left], [right]) => (left < right ? -1 : 1)),
      ),
    }),
  };
}
