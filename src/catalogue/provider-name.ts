/** Maps configured providers to providers of the catalogue. */

import { listedName } from "../domain/price/id/provider-name.ts";
import type { ListedProvider } from "./built-in-list.ts";
import { furtherHost, regionalHost } from "./overlay/host.ts";

export interface ProviderFinder {
  /** The base URL takes precedence over the name, which is arbitrary. */
  find(input: { readonly name: string; readonly baseUrl: string }): string;
  /** The catalogue's id of a name; the name itself if the catalogue has no such provider. */
  idOf(name: string): string;
  /**
   * The ids to look up, in order: its own, then those of the vendors whose models it resells at
   * their price.
   */
  chainOf(name: string): readonly string[];
}

export function makeProviderFinder(providers: readonly ListedProvider[]): ProviderFinder {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const patterns = providers.map(({ id, api_pattern }) => ({
    id,
    pattern: new RegExp(`^(?:${api_pattern})`),
  }));

  const idOf = (name: string): string => {
    const id = listedName(name);
    return byId.has(id) || id === "sim" ? id : name;
  };

  return {
    find: ({ name, baseUrl }) =>
      regionalHost(baseUrl)?.provider ??
      furtherHost(baseUrl) ??
      patterns.find(({ pattern }) => isHostOf(pattern, baseUrl))?.id ??
      idOf(name),
    idOf,
    chainOf(name) {
      const id = idOf(name);
      const vendors = byId.get(id)?.fallback_model_providers ?? [];
      return [id, ...vendors.filter((vendor) => sameEverywhere.has(vendor))];
    },
  };
}

/** Vendors whose models cost the same at the clouds that resell them. */
const sameEverywhere: ReadonlySet<string> = new Set(["openai", "anthropic"]);

/** Patterns match the start of a URL. The match must not end within the name of the host. */
function isHostOf(pattern: RegExp, baseUrl: string): boolean {
  const url = URL.parse(baseUrl)?.href ?? baseUrl;
  const [start] = pattern.exec(url) ?? [];
  return (
    start !== undefined && (start.endsWith("/") || /^(?:$|[/:])/.test(url.slice(start.length)))
  );
}
