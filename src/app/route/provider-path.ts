/** Converts paths between their two forms: under a provider's name, and unified. */

import type { WireName } from "../../wire/wire.ts";

/** The version prefix of a call's path: `/v1` or `/v1beta`. */
export const versions: Readonly<Record<WireName, string>> = {
  openai: "/v1",
  anthropic: "/v1",
  gemini: "/v1beta",
};

/**
 * The path relative to the SDK's base URL. OpenAI's base URLs end in the version, the others do
 * not.
 */
export function afterBase(path: string, wireName: WireName): string {
  return wireName === "openai" && /^\/v1(?:\/|$)/.test(path) ? path.slice("/v1".length) : path;
}

/** The opposite of {@link afterBase}, under a provider's name. */
export function underName(provider: string, wireName: WireName, path: string): string {
  return `/${provider}${wireName === "openai" ? versions.openai : ""}${path}`;
}

/** The base URL, without the host, for the vendor's own SDK. */
export function baseUnderName(provider: string, wireName: WireName): string {
  return underName(provider, wireName, "");
}

/**
 * The unified path for a kind of call in each format. @param endpoint The kind, as named by the
 * format of the request.
 */
export function callPath(
  wireName: WireName,
  { endpoint, model }: { readonly endpoint: string; readonly model: string },
): string {
  if (wireName === "gemini")
    return `/v1beta/models/${model}:${endpoint === "embeddings" ? "embedContent" : "generateContent"}`;
  if (wireName === "anthropic")
    return endpoint === "count_tokens" ? "/v1/messages/count_tokens" : "/v1/messages";
  return endpoint === "embeddings" ? "/v1/embeddings" : "/v1/chat/completions";
}

/** Removes doubled slashes and a trailing slash, which are never intended. */
export function tidyPath(path: string): string {
  const question = path.indexOf("?");
  const place = question < 0 ? path : path.slice(0, question);
  if (!/\/\/|.\/$/.test(place)) return path;
  const tidy = place.replaceAll(/\/{2,}/g, "/").replace(/(.)\/$/, "$1");
  return question < 0 ? tidy : tidy + path.slice(question);
}
