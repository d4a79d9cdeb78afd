/** Finds an item in the price book, and what a quantity of it costs. */

import { PurserError } from "../../domain/error.ts";
import { formatInstant } from "../../domain/input/scalar.ts";
import { shorten } from "../../domain/input/shorten.ts";
import type { Outcome } from "../../domain/ledger/entry.ts";
import { formatUsd, mostPerCall, parseUsd, pico, type PicoUsd } from "../../domain/money/money.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import {
  itemKinds,
  itemProviders,
  type Item,
  type ItemKind,
} from "../../domain/price/text/item.ts";

export interface ItemPrices {
  prices(): PriceBook;
}

/** How much of an item was used, or what it cost. */
export interface ItemReport {
  readonly kind: "item";
  /** A plain decimal; null if only the amount is known. */
  readonly quantity: string | null;
  /** Null if the price of the item decides. */
  readonly amount: PicoUsd | null;
  /** With the price that was held; by default that of the time of the charge. */
  readonly item?: PricedItem;
  /** The operation id of the model call that it belongs to. */
  readonly requestId?: string;
  /** Its kind, if a simulated call used it: its provider is then the simulator. */
  readonly simulated?: ItemKind;
  /** The charge that it is a part of, and how that was shared. */
  readonly share?: ShareOf;
}

export interface ShareOf {
  readonly chargeId: string;
  readonly by: string;
  readonly how: string;
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** Identifies all parts: another split is another request. */
  readonly figures: string;
  /** Of the item, if its price decided what all parts cost together. */
  readonly priced?: Pick<Item, "unit" | "price">;
}

export type PricedItem = Omit<Item, "validFrom">;

export type ItemCharge = Omit<Outcome, "status" | "latencyMs" | "priceVersion">;

/** @returns Undefined for an item without a price at that time. */
export function findItem(context: ItemPrices, itemId: string, at: number): PricedItem | undefined {
  for (const kind of itemKinds) {
    const sheet = context.prices().sheet({ provider: itemProviders[kind], model: itemId, at });
    if (sheet?.match !== "exact" || sheet.row.model !== itemId) continue;
    const [rate] = sheet.unitRates({ serviceTier: "standard", at });
    if (rate) return { itemId, kind, unit: rate[0], price: rate[1] };
  }
  return undefined;
}

/** @throws PurserError `invalid_request` for an item without a price at that time. */
export function itemAt(context: ItemPrices, itemId: string, at: number): PricedItem {
  const item = findItem(context, itemId, at);
  if (item) return item;
  throw new PurserError(
    "invalid_request",
    `item_id: "${shorten(itemId, 100)}" has no price at ${formatInstant(at)}`,
    {
      field: "item_id",
      remedy: "Check the name and the time, or set its price with PUT /api/v1/items/{item_id}.",
    },
  );
}

/**
 * What an item costs at a time, as the outcome of a call.
 *
 * @throws PurserError `invalid_request` for an item without a price then, or too large a cost.
 */
export function chargeOfItem(
  context: ItemPrices,
  { at, route }: { readonly at: number; readonly route: { readonly model: string } },
  { quantity, amount, item: held, requestId, simulated, share }: ItemReport,
): ItemCharge {
  const { model } = route;
  const item = amount === null ? (held ?? itemAt(context, model, at)) : undefined;
  const usd = item ? costOfItem(item, quantity ?? "1") : (amount ?? pico(0n));
  const priced = item ?? share?.priced;
  const details = {
    item_id: model,
    quantity,
    unit: priced?.unit ?? null,
    price_usd: priced ? formatUsd(priced.price) : null,
    request_id: requestId ?? null,
    ...(simulated && { kind: simulated }),
    ...(share && {
      share_of: share.chargeId,
      shared: {
        by: share.by,
        how: share.how,
        value: share.value,
        from: formatInstant(share.from),
        to: formatInstant(share.to),
      },
    }),
  };
  return {
    model,
    usage: {},
    charges: [{ model, meter: "reported_cost", quantity: 1, cost: usd }],
    cost: { usd, tokens: 0n, requests: 1n },
    reportedCost: item ? null : usd,
    rawUsage: JSON.stringify(details),
    flags: [],
  };
}

/**
 * Rounded to the nearest pico-USD.
 *
 * @throws PurserError `invalid_request` for too large a cost.
 */
export function costOfItem({ price }: PricedItem, quantity: string): PicoUsd {
  const scaled: bigint = price * parseUsd(quantity, "quantity");
  const cost = (scaled + scale / 2n) / scale;
  if (cost <= mostPerCall) return pico(cost);
  throw new PurserError("invalid_request", `quantity: ${quantity} costs too much`, {
    field: "quantity",
    remedy: "Give a quantity that costs at most 9223372 USD.",
  });
}

/** `parseUsd` reads a decimal as a whole number of these. */
const scale = 1_000_000_000_000n;

/** @throws PurserError `invalid_request` for anything but a plain decimal of at least zero. */
export function readQuantity(value: string | number, field: string): string {
  const text = String(value);
  if (/^\d{1,12}(?:\.\d{1,12})?$/.test(text)) return formatUsd(parseUsd(text, field));
  throw new PurserError("invalid_request", `${field}: "${shorten(text, 40)}" is not a quantity`, {
    field,
    remedy: 'Give a plain decimal of at least 0 with at most 12 decimals, such as "1.5".',
  });
}
