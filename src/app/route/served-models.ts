/**
 * Lists the models of the unified paths: aliases, and every priced model of the configured
 * providers.
 */

import { namesModel, type PriceOverride } from "../../domain/price/text/override.ts";
import type { ListedModel, WireName } from "../../wire/wire.ts";
import type { Provider, Providers } from "../port/provider.ts";
import type { Wires } from "./target.ts";

/** Its `id` is `PROVIDER/MODEL`, or an alias. */
export interface ServedModel extends ListedModel {
  /** The provider that its calls go to; keys can be limited by it. */
  readonly provider: string;
  /** The formats in which it can be called. */
  readonly wires: readonly WireName[];
}

export interface ModelSources {
  readonly wires: Wires;
  /** Prices set in the configuration or over the API. */
  readonly priced: readonly Pick<PriceOverride, "row">[];
  readonly listed: readonly {
    readonly provider: string;
    readonly model: string;
    readonly contextWindow?: number;
    readonly maxOutputTokens?: number;
  }[];
  /** The price list's name for each configured provider. */
  readonly names: ReadonlyMap<string, string>;
}

export function servedModels(
  { byName, aliases }: Providers,
  sources: ModelSources,
): readonly ServedModel[] {
  const served = [...byName.values()].flatMap((provider) => modelsOf(provider, sources));
  const named = [...aliases].flatMap(([alias, target]) =>
    aliased(alias, { target, byName, served, wires: sources.wires }),
  );
  return [...named, ...served];
}

/** Models with a configured price first; each once. */
function modelsOf(
  provider: Provider,
  { wires, priced, listed, names }: ModelSources,
): readonly ServedModel[] {
  const { name } = provider;
  const known = names.get(name) ?? name;
  const stated = priced
    .map(({ row }) => row)
    .filter((row) => namesModel(row) && (row.provider === known || row.provider === name));
  const models = new Map<string, ServedModel>();
  for (const { model } of stated) models.set(model, served(wires, provider, model));
  for (const { provider: owner, model, contextWindow = null, maxOutputTokens = null } of listed) {
    if (owner === known)
      models.set(model, { ...served(wires, provider, model), contextWindow, maxOutputTokens });
  }
  return [...models.values()];
}

function served(wires: Wires, provider: Provider, model: string): ServedModel {
  const id = `${provider.name}/${model}`;
  return {
    id,
    ownedBy: provider.name,
    provider: provider.name,
    model,
    wires: wires
      .filter((wire) => provider.bases[wire.name] !== undefined && wire.canCall(model))
      .map((wire) => wire.name),
    contextWindow: null,
    maxOutputTokens: null,
  };
}

interface AliasContext {
  /** `PROVIDER/MODEL`. */
  readonly target: string;
  readonly byName: Providers["byName"];
  readonly served: readonly ServedModel[];
  readonly wires: Wires;
}

/** An alias whose provider is not configured is left out. */
function aliased(
  alias: string,
  { target, byName, served: models, wires }: AliasContext,
): readonly ServedModel[] {
  const slash = target.indexOf("/");
  const provider = byName.get(target.slice(0, slash));
  if (!provider) return [];
  const known =
    models.find(({ id }) => id === target) ?? served(wires, provider, target.slice(slash + 1));
  return [{ ...known, id: alias, ownedBy: "alias" }];
}
