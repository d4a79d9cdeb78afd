/**
 * The catalogue of built-in prices: Purser's own overlay, then the package
 * `@pydantic/genai-prices`.
 */

import type { PriceOverride } from "../domain/price/override.ts";
import { makePriceBook, type RowSource } from "../domain/price/book.ts";
import type { UnlistedRule } from "../domain/price/ceiling.ts";
import type { CatalogueRow } from "../domain/price/row.ts";
import type { PriceBook } from "../domain/price/sheet.ts";
import {
  convertProvider,
  genaiPricesSource,
  genaiPricesVersion,
  loadGenaiPrices,
} from "./genai-prices.ts";
import { factsOf, type BookedProvider, type ProviderIdentity } from "./identity.ts";
import { anthropicRows } from "./overlay/anthropic.ts";
import { deepseekRows } from "./overlay/deepseek.ts";
import { supplementsOf } from "./overlay/fee.ts";
import { legacyRows } from "./overlay/legacy.ts";
import { keyCheckPath, regionalHost, regionOfRows, usualRegion } from "./overlay/host.ts";
import { contextWindowOf, maxOutputTokensOf } from "./overlay/limit.ts";
import { openaiRows } from "./overlay/openai.ts";
import { regionsOf } from "./overlay/region.ts";
import { overlayVersion } from "./overlay/row.ts";
import { serviceTiersOf } from "./overlay/service-tier.ts";
import { simulatorRows } from "./overlay/simulator.ts";
import { xaiRows } from "./overlay/xai.ts";
import { makeProviderFinder } from "./provider-name.ts";

/** A model of the catalogue, regardless of its current price. */
export interface CatalogueModel {
  readonly provider: string;
  readonly model: string;
  readonly source: string;
  readonly version: string;
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
}

/** A provider as written in a configuration. */
export interface ConfiguredProvider {
  readonly name: string;
  readonly baseUrl: string;
  /** The catalogue's id; null if not given. */
  readonly priceProvider: string | null;
  readonly region?: string;
}

/** The identities of the configured providers. */
export interface Identities {
  readonly byName: ReadonlyMap<string, ProviderIdentity>;
  /** @param name Of any provider, also one that is not configured. */
  of(name: string): ProviderIdentity;
}

export interface Catalogue {
  /**
   * @param overrides From the configuration, then from the API: later ones win.
   * @param providers Configured providers by name, as in {@link Catalogue.identities}.
   * @param unlisted What bounds the models of a provider that have no price; by default nothing.
   */
  book(
    overrides: readonly PriceOverride[],
    providers?: ReadonlyMap<string, BookedProvider>,
    unlisted?: (provider: string) => UnlistedRule,
  ): PriceBook;
  /**
   * Finds the vendor of a configured provider and the region of its calls: as configured, else by
   * host, else by name.
   */
  identify(provider: ConfiguredProvider): ProviderIdentity;
  /** The identity of every configured provider, by name; of any other name, what the name says. */
  identities(providers: readonly ConfiguredProvider[]): Identities;
  /** Every row of every provider, at any time, in order of precedence. */
  rows(): readonly CatalogueRow[];
  /** Every model with a price, without duplicates. */
  models(): readonly CatalogueModel[];
}

const overlayRows: readonly CatalogueRow[] = [
  ...simulatorRows,
  ...anthropicRows,
  ...openaiRows,
  ...deepseekRows,
  ...xaiRows,
  ...legacyRows,
].map(complete);

/**
 * Loads the price list (about 25 ms, once per process). Rows are converted per provider, on first
 * use.
 */
export async function openCatalogue(): Promise<Catalogue> {
  const providers = await loadGenaiPrices();
  const finder = makeProviderFinder(providers);
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const converted = new Map<string, readonly CatalogueRow[]>();

  const overlay: RowSource = (id) => overlayRows.filter((row) => row.provider === id);
  const listed: RowSource = (id) => {
    let rows = converted.get(id);
    if (!rows) {
      const provider = byId.get(id);
      rows = provider ? convertProvider(provider).map(complete) : [];
      converted.set(id, rows);
    }
    return rows;
  };
  const providerIds = [...new Set([...overlayRows.map((row) => row.provider), ...byId.keys()])];

  const identify = ({
    name,
    baseUrl,
    priceProvider,
    region = regionalHost(baseUrl)?.region,
  }: ConfiguredProvider): ProviderIdentity => {
    const id = priceProvider === null ? finder.find({ name, baseUrl }) : finder.idOf(priceProvider);
    return {
      id,
      ...(region !== undefined && { region }),
      ...factsOf(id),
      keyCheckPath: keyCheckPath(baseUrl),
    };
  };

  return {
    book(overrides, booked, unlisted) {
      const chainOf = (name: string): readonly string[] =>
        finder.chainOf(booked?.get(name)?.id ?? name);
      const idOf = (name: string): string => chainOf(name)[0] ?? name;
      return makePriceBook({
        sources: [overlay, listed],
        overrides,
        version: `${genaiPricesSource}@${genaiPricesVersion},overlay@${overlayVersion}`,
        providerIds: chainOf,
        regionOf(name) {
          const region = booked?.get(name)?.region;
          return region === undefined ? usualRegion(idOf(name)) : regionOfRows(idOf(name), region);
        },
        supplements: (name) => supplementsOf(idOf(name)),
        ...(unlisted && { unlisted }),
      });
    },
    identify,
    identities(configured) {
      const byName = new Map(configured.map((provider) => [provider.name, identify(provider)]));
      return {
        byName,
        of: (name) => byName.get(name) ?? identify({ name, baseUrl: "", priceProvider: null }),
      };
    },
    rows: () => providerIds.flatMap((id) => [...overlay(id), ...listed(id)]),
    models: () => providerIds.flatMap((id) => distinctModels([...overlay(id), ...listed(id)])),
  };
}

/**
 * Adds tiers, limits and tool fees that the row's source lacks. The row's own values take
 * precedence.
 */
function complete(row: CatalogueRow): CatalogueRow {
  const serviceTiers = row.serviceTiers ?? serviceTiersOf(row.provider, row.model);
  const regions = row.regions ?? regionsOf(row.provider, row.model);
  const contextWindow = contextWindowOf(row);
  const maxOutputTokens = row.maxOutputTokens ?? maxOutputTokensOf(row.model);
  return {
    ...row,
    supplements: [...(row.supplements ?? []), ...supplementsOf(row.provider, row.model)],
    ...(serviceTiers && { serviceTiers }),
    ...(regions && { regions }),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  };
}

function distinctModels(rows: readonly CatalogueRow[]): readonly CatalogueModel[] {
  const models = new Map<string, CatalogueModel>();
  for (const { provider, model, source, version, contextWindow, maxOutputTokens } of rows) {
    if (models.has(model)) continue;
    models.set(model, {
      provider,
      model,
      source,
      version,
      ...(contextWindow !== undefined && { contextWindow }),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    });
  }
  return [...models.values()];
}
