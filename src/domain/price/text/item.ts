/** Items: what has a price of your own and is no model call, such as a search or an hour of work. */

import { invalid, openFields, optionalWord, requiredText } from "../../input/fields.ts";
import { decimalText } from "../../input/scalar.ts";
import { formatUsd, parseUsd, type PicoUsd } from "../../money/money.ts";
import { meterMistake } from "../../usage/open-meter.ts";
import { definePrice, type DefinePriceOptions, type PriceOverride } from "./override.ts";
import { mostUsdPerUnit } from "./per-million.ts";

export const itemKinds = ["tool", "infrastructure", "labor", "other"] as const;

export type ItemKind = (typeof itemKinds)[number];

/** The provider under which the charges of a kind are reported. */
export const itemProviders: Readonly<Record<ItemKind, string>> = {
  tool: "tools",
  infrastructure: "infrastructure",
  labor: "labor",
  other: "other_costs",
};

/** The endpoint of charges other than model calls. */
export const chargeEndpoint = "charge";

/** How the details of a charge begin, which its entry keeps as its usage. */
const beginning = '{"item_id":';

/** How much of an item a charge is for: nulls if only its amount is known. */
export function detailsOfCharge(details: string | null): {
  readonly quantity: string | null;
  readonly unit: string | null;
} {
  return { quantity: textIn(details, "quantity"), unit: textIn(details, "unit") };
}

/** How much of an item a charge is for, at its price: null if only its amount is known. */
export function pricedQuantityOf(details: string | null): PricedQuantity | null {
  const { quantity, unit } = detailsOfCharge(details);
  const price = textIn(details, "price_usd");
  if (quantity === null || unit === null || price === null) return null;
  if (!/^\d{1,12}(?:\.\d{1,12})?$/.test(quantity)) return null;
  return { quantity: parseUsd(quantity), unit, price: parseUsd(price) };
}

export interface PricedQuantity {
  /** In 10⁻¹² of the unit, as amounts are. */
  readonly quantity: bigint;
  readonly unit: string;
  /** Of one unit. */
  readonly price: PicoUsd;
}

/** The kind of the item of a charge: a simulated one has the simulator as its provider. */
export function kindOfCharge(provider: string, details: string | null): ItemKind {
  const own = itemKinds.find((kind) => itemProviders[kind] === provider);
  const said = own ?? textIn(details, "kind");
  return itemKinds.find((kind) => kind === said) ?? "other";
}

/** Whether the usage that an entry keeps is the details of a charge. */
export function isChargeDetails(usage: string | null): boolean {
  return usage?.startsWith(beginning) === true;
}

/**
 * The operation id of the call that a charge belongs to; null if it names none.
 *
 * @param details What the entry of the charge keeps as its usage.
 */
export function requestOfCharge(details: string | null): string | null {
  return isChargeDetails(details) ? textIn(details, "request_id") : null;
}

export interface Item {
  readonly itemId: string;
  readonly kind: ItemKind;
  /** What is counted: `call`, `hour`, `gb`. */
  readonly unit: string;
  /** Of one unit. */
  readonly price: PicoUsd;
  /** RFC 3339; null if it applies from when it was set. */
  readonly validFrom: string | null;
}

/** Short and without `,` and `=`, which separate items in a header. */
export const itemIdPattern = /^[a-z0-9][a-z0-9._-]{0,99}$/;

const known = ["item_id", "kind", "unit", "price_usd", "valid_from"];

/** A value of the details. The usage of a provider may begin the same, and may not be JSON. */
function textIn(details: string | null, name: string): string | null {
  return new RegExp(`"${name}":"([^"\\\\]+)"`).exec(details ?? "")?.[1] ?? null;
}

/**
 * Reads an item. It is a price in the book: the item is the model, its unit the meter.
 *
 * @throws PurserError `invalid_request` naming the field and the remedy.
 */
export function defineItem(input: unknown, { field, source }: DefinePriceOptions): PriceOverride {
  const prefix = field ? `${field}.` : "";
  const fields = openFields(input, { prefix, known });
  const itemId = requiredText(fields, "item_id", "Name the item, such as web-search.");
  if (!itemIdPattern.test(itemId))
    throw invalid(
      `${prefix}item_id`,
      "is not a valid id",
      "Use up to 100 lower-case letters, digits and . _ -, beginning with a letter or a digit.",
    );
  const kind = optionalWord(fields, "kind", itemKinds);
  if (kind === undefined)
    throw invalid(`${prefix}kind`, "is missing", `Give one of ${itemKinds.join(", ")}.`);
  const unit = requiredText(fields, "unit", "Name what is counted, such as call, hour or gb.");
  const mistake = meterMistake(unit);
  if (mistake) throw invalid(`${prefix}unit`, mistake.problem, mistake.remedy);
  const price = readPrice(fields.values.get("price_usd"), `${prefix}price_usd`);
  const from = fields.values.get("valid_from");
  const row = {
    provider: itemProviders[kind],
    model: itemId,
    input: "0",
    output: "0",
    meters: { [unit]: formatUsd(price) },
    ...(from !== undefined && { valid_from: from }),
  };
  return definePrice(row, { field, source });
}

/** @returns Undefined for a price that is not an item's. */
export function itemOf({ row }: PriceOverride): Item | undefined {
  const kind = itemKinds.find((one) => itemProviders[one] === row.provider);
  const [meter, ...more] = Object.entries(row.meters ?? {});
  if (kind === undefined || meter === undefined || more.length > 0) return undefined;
  const [unit, price] = meter;
  return {
    itemId: row.model,
    kind,
    unit,
    price: parseUsd(price),
    validFrom: row.valid_from ?? null,
  };
}

function readPrice(value: unknown, field: string): PicoUsd {
  const remedy = 'Give the price of one unit in USD, such as "0.005".';
  if (typeof value !== "string" && typeof value !== "number")
    throw invalid(field, value === undefined ? "is missing" : "is not a price", remedy);
  const price = parseUsd(decimalText(value, field), field);
  if (price < 0n) throw invalid(field, "is negative", remedy);
  if (price > mostUsdPerUnit) throw invalid(field, "is above 1,000,000 USD", remedy);
  return price;
}
