/**
 * The columns of a FOCUS file (FinOps Open Cost and Usage Specification), versions 1.2 and 1.4
 * (https://focus.finops.org, read 2026-11), for charges of AI models.
 */

import { formatInstant } from "../input/scalar.ts";
import { formatUsd, multiply, pico, zero, type PicoUsd } from "../money/money.ts";
import { countsTokens } from "../price/row/rate.ts";
import type { ItemKind } from "../price/text/item.ts";
import type { ColumnOf } from "../table/table.ts";
import type { FocusCharge } from "./focus-charge.ts";

export const focusVersions = ["1.4", "1.2"] as const;
export type FocusVersion = (typeof focusVersions)[number];

/** How computed amounts are published: as an estimate only, or as billed. */
export interface FocusOptions {
  readonly version: FocusVersion;
  /**
   * FOCUS reserves `BilledCost` for amounts of an invoice, so a computed cost is 0 there. True
   * publishes it as billed, for tools that read no other column.
   */
  readonly billsComputed: boolean;
}

/** FOCUS columns in the order of the specification's samples, then our own. */
export function focusColumns({
  version,
  billsComputed,
}: FocusOptions): readonly ColumnOf<FocusCharge>[] {
  const is12 = version === "1.2";
  const billed = (charge: FocusCharge): PicoUsd =>
    billsComputed || charge.basis === "provider" ? charge.cost : zero;
  return [
    usd("BilledCost", billed),
    text("BillingAccountId", ({ provider }) => provider),
    text("BillingAccountName", ({ provider }) => provider),
    text("BillingCurrency", () => "USD"),
    text("BillingPeriodEnd", ({ start }) => instant(monthOf(start).end)),
    text("BillingPeriodStart", ({ start }) => instant(monthOf(start).start)),
    text("ChargeCategory", () => "Usage"),
    text("ChargeClass", ({ isCorrection }) => (isCorrection ? "Correction" : null)),
    text("ChargeDescription", describe),
    text("ChargeFrequency", () => "Usage-Based"),
    text("ChargePeriodEnd", ({ end }) => instant(end)),
    text("ChargePeriodStart", ({ start }) => instant(start)),
    number("ConsumedQuantity", unlessCorrection(quantityOf)),
    text("ConsumedUnit", unlessCorrection(unitsOf)),
    number("ContractedCost", listCost),
    number("ContractedUnitPrice", unlessCorrection(unitPrice)),
    usd("EffectiveCost", ({ cost }) => cost),
    ...(is12 ? [] : [text("HostProviderName", ({ provider }) => provider)]),
    text("InvoiceIssuerName", ({ provider }) => provider),
    number("ListCost", listCost),
    number("ListUnitPrice", unlessCorrection(unitPrice)),
    text("PricingCategory", ({ rate, priced }) => ((rate ?? priced) ? "Standard" : "Other")),
    number("PricingQuantity", unlessCorrection(pricingQuantity)),
    text("PricingUnit", unlessCorrection(pricingUnit)),
    ...(is12
      ? [
          text("ProviderName", ({ provider }) => provider),
          text("PublisherName", ({ provider }) => provider),
        ]
      : []),
    text("RegionId", ({ rate }) => rate?.region ?? null),
    text("RegionName", ({ rate }) => rate?.region ?? null),
    text("ServiceCategory", ({ item }) => serviceOf(item)[0]),
    text("ServiceName", ({ provider }) => provider),
    ...(is12 ? [] : [text("ServiceProviderName", ({ provider }) => provider)]),
    text("ServiceSubcategory", ({ item }) => serviceOf(item)[1]),
    text("SkuId", (charge) => `${charge.model}-${meterOf(charge)}`),
    text("SkuMeter", meterName),
    text("SkuPriceDetails", unlessCorrection(priceDetails)),
    text("SkuPriceId", unlessCorrection(priceId)),
    text("SubAccountId", ({ attribution }) => attribution.project ?? null),
    text("SubAccountName", ({ attribution }) => attribution.project ?? null),
    text("Tags", tags),
    text("x_CostBasis", ({ basis }) => basis),
    text("x_PriceVersion", ({ priceVersion }) => priceVersion),
  ];
}

type Of<Value> = (charge: FocusCharge) => Value;

function text(name: string, of: Of<string | null>): ColumnOf<FocusCharge> {
  return { name, kind: "text", of };
}

function usd(name: string, of: Of<PicoUsd>): ColumnOf<FocusCharge> {
  return number(name, (charge) => formatUsd(of(charge)));
}

/** A correction has an amount only: its quantity and price are those of the first charge. */
function unlessCorrection(of: Of<string>): Of<string | null> {
  return (charge) => (charge.isCorrection ? null : of(charge));
}

/**
 * Decimals as text, to be exact. They have a point: a reader that guesses types would take a column
 * of whole numbers for integers, which FOCUS does not allow.
 */
function number(name: string, of: Of<string | null>): ColumnOf<FocusCharge> {
  const decimal = (charge: FocusCharge): string | null => {
    const digits = of(charge);
    return digits === null || digits.includes(".") ? digits : `${digits}.0`;
  };
  return { name, kind: "number", of: decimal };
}

/** FOCUS wants whole seconds. */
function instant(atMs: number): string {
  return formatInstant(Math.floor(atMs / 1000) * 1000);
}

/** The calendar month in UTC: providers bill by it. */
export function monthOf(atMs: number): { readonly start: number; readonly end: number } {
  const start = Temporal.Instant.fromEpochMilliseconds(atMs)
    .toZonedDateTimeISO("UTC")
    .with({ day: 1 })
    .startOfDay();
  return { start: start.epochMilliseconds, end: start.add({ months: 1 }).epochMilliseconds };
}

/** Tokens are priced by the million, so that prices read as the providers print them. */
const tokensPerUnit = 1_000_000;

function isPerToken({ rate }: FocusCharge): boolean {
  return rate !== null && countsTokens(rate.meter);
}

function unitPrice(charge: FocusCharge): string {
  const { rate, priced, cost } = charge;
  if (priced) return formatUsd(priced.price);
  if (!rate) return formatUsd(cost);
  return formatUsd(isPerToken(charge) ? multiply(rate.perUnit, tokensPerUnit) : rate.perUnit);
}

/** In units of the price. Without a price, the whole amount is one unit. */
function pricingQuantity(charge: FocusCharge): string {
  if (charge.priced) return quantityOf(charge);
  if (!charge.rate) return "1";
  return isPerToken(charge) ? millionths(charge.quantity) : String(charge.quantity);
}

function quantityOf({ priced, quantity }: FocusCharge): string {
  return priced ? formatUsd(pico(priced.quantity)) : String(quantity);
}

/**
 * Exactly the unit price times the quantity: the charges of an item are rounded to the pico-dollar,
 * each for itself.
 */
function listCost({ priced, cost, isCorrection }: FocusCharge): string {
  if (!priced || isCorrection) return formatUsd(cost);
  const product = priced.price * priced.quantity;
  const fraction = String(product % squared)
    .padStart(24, "0")
    .replace(/0+$/, "");
  return `${product / squared}${fraction === "" ? "" : `.${fraction}`}`;
}

/** Of 10⁻¹², the unit of amounts and quantities. */
const squared = 10n ** 24n;

/** A whole number divided by a million, exactly. */
function millionths(quantity: number): string {
  const digits = String(quantity).padStart(7, "0");
  const fraction = digits.slice(-6).replace(/0+$/, "");
  return `${digits.slice(0, -6)}${fraction === "" ? "" : `.${fraction}`}`;
}

function pricingUnit(charge: FocusCharge): string {
  if (charge.priced) return unitsOf(charge);
  if (!charge.rate) return "Charges";
  return isPerToken(charge) ? `${tokensPerUnit} Tokens` : unitsOf(charge);
}

function unitsOf(charge: FocusCharge): string {
  const { priced, item, rate, meter } = charge;
  if (priced) return itemUnits.get(priced.unit) ?? words(priced.unit);
  if (!rate) return item ? "Charges" : "Requests";
  return isPerToken(charge) ? "Tokens" : (unitNames.get(meter) ?? words(meter));
}

/** Usual units of items, as FOCUS writes units. */
const itemUnits: ReadonlyMap<string, string> = new Map([
  ["call", "Calls"],
  ["charge", "Charges"],
  ["day", "Days"],
  ["gb", "GB"],
  ["hour", "Hours"],
  ["mb", "MB"],
  ["minute", "Minutes"],
  ["month", "Months"],
  ["pages", "Pages"],
  ["query", "Queries"],
  ["request", "Requests"],
  ["search", "Searches"],
  ["second", "Seconds"],
  ["session", "Sessions"],
  ["tb", "TB"],
]);

const unitNames: ReadonlyMap<string, string> = new Map([
  ["request", "Requests"],
  ["web_search", "Searches"],
  ["file_search", "Searches"],
  ["maps_grounding", "Requests"],
  ["code_execution", "Sessions"],
]);

/** What an item is counted in is its meter. */
function meterOf({ item, priced, meter }: FocusCharge): string {
  if (priced) return priced.unit;
  return item && meter === "reported_cost" ? "charge" : meter;
}

function meterName(charge: FocusCharge): string {
  if (charge.priced) return unitsOf(charge);
  const meter = meterOf(charge);
  return meterNames.get(meter) ?? words(meter);
}

/** Category and subcategory. What is no model call has those of its kind. */
function serviceOf(item: ItemKind | null): readonly [string, string] {
  return item ? itemServices[item] : ["AI and Machine Learning", "Generative AI"];
}

const itemServices: Readonly<Record<ItemKind, readonly [string, string]>> = {
  tool: ["AI and Machine Learning", "Other (AI and Machine Learning)"],
  infrastructure: ["Compute", "Other (Compute)"],
  labor: ["Other", "Other (Other)"],
  other: ["Other", "Other (Other)"],
};

/** The names in FOCUS's own samples, and those that follow from them. */
const meterNames: ReadonlyMap<string, string> = new Map([
  ["input", "Input Tokens"],
  ["cache_read", "Cache Read Input Tokens"],
  ["cache_write_5m", "Cache Write Input Tokens"],
  ["cache_write_1h", "Cache Write Input Tokens (1 hour)"],
  ["output", "Output Tokens"],
  ["reasoning", "Reasoning Output Tokens"],
  ["input_audio", "Audio Input Tokens"],
  ["cache_read_audio", "Cache Read Audio Input Tokens"],
  ["output_audio", "Audio Output Tokens"],
  ["input_image", "Image Input Tokens"],
  ["output_image", "Image Output Tokens"],
]);

/** `audio_seconds` as `Audio Seconds`. */
function words(name: string): string {
  return name
    .split(/[_:\s]+/)
    .filter((word) => word !== "")
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join(" ");
}

function describe(charge: FocusCharge): string {
  return `${meterName(charge)} of ${charge.model}`;
}

function priceId(charge: FocusCharge): string {
  const { provider, model, rate } = charge;
  if (!rate) return `${provider}/${model}/${meterOf(charge)}`;
  const { serviceTier, region, context } = rate;
  const over = context ? [`over-${context.tokens}`] : [];
  return [
    rate.provider,
    rate.model,
    rate.meter,
    serviceTier,
    ...(region === undefined ? [] : [region]),
    ...over,
  ].join("/");
}

/**
 * FOCUS 1.5 will define keys for models and tokens; until then keys of our own begin with `x_`.
 */
function priceDetails({ model, meter, rate, item }: FocusCharge): string {
  return JSON.stringify({
    ...(item ? { x_ItemId: model, x_ItemKind: item } : { x_ModelId: model }),
    ...tokenDetails.get(meter),
    ...(rate && {
      x_ServiceTier: rate.serviceTier,
      x_PriceSource: rate.source,
      x_PriceModel: rate.model,
      ...(rate.context && { x_ContextFromTokens: rate.context.tokens }),
      ...(rate.validFrom !== undefined && { x_ValidFrom: rate.validFrom }),
    }),
  });
}

const tokenDetails: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  ["input", { x_TokenDirection: "Input", x_TokenCacheAction: "Uncached" }],
  ["cache_read", { x_TokenDirection: "Input", x_TokenCacheAction: "Read" }],
  ["cache_write_5m", { x_TokenDirection: "Input", x_TokenCacheAction: "Write", x_CacheTtl: "5m" }],
  ["cache_write_1h", { x_TokenDirection: "Input", x_TokenCacheAction: "Write", x_CacheTtl: "1h" }],
  ["output", { x_TokenDirection: "Output" }],
  ["reasoning", { x_TokenDirection: "Output", x_Reasoning: "true" }],
  ["input_audio", { x_TokenDirection: "Input", x_Modality: "audio" }],
  [
    "cache_read_audio",
    { x_TokenDirection: "Input", x_TokenCacheAction: "Read", x_Modality: "audio" },
  ],
  ["output_audio", { x_TokenDirection: "Output", x_Modality: "audio" }],
  ["input_image", { x_TokenDirection: "Input", x_Modality: "image" }],
  ["output_image", { x_TokenDirection: "Output", x_Modality: "image" }],
]);

/** The attribution except the project, which is the sub-account. */
function tags({ attribution }: FocusCharge): string | null {
  const { tags: own, project: _, ...rest } = attribution;
  const named = Object.entries(own ?? {}).map(([name, value]) => [`tag:${name}`, value] as const);
  const all = { ...rest, ...Object.fromEntries(named) };
  return Object.keys(all).length === 0 ? null : JSON.stringify(all);
}
