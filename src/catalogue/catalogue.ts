/** The catalogue of built-in prices: Purser's own overlay, then the built-in list. */

import type { PriceOverride } from "../domain/price/text/override.ts";
import { makePriceBook } from "../domain/price/book.ts";
import type { RowSource } from "../domain/price/candidate.ts";
import type { UnlistedRule } from "../domain/price/ceiling.ts";
import type { CatalogueRow } from "../domain/price/row/row.ts";
import type { PriceBook } from "../domain/price/sheet.ts";
import { openBuiltInList, type BuiltInList } from "./built-in-list.ts";
import type { CatalogueModel } from "./catalogue-model.ts";
import { chargedFirst } from "./charged-first.ts";
import { disagreements, type Disagreement } from "./merge.ts";
import { factsOf, type BookedProvider, type ProviderIdentity } from "./identity.ts";
import { anthropicRows } from "./overlay/anthropic.ts";
import { deepseekRows } from "./overlay/deepseek.ts";
import { supplementsOf } from "./overlay/fee.ts";
import { legacyRows } from "./overlay/legacy.ts";
import { keyCheckPath, regionalHost, regionOfRows, usualRegion } from "./overlay/host.ts";
import { contextWindowOf, maxOutputTokensOf } from "./overlay/limit.ts";
import { mistralRows } from "./overlay/mistral.ts";
import { openaiRows } from "./overlay/openai.ts";
import { regionsOf } from "./overlay/region.ts";
import { overlaySource, overlayVersion } from "./overlay/row.ts";
import { endOf } from "./overlay/retired.ts";
import { serviceTiersOf } from "./overlay/service-tier.ts";
import { simulatorRows } from "./overlay/simulator.ts";
import { xaiRows } from "./overlay/xai.ts";
import { makeProviderFinder, type ProviderFinder } from "./provider-name.ts";
import { withUpdated } from "./updated.ts";

export type { CatalogueModel } from "./catalogue-model.ts";

/** A provider as written in a configuration. */
export interface ConfiguredProvider {
  readonly name: string;
  readonly baseUrl: string;
  /** The catalogue's id; null if not given. */
  readonly priceProvider: string | null;
  readonly region?: string;
  readonly deployments?: Readonly<Record<string, string>>;
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
   * @param more.updates What refreshes of the list have changed.
   * @param more.unlisted What bounds a provider's models without a price; by default nothing.
   */
  book(
    overrides: readonly PriceOverride[],
    providers?: ReadonlyMap<string, BookedProvider>,
    more?: {
      readonly updates?: Updates;
      readonly unlisted?: (provider: string) => UnlistedRule;
    },
  ): PriceBook;
  /** The source of prices read at the providers, and the list that it takes precedence over. */
  readonly firstHand: { readonly source: string; readonly list: PriceBook };
  /**
   * Finds the vendor of a configured provider and the region of its calls: as configured, else by
   * host, else by name.
   */
  identify(provider: ConfiguredProvider): ProviderIdentity;
  /** The identity of every configured provider, by name; of any other name, what the name says. */
  identities(providers: readonly ConfiguredProvider[]): Identities;
  /** The newest date of the sources, in milliseconds since the epoch. */
  readonly madeAt: number;
  /**
   * Prices on which the overlay and the sources of the list disagree. What the book charges comes
   * first; by default a book without overrides and updates.
   *
   * @param at Milliseconds since the epoch.
   */
  disagreements(at: number, book?: PriceBook): readonly Disagreement[];
  /** Every row of every provider, at any time, in order of precedence. */
  rows(): readonly CatalogueRow[];
  /** Every model with a price, without duplicates. @param updated Rows of updates. */
  models(updated?: readonly CatalogueRow[]): readonly CatalogueModel[];
}

/** Prices from refreshes of the list. They take precedence over the catalogue's own. */
export interface Updates {
  /** The newest first. */
  readonly rows: readonly CatalogueRow[];
  /** Identifies this state of the prices; null if the list was never refreshed. */
  readonly version: string | null;
}

const noUpdates: Updates = { rows: [], version: null };

const overlayRows: readonly CatalogueRow[] = [
  ...simulatorRows,
  ...anthropicRows,
  ...openaiRows,
  ...deepseekRows,
  ...xaiRows,
  ...mistralRows,
  ...legacyRows,
].map(complete);

/** What a catalogue is made of. */
interface Parts {
  readonly list: BuiltInList;
  readonly finder: ProviderFinder;
  readonly overlay: RowSource;
  readonly listed: RowSource;
  readonly providerIds: readonly string[];
}

/** Rows are read per provider, on first use. */
export async function openCatalogue(): Promise<Catalogue> {
  const list = openBuiltInList();
  const finder = makeProviderFinder(list.providers);
  const ids = [
    ...overlayRows.map(({ provider }) => provider),
    ...list.providers.map(({ id }) => id),
  ];
  const parts: Parts = {
    list,
    finder,
    overlay: (id) => overlayRows.filter((row) => row.provider === id),
    listed: rowsOnce((id) => list.rowsOf(id).map(complete)),
    providerIds: [...new Set(ids)],
  };
  const { overlay, listed, providerIds } = parts;
  const book = bookMaker(parts);
  const identify = identifier(finder);
  return {
    book,
    firstHand: {
      source: overlaySource,
      list: makePriceBook({
        sources: [listed],
        version: list.version,
        providerIds: (name) => finder.chainOf(name),
      }),
    },
    madeAt: Math.max(Date.parse(list.madeOn), Date.parse(overlayVersion)),
    identify,
    identities(configured) {
      const byName = new Map(configured.map((provider) => [provider.name, identify(provider)]));
      return {
        byName,
        of: (name) => byName.get(name) ?? identify({ name, baseUrl: "", priceProvider: null }),
      };
    },
    disagreements: (at, charged = book([])) =>
      chargedFirst(allDisagreements(parts, at), charged, at),
    rows: () => providerIds.flatMap((id) => [...overlay(id), ...listed(id)]),
    models: (updated = []) => modelsOf(parts, updated),
  };
}

function rowsOnce(read: RowSource): RowSource {
  const known = new Map<string, readonly CatalogueRow[]>();
  return (id) => {
    let rows = known.get(id);
    if (!rows) known.set(id, (rows = read(id)));
    return rows;
  };
}

function identifier(finder: ProviderFinder): Catalogue["identify"] {
  return ({
    name,
    baseUrl,
    priceProvider,
    region = regionalHost(baseUrl)?.region,
    deployments,
  }) => {
    const id = priceProvider === null ? finder.find({ name, baseUrl }) : finder.idOf(priceProvider);
    return {
      id,
      ...(region !== undefined && { region }),
      ...(deployments && { deployments }),
      ...factsOf(id),
      keyCheckPath: keyCheckPath(baseUrl),
    };
  };
}

function bookMaker({ list, finder, overlay, listed }: Parts): Catalogue["book"] {
  return (overrides, booked, { updates = noUpdates, unlisted } = {}) => {
    const { rows: updated, version } = updates;
    const chainOf = (name: string): readonly string[] =>
      finder.chainOf(booked?.get(name)?.id ?? name);
    const idOf = (name: string): string => chainOf(name)[0] ?? name;
    return makePriceBook({
      sources: withUpdated([overlay, listed], { rows: updated, complete }),
      overrides,
      version: `${list.version},overlay@${overlayVersion}${version === null ? "" : `,${version}`}`,
      providerIds: chainOf,
      deploymentOf(name, model) {
        const deployments = booked?.get(name)?.deployments;
        return deployments && Object.hasOwn(deployments, model) ? deployments[model] : undefined;
      },
      regionOf(name) {
        const region = booked?.get(name)?.region;
        return region === undefined ? usualRegion(idOf(name)) : regionOfRows(idOf(name), region);
      },
      supplements: (name) => supplementsOf(idOf(name)),
      ...(unlisted && { unlisted }),
    });
  };
}

/** Between the overlay and the list, then within the list. */
function allDisagreements({ list, listed }: Parts, at: number): readonly Disagreement[] {
  const overlaid = new Set(overlayRows.map(({ provider }) => provider));
  const lists = [
    { source: "overlay", version: overlayVersion, rows: overlayRows },
    { source: "list", version: list.version, rows: [...overlaid].flatMap(listed) },
  ];
  return [...disagreements(lists, at), ...list.disagreements()];
}

function modelsOf(
  { list, overlay, providerIds }: Parts,
  updated: readonly CatalogueRow[],
): readonly CatalogueModel[] {
  const ids = new Set([...providerIds, ...updated.map(({ provider }) => provider)]);
  const newer = Map.groupBy(updated, ({ provider }) => provider);
  return [...ids].flatMap((id) =>
    distinctModels([...overlay(id), ...(newer.get(id) ?? []), ...list.modelsOf(id)]),
  );
}

/**
 * Adds tiers, limits and tool fees that the row's source lacks. The row's own values take
 * precedence.
 */
function complete(row: CatalogueRow): CatalogueRow {
  const serviceTiers = { ...serviceTiersOf(row.provider, row.model), ...row.serviceTiers };
  const regions = row.regions ?? regionsOf(row.provider, row.model);
  const contextWindow = contextWindowOf(row.contextWindow, row.contextTiers?.at(-1)?.tokens);
  const validTo = endOf(row);
  const maxOutputTokens = maxOutputTokensOf(row.model) ?? row.maxOutputTokens;
  return {
    ...row,
    ...(validTo !== undefined && { validTo }),
    supplements: [...(row.supplements ?? []), ...supplementsOf(row.provider, row.model)],
    ...(Object.keys(serviceTiers).length > 0 && { serviceTiers }),
    ...(regions && { regions }),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  };
}

/** The first of each model. */
function distinctModels(models: readonly CatalogueModel[]): readonly CatalogueModel[] {
  const distinct = new Map<string, CatalogueModel>();
  for (const { provider, model, source, version, contextWindow, maxOutputTokens } of models) {
    if (distinct.has(model)) continue;
    const most = maxOutputTokensOf(model) ?? maxOutputTokens;
    distinct.set(model, {
      provider,
      model,
      source,
      version,
      ...(contextWindow !== undefined && { contextWindow }),
      ...(most !== undefined && { maxOutputTokens: most }),
    });
  }
  return [...distinct.values()];
}
