/**
 * Sums of charge lines as FOCUS bills them: one for each period, account and SKU, which is a meter
 * of a model at one rate.
 */

import type { Attribution, Dimension } from "../attribution/attribution.ts";
import { add, subtract, zero, type PicoUsd } from "../money/money.ts";
import { unpricedSource, type Charge, type Rate } from "../price/row/rate.ts";
import {
  chargeEndpoint,
  kindOfCharge,
  pricedQuantityOf,
  type ItemKind,
  type PricedQuantity,
} from "../price/text/item.ts";

/**
 * Where an amount is from:
 *
 * - `computed` usage at the rates of the price book, or a quantity of an item at its price
 * - `provider` the amount that the provider reported as billed
 * - `stated` the amount of a charge that is no model call, as it was recorded
 * - `held` the held amount of a call whose usage is unknown
 * - `corrected` the figure of a correction: by an administrator, or by a bill that came late
 * - `fallback` usage at the fallback rates of a budget
 * - `unpriced` no price is known; the amount is zero
 */
export type CostBasis =
  | "computed"
  | "provider"
  | "stated"
  | "held"
  | "corrected"
  | "fallback"
  | "unpriced";

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
  /** What is no model call: a search, an hour of work. Null for model calls. */
  readonly item: ItemKind | null;
  /** The quantity of an item at its price, instead of `quantity`; null if there is none. */
  readonly priced: PricedQuantity | null;
  readonly basis: CostBasis;
  /** A difference to what an earlier file charged; it has no quantity of its own. */
  readonly isCorrection: boolean;
  /** Units of the meter; calls or charges, if there is no rate. */
  readonly quantity: number;
  readonly cost: PicoUsd;
  readonly priceVersion: string;
  /** Of {@link focusDimensions}, and tags. */
  readonly attribution: Attribution;
}

/** The fields of a call that decide in which row its charges are. */
export interface ChargedCall {
  readonly route: { readonly provider: string; readonly endpoint: string };
  readonly attribution: Attribution;
  readonly priceVersion: string;
  readonly charges: readonly Charge[];
  /** The details of a charge that is no model call. */
  readonly rawUsage: string | null;
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
    const { provider } = call.route;
    const item = itemKindOf(call);
    const place = JSON.stringify([provider, call.priceVersion, attribution, isCorrection, item]);
    for (const charge of call.charges) {
      const { model, meter, rate = null, cost } = charge;
      const priced = item && meter === "reported_cost" ? pricedOf(call, cost) : null;
      const terms = rate ? this.#textOf(rate, charge) : ((priced && priceText(priced)) ?? "");
      const key = JSON.stringify([place, model, meter, terms]);
      const sum = this.#sums.get(key) ?? {
        ...this.#period,
        provider,
        model,
        meter,
        rate,
        item,
        priced: priced && { ...priced, quantity: 0n },
        basis: basisOf(charge, { item, priced }),
        isCorrection,
        quantity: 0,
        cost: zero,
        priceVersion: call.priceVersion,
        attribution,
      };
      if (sum.priced && priced) sum.priced.quantity += priced.quantity;
      sum.quantity += rate ? charge.quantity : 1;
      sum.cost = add(sum.cost, cost);
      this.#sums.set(key, sum);
    }
  }

  /** In no order. */
  charges(): readonly FocusCharge[] {
    return [...this.#sums.values()];
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
type Sum = Omit<FocusCharge, "priced"> & {
  readonly priced: (PricedQuantity & { quantity: bigint }) | null;
  quantity: number;
  cost: PicoUsd;
};

function itemKindOf({ route, rawUsage }: ChargedCall): ItemKind | null {
  return route.endpoint === chargeEndpoint ? kindOfCharge(route.provider, rawUsage) : null;
}

/** Null if the amount is not the quantity at the price, rounded. */
function pricedOf({ rawUsage }: ChargedCall, cost: PicoUsd): PricedQuantity | null {
  const priced = pricedQuantityOf(rawUsage);
  if (!priced) return null;
  const difference = priced.quantity * priced.price - cost * scale;
  return difference > -scale && difference < scale ? priced : null;
}

/** Quantities are whole numbers of 10⁻¹². */
const scale = 1_000_000_000_000n;

function priceText({ unit, price }: PricedQuantity): string {
  return `${unit} ${price}`;
}

function basisOf(
  { meter, rate }: Charge,
  { item, priced }: Pick<FocusCharge, "item" | "priced">,
): CostBasis {
  if (meter === "reported_cost") return priced ? "computed" : item ? "stated" : "provider";
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
