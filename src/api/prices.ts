/** Serves `/api/v1/prices`: the rates of a model with their sources, and prices added by users. */

import { lookUpPrice } from "../app/desk/look-up-price.ts";
import { addPrice, removePrice } from "../app/manage/manage-prices.ts";
import { ratesOf, type ListedRate } from "../app/report/rates.ts";
import { commonName } from "../domain/price/id/provider-name.ts";
import {
  addedPriceSchema,
  removedPriceSchema,
  priceAnswerSchema,
  priceInput,
  priceParams,
  priceQuery,
  type PriceJson,
  type PriceOverrideJson,
  type RateJson,
} from "../contract/price.ts";
import { PurserError } from "../domain/error.ts";
import { mayCall } from "../domain/key/key.ts";
import { didYouMean, similarModels, type KnownModels } from "../domain/price/similar-models.ts";
import type { Principal } from "../app/caller/principal.ts";
import type { ApiContext } from "./context.ts";
import { formatInstant, parseInstant } from "../domain/input/scalar.ts";
import { formatUsd, type PicoUsd } from "../domain/money/money.ts";
import { endOf, type KeptPrice } from "../domain/price/text/kept-price.ts";
import { namesModel, overrideRow, usdPerMillion } from "../domain/price/text/override.ts";
import { formatPerMillion } from "../domain/price/text/per-million.ts";
import { countsTokens, type PricedMeter } from "../domain/price/row/rate.ts";
import { formatRow } from "../domain/price/text/row-text.ts";
import type { ModelName } from "../domain/price/served.ts";
import type { PriceSheet } from "../domain/price/sheet.ts";
import { priceWarnings } from "./price-warnings.ts";
import { adminOnly, answer, anyKey, created, ok, problem, route, type Route } from "./route.ts";

export const priceRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/prices",
    access: anyKey,
    tag: "prices",
    summary: "Get the rates of a model, or list the models with a price",
    description:
      "With `model`: its rates at a time. Without: the prices added here, and every model with a price.",
    query: priceQuery,
    responses: {
      200: answer("The rates, or the list.", priceAnswerSchema),
      400: problem("A field is invalid."),
      404: problem("No price: the model is unpriced, not free."),
    },
    handler({ query, context, caller }) {
      const { provider, model } = query;
      const book = context.prices();
      if (model === undefined) {
        const models = (context.catalogue?.() ?? []).map((row) => ({
          ...row,
          provider: commonName(row.provider),
        }));
        return ok({
          price_version: book.version,
          overrides: context.ledger.prices().map(overrideJson),
          models: models
            .filter((row) => provider === undefined || row.provider === commonName(provider))
            .map(nameOf),
        });
      }
      if (provider === undefined) {
        throw new PurserError("invalid_request", "provider is missing", {
          field: "provider",
          remedy: "Give the provider of the model.",
        });
      }
      const at = query.at === undefined ? context.clock.now() : parseInstant(query.at, "at");
      const sheet = lookUpPrice(context, { provider, model, at });
      if (!sheet) {
        const models = visibleModels(context, caller);
        const isPriced = (one: ModelName): boolean =>
          lookUpPrice(context, { ...one, at }) !== undefined;
        throw unpriced({ provider, model }, { models, isPriced });
      }
      return ok(priceJson(sheet, at, book.version));
    },
  }),
  route({
    method: "post",
    path: "/api/v1/prices",
    access: adminOnly,
    tag: "prices",
    summary: "Add a price; it takes precedence over the catalogue and the configuration",
    description:
      "It applies to calls that begin from now on, and not before its `valid_from`. A call that waits for room in a budget has begun. Charges never change. To replace it, add another; to remove it, delete it.",
    body: priceInput,
    responses: { 201: answer("Added.", addedPriceSchema), 400: problem("A field is invalid.") },
    async handler({ body, context }) {
      const price = await addPrice(context, body);
      return created({ ...overrideJson(price), warnings: priceWarnings(price, context) });
    },
  }),
  route({
    method: "delete",
    path: "/api/v1/prices/{price_id}",
    access: adminOnly,
    tag: "prices",
    summary: "Remove a price that was added; the one before it applies again",
    description:
      "It ends now: calls that began before keep their price, and it stays in the list with `removed_at`.",
    params: priceParams,
    responses: { 200: answer("Removed.", removedPriceSchema), 404: problem("No such price.") },
    async handler({ params: { price_id }, context }) {
      const { price, repeated } = await removePrice(context, price_id);
      return ok({ ...overrideJson(price), repeated });
    },
  }),
];

/** Rows of the catalogue have further fields. */
function nameOf({ provider, model }: ModelName): ModelName {
  return { provider, model };
}

/** The models that a key may call: it is suggested no others. */
function visibleModels(context: ApiContext, { key }: Principal): readonly ModelName[] {
  const stated = context.ledger.prices().filter(({ row }) => namesModel(row));
  return [...stated.map(({ row }) => row), ...(context.catalogue?.() ?? [])]
    .map(({ provider, model }) => ({ provider: commonName(provider), model }))
    .filter((one) => !key || mayCall(key, one));
}

function unpriced({ provider, model }: ModelName, known: KnownModels): PurserError {
  const similar = similarModels(`${provider}/${model}`, known);
  const isListed = known.models.some((one) => one.provider === commonName(provider));
  const what = isListed
    ? `no price for ${provider}/${model}`
    : `no provider "${provider}" is in the price list`;
  return new PurserError("not_found", what, {
    field: isListed ? "model" : "provider",
    remedy: `${didYouMean(similar)}${similar.length === 0 ? "Check the name, or add" : "Or add"} a price with POST /api/v1/prices. The model is unpriced, not free.`,
  });
}

function overrideJson(price: KeptPrice): PriceOverrideJson {
  const { row, source, priceId, setAt, removedAt } = price;
  const { rates } = overrideRow(price, undefined);
  const removed = removedAt === null ? null : formatInstant(removedAt);
  return {
    provider: row.provider,
    model: row.model,
    match: namesModel(row) ? "exact" : "prefix",
    usd_per_million: usdPerMillion(price),
    rates: Object.entries(rates).flatMap(([meter, rate]) =>
      rate === undefined ? [] : [{ meter, ...amountJson(meter as PricedMeter, rate) }],
    ),
    valid_from: row.valid_from ?? null,
    valid_to: endOf(price) ?? null,
    source,
    price_id: priceId,
    set_at: formatInstant(setAt),
    removed_at: removed,
    price: row,
  };
}

/** In the unit in which prices are stated. */
function amountJson(meter: PricedMeter, perUnit: PicoUsd): Pick<RateJson, "usd" | "per"> {
  return countsTokens(meter)
    ? { usd: formatPerMillion(perUnit), per: "million_tokens" }
    : { usd: formatUsd(perUnit), per: "unit" };
}

function priceJson(sheet: PriceSheet, at: number, version: string): PriceJson {
  return {
    provider: commonName(sheet.provider),
    model: sheet.model,
    at: formatInstant(at),
    price_version: version,
    match: sheet.match,
    context_window: sheet.contextWindow ?? null,
    max_output_tokens: sheet.maxOutputTokens ?? null,
    valid_until: Number.isFinite(sheet.validUntil) ? formatInstant(sheet.validUntil) : null,
    rates: ratesJson(sheet, at),
    price: formatRow(sheet.row),
  };
}

/** Each distinct rate once. */
function ratesJson(sheet: PriceSheet, at: number): readonly RateJson[] {
  const rows = ratesOf(sheet, at).map(rateJson);
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

function rateJson({ meter, rate }: ListedRate): RateJson {
  return {
    meter,
    service_tier: rate.serviceTier,
    region: rate.region ?? null,
    usd_per_million: formatPerMillion(rate.perUnit),
    ...amountJson(meter, rate.perUnit),
    stands_in: rate.meter !== meter,
    above_context_tokens: rate.context?.tokens ?? null,
    model: rate.model,
    match: rate.match,
    source: rate.source,
    version: rate.version,
    valid_from: rate.validFrom ?? null,
  };
}
