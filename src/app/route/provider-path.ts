/** Paths as a caller writes them: under the name of a provider, or unified. */

import type { WireName } from "../../wire/wire.ts";

/** What stands before the rest of a call's path: `/v1` or `/v1beta`. */
export const versions: Readonly<Record<WireName, string>> = { openai: "/v1", anthropic: "/v1", gemini: "/v1beta", bedrock: "" };

/** OpenAI's SDKs take a base URL that ends in the version, the others one without. */
export function behindBase(path: string, wireName: WireName): string {
  return wireName === "openai" && /^\/v1(?:\/|$)/.test(path) ? path.slice("/v1".length) : path;
}

/** The opposite of {@link behindBase}, under a provider's name. */
export function underName(provider: string, wireName: WireName, path: string): string {
  return `/${provider}${wireName === "openai" ? versions.openai : ""}${path}`;
}

/** The base URL that a vendor's own SDK is given for a provider, without the host. */
export function baseUnderName(provider: string, wireName: WireName): string {
  return underName(provider, wireName, "");
}

/** Where a call of a kind is made in each format, unified. @param endpoint The kind, as the format that was asked calls it. */
export function callPath(wireName: WireName, { endpoint, model }: { readonly endpoint: string; readonly model: string }): string {
  if (wireName === "gemini") return `/v1beta/models/${model}:${endpoint === "embeddings" ? "embedContent" : "generateContent"}`;
  if (wireName === "anthropic") return endpoint === "count_tokens" ? "/v1/messages/count_tokens" : "/v1/messages";
  return endpoint === "embeddings" ? "/v1/embeddings" : "/v1/chat/completions";
}

/** Without doubled slashes and a slash at the end, which are slips that can mean nothing else. */
export function tidyPath(path: string): string {
  const question = path.indexOf("?");
  const place = question < 0 ? path : path.slice(0, question);
  if (!/\/\/|.\/$/.test(place)) return path;
  const tidy = place.replaceAll(/\/{2,}/g, "/").replace(/(.)\/$/, "$1");
  return question < 0 ? tidy : tidy + path.slice(question);
}
