/**
 * The built-in price list: files in `list/`, made by `npm run build:prices`, one per provider and
 * read on first use.
 */

import { readFileSync } from "node:fs";
import type { CatalogueRow } from "../domain/price/row/row.ts";
import type { CatalogueModel } from "./catalogue-model.ts";
import type { ListedRow } from "./listed-row.ts";
import type { Disagreement } from "./merge.ts";
import { contextWindowOf } from "./overlay/limit.ts";
import { readListed } from "./read-listed.ts";

/** A provider of the list: how its hosts and the models that it resells are found. */
export interface ListedProvider {
  readonly id: string;
  /** A regular expression for the start of its base URLs. */
  readonly api_pattern: string;
  /** Providers whose models it resells at their price. */
  readonly fallback_model_providers?: readonly string[];
}

interface Index {
  /** A date. */
  readonly made_on: string;
  readonly sources: readonly { readonly source: string; readonly version: string }[];
  readonly providers: readonly ListedProvider[];
}

export interface BuiltInList {
  /** The date on which it was made from its sources. */
  readonly madeOn: string;
  /** `genai-prices@0.2.3,litellm@1.110.2` */
  readonly version: string;
  readonly providers: readonly ListedProvider[];
  rowsOf(provider: string): readonly CatalogueRow[];
  /** One entry per row, without converting the rows. */
  modelsOf(provider: string): readonly CatalogueModel[];
  /** Prices on which its sources disagree; the first of each is charged. */
  disagreements(): readonly Disagreement[];
}

export function openBuiltInList(): BuiltInList {
  const { made_on: madeOn, sources, providers } = read("index") as Index;
  const ids = new Set(providers.map(({ id }) => id));
  const versions = Object.fromEntries(sources.map(({ source, version }) => [source, version]));
  const rowsIn = (provider: string): readonly ListedRow[] =>
    ids.has(provider) ? (read(provider) as readonly ListedRow[]) : [];
  return {
    madeOn,
    version: sources.map(({ source, version }) => `${source}@${version}`).join(","),
    providers,
    rowsOf: (provider) => rowsIn(provider).map((row) => readListed(row, { provider, versions })),
    modelsOf: (provider) =>
      rowsIn(provider).map(
        ({ model, source, context_window, context_tiers, max_output_tokens }) => {
          const last = context_tiers?.at(-1);
          const contextWindow = contextWindowOf(context_window, last?.above ?? last?.from);
          return {
            provider,
            model,
            source,
            version: versions[source] ?? "",
            ...(contextWindow !== undefined && { contextWindow }),
            ...(max_output_tokens !== undefined && { maxOutputTokens: max_output_tokens }),
          };
        },
      ),
    disagreements: () => read("disagreements") as readonly Disagreement[],
  };
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`list/${name}.json`, import.meta.url), "utf8"));
}
