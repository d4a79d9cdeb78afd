/**
 * Lists the models of the unified paths: aliases, and every priced model of the configured
 * providers.
 */

import type { PriceOverride } from "../../domain/price/rate.ts";
import type { WireName } from "../../wire/wire.ts";
import { isCallableIn } from "./model-format.ts";
import type { Provider, Providers } from "../port/provider.ts";

export interface ServedModel {
  /** The name in requests: `PROVIDER/MODEL`, or an alias. */
  readonly id: string;
  readonly ownedBy: string;
  /** The provider that its calls go to; keys can be limited by it. */
  readonly provider: string;
  readonly model: string;
  /** The formats in which it can be called. */
  readonly wires: readonly WireName[];
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
}

export interface ModelSources {
  /** Prices set in the configuration or over the API. */
  readonly priced: readonly Pick<PriceOverride, "provider" | "model" | "match">[];
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
    aliased(alias, { target, byName, served }),
  );
  return [...named, ...served];
}

/** Models with a configured price first; each once. */
function modelsOf(
  provider: Provider,
  { priced, listed, names }: ModelSources,
): readonly ServedModel[] {
  const { name } = provider;
  const known = names.get(name) ?? name;
  const stated = priced.filter(
    (row) => row.match === "exact" && (row.provider === known || row.provider === name),
  );
  const models = new Map<string, ServedModel>();
  for (const { model } of stated) models.set(model, served(provider, model));
  for (const { provider: owner, model, contextWindow = null, maxOutputTokens = null } of listed) {
    if (owner === known)
      models.set(model, { ...served(provider, model), contextWindow, maxOutputTokens });
  }
  return [...models.values()];
}

function served(provider: Provider, model: string): ServedModel {
  const wires = (Object.keys(provider.bases) as WireName[]).filter((wireName) =>
    isCallableIn(wireName, model),
  );
  const id = `${provider.name}/${model}`;
  return {
    id,
    ownedBy: provider.name,
    provider: provider.name,
    model,
    wires,
    contextWindow: null,
    maxOutputTokens: null,
  };
}

interface AliasContext {
  /** `PROVIDER/MODEL`. */
  readonly target: string;
  readonly byName: Providers["byName"];
  readonly served: readonly ServedModel[];
}

/** An alias whose provider is not configured is left out. */
function aliased(
  alias: string,
  { target, byName, served: models }: AliasContext,
): readonly ServedModel[] {
  const slash = target.indexOf("/");
  const provider = byName.get(target.slice(0, slash));
  if (!provider) return [];
  const known = models.find(({ id }) => id === target) ?? served(provider, target.slice(slash + 1));
  return [{ ...known, id: alias, ownedBy: "alias" }];
}
