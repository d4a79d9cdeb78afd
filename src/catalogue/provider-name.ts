/** Maps configured providers to providers of the catalogue. */

import type { Provider } from "@pydantic/genai-prices";
import { regionalHost } from "./overlay/host.ts";

/** Common names of providers that have another name in the catalogue. */
const otherNames: Readonly<Record<string, string>> = {
  bedrock: "aws",
  gemini: "google",
  vertex: "google",
  "vertex-ai": "google",
  xai: "x-ai",
  grok: "x-ai",
  moonshot: "moonshotai",
  claude: "anthropic",
};

export interface ProviderFinder {
  /** The base URL takes precedence over the name, which is arbitrary. */
  find(input: { readonly name: string; readonly baseUrl: string }): string | undefined;
  /**
   * The ids to look up, in order: its own, then those of the vendors whose models it resells at
   * their price.
   */
  chainOf(name: string): readonly string[];
}

export function makeProviderFinder(providers: readonly Provider[]): ProviderFinder {
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const patterns = providers.map(({ id, api_pattern }) => ({
    id,
    pattern: new RegExp(`^(?:${api_pattern})`),
  }));

  const idOf = (name: string): string | undefined => {
    const lower = name.toLowerCase();
    const id = otherNames[lower] ?? lower;
    return byId.has(id) || id === "sim" ? id : undefined;
  };

  return {
    find: ({ name, baseUrl }) =>
      regionalHost(baseUrl)?.provider ??
      patterns.find(({ pattern }) => pattern.test(baseUrl))?.id ??
      idOf(name),
    chainOf(name) {
      const id = idOf(name) ?? name;
      return [id, ...(byId.get(id)?.fallback_model_providers ?? [])];
    },
  };
}
