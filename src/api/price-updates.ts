/** Serves `/api/v1/prices/updates`: refreshes of the price book, their history and reversal. */

import type { UpdateReport, UpdateRequest } from "../app/manage/update-prices.ts";
import { restBetween } from "../app/manage/rest.ts";
import {
  priceUpdateInput,
  priceUpdateParams,
  priceUpdateQuery,
  priceUpdatesQuery,
  priceUpdatesSchema,
  priceUpdateSchema,
  revertedPriceUpdateSchema,
  type KeptPriceUpdateJson,
  type ModelChangeJson,
  type PriceUpdateBody,
  type PriceUpdateJson,
} from "../contract/price-update.ts";
import { PurserError } from "../domain/error.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { formatUsd, type PicoUsd } from "../domain/money/money.ts";
import { mostListBytes } from "../domain/price/update/list-size.ts";
import type { ModelChange } from "../domain/price/update/list-change.ts";
import { formatPerMillion } from "../domain/price/text/per-million.ts";
import type { KeptPriceUpdate } from "../domain/price/update/price-update.ts";
import { commonName } from "../domain/price/id/provider-name.ts";
import { largestByMeter, statedBy } from "../domain/price/update/rate-change.ts";
import type { ModelName } from "../domain/price/served.ts";
import type { PriceBook } from "../domain/price/sheet.ts";
import type { ApiContext } from "./context.ts";
import { cutPage, readCursor } from "./page.ts";
import { adminOnly, answer, ok, problem, route, type Route } from "./route.ts";

export const priceUpdateRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/api/v1/prices/updates",
    access: adminOnly,
    tag: "prices",
    summary: "Update the prices from a published list, or check what would change",
    description:
      "Takes the published data of genai-prices, LiteLLM, models.dev or OpenRouter. Prices that differ are stored in one entry and apply to calls that begin from then on; no earlier charge changes. Nothing is stored if a change is implausible, unless `accept` names it.",
    query: priceUpdateQuery,
    body: priceUpdateInput,
    mostBodyBytes: mostListBytes,
    responses: {
      200: answer("What changes, and whether it was stored: see `state`.", priceUpdateSchema),
      400: problem("A field is invalid, or the list has no known format."),
      409: problem("Another update came first."),
      429: problem("Other lists are being checked."),
      502: problem("The list cannot be downloaded."),
    },
    async handler({ query, body, context }) {
      const request = requestOf(body);
      const updates = context.priceUpdates;
      const report = await (query.check === "true"
        ? updates.check(request)
        : updates.apply(request));
      return ok(await reportJson(report, context));
    },
  }),
  route({
    method: "get",
    path: "/api/v1/prices/updates",
    access: adminOnly,
    tag: "prices",
    summary: "List the updates of the prices, newest first",
    query: priceUpdatesQuery,
    responses: {
      200: answer("A page of updates.", priceUpdatesSchema),
      400: problem("A field is invalid."),
    },
    handler({ query, context }) {
      const paged = { list: "price-updates", ...query };
      const before = readCursor(query.cursor, paged);
      const rows = numbered(context.priceUpdates.history(), before).slice(0, query.limit + 1);
      const page = cutPage(rows, paged);
      return ok({ data: page.rows.map(keptJson), next_cursor: page.nextCursor });
    },
  }),
  route({
    method: "post",
    path: "/api/v1/prices/updates/{update_id}/revert",
    access: adminOnly,
    tag: "prices",
    summary: "End the prices of an update; those before it apply again",
    description: "Calls that began before keep their price, and the update stays in the history.",
    params: priceUpdateParams,
    responses: {
      200: answer("Reverted.", revertedPriceUpdateSchema),
      404: problem("No such update."),
    },
    async handler({ params: { update_id }, context }) {
      const { update, repeated } = await context.priceUpdates.revert(update_id);
      return ok({ ...keptJson(update), repeated });
    },
  }),
];

/** The newest first. The history only grows, so that an update keeps its number. */
function numbered(
  history: readonly KeptPriceUpdate[],
  before: number | null,
): readonly (KeptPriceUpdate & { readonly seq: number })[] {
  return history
    .map((update, index) => ({ ...update, seq: index + 1 }))
    .filter(({ seq }) => before === null || seq < before)
    .toReversed();
}

function requestOf({ from, text, name, accept = [] }: PriceUpdateBody): UpdateRequest {
  if (text !== undefined && from === undefined)
    return { origin: { text, name: name ?? "text" }, accept };
  if (from !== undefined && text === undefined && name === undefined)
    return { origin: { from }, accept };
  if (from !== undefined && text === undefined)
    throw new PurserError("invalid_request", "name is given together with from", {
      field: "name",
      remedy: "Leave it out: the history shows where the list came from.",
    });
  throw new PurserError(
    "invalid_request",
    text === undefined ? "from is missing" : "from is given together with text",
    { field: "from", remedy: "Give the address of a list as from, or the list itself as text." },
  );
}

async function reportJson(report: UpdateReport, context: ReportContext): Promise<PriceUpdateJson> {
  const now = context.clock.now();
  const { effect } = report;
  const rest = restBetween();
  const changes: ModelChangeJson[] = [];
  for (const change of report.changes) {
    await rest();
    changes.push(changeJson(change, { now, isOwn: isOwnPrice(context.prices(), change, now) }));
  }
  return {
    state: report.state,
    update_id: report.updateId,
    source: report.source,
    version: report.version,
    sha256: report.sha256,
    from: report.from,
    refused_for: report.refused,
    doubts: report.doubts.map(({ kind, provider, model, detail }) => ({
      kind,
      provider: provider === null ? null : commonName(provider),
      model,
      detail,
    })),
    partial: report.partial,
    unchanged: report.unchanged,
    changes,
    gone: report.gone.map(nameJson),
    skipped: report.skipped.map(({ path, why, ...name }) => ({ ...nameJson(name), path, why })),
    effect: {
      from: formatInstant(effect.from),
      spent_usd: formatUsd(effect.spent),
      would_have_been_usd: formatUsd(effect.wouldHaveBeen),
      models: effect.models.map((model) => ({
        ...nameJson(model),
        spent_usd: formatUsd(model.spent),
        would_have_been_usd: formatUsd(model.wouldHaveBeen),
      })),
    },
  };
}

type ReportContext = Pick<ApiContext, "clock" | "prices">;

function isOwnPrice(book: PriceBook, { provider, model }: ModelName, at: number): boolean {
  const source = book.sheet({ provider, model, at })?.row.source;
  return source === "configuration" || source === "api";
}

function changeJson(
  change: ModelChange,
  { now, isOwn }: { readonly now: number; readonly isOwn: boolean },
): ModelChangeJson {
  const [first] = change.rows;
  const begins = first?.validFrom ?? 0;
  const rates = change.kind === "new" && first ? statedBy(first) : largestByMeter(change.rates);
  return {
    ...nameJson(change),
    change: change.kind,
    rates: rates.map((rate) => ({
      meter: rate.meter,
      service_tier: rate.serviceTier,
      region: rate.region,
      from_context_tokens: rate.contextTokens,
      before_usd_per_million: perMillion(rate.before),
      after_usd_per_million: perMillion(rate.after),
    })),
    own_price: isOwn,
    carried: change.carried,
    valid_from: begins > now ? formatInstant(begins) : null,
    known_change: change.knownChange === null ? null : formatInstant(change.knownChange),
  };
}

function nameJson({ provider, model }: ModelName): ModelName {
  return { provider: commonName(provider), model };
}

function perMillion(rate: PicoUsd | null): string | null {
  return rate === null ? null : formatPerMillion(rate);
}

function keptJson(update: KeptPriceUpdate): KeptPriceUpdateJson {
  const { updateId, at, source, version, sha256, from, rows, revertedAt, partial } = update;
  return {
    update_id: updateId,
    at: formatInstant(at),
    source,
    version,
    sha256,
    from,
    prices: rows.length,
    partial: partial === true,
    reverted_at: revertedAt === null ? null : formatInstant(revertedAt),
  };
}
