/**
 * Headers of the request as the provider gets them: the caller's own, with Purser's taken out and the provider's key put in. And
 * headers of the answer, as the caller gets them and for what they tell.
 */

import type { WireName } from "../wire/wire.ts";
import type { Headers } from "./identify.ts";
import type { Provider } from "./provider.ts";
import type { UpstreamHeaders } from "./upstream.ts";

/** Headers that belong to one connection, to the caller's key, or to what is set anew. */
const dropped: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "expect",
  "accept-encoding",
]);

const keyHeaders: ReadonlySet<string> = new Set(["authorization", "x-api-key", "x-goog-api-key"]);

/** @param bringsProviderKey The caller's own provider key is in its usual header, and stays there. */
export function upstreamHeaders(
  headers: Headers,
  {
    provider,
    wireName,
    bringsProviderKey,
  }: { readonly provider: Provider; readonly wireName: WireName; readonly bringsProviderKey: boolean },
): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || dropped.has(name) || name.startsWith("x-purser-")) continue;
    if (keyHeaders.has(name) && (!bringsProviderKey || holdsPurserKey(value, headers["x-purser-key"]))) continue;
    forwarded[name] = typeof value === "string" ? value : value.join(", ");
  }
  if (!bringsProviderKey && provider.apiKey !== null) setKey(forwarded, wireName, provider.apiKey);
  forwarded["accept-encoding"] = "identity";
  return Object.assign(forwarded, provider.headers);
}

/** Purser's own key reaches no provider, also when a client sends it in two headers. */
function holdsPurserKey(value: string | readonly string[], own: string | readonly string[] | undefined): boolean {
  return typeof own === "string" && value.includes(own);
}

function setKey(headers: Record<string, string>, wireName: WireName, apiKey: string): void {
  if (wireName === "anthropic") headers["x-api-key"] = apiKey;
  else if (wireName === "gemini") headers["x-goog-api-key"] = apiKey;
  else headers["authorization"] = `Bearer ${apiKey}`;
}

const notAnswered: ReadonlySet<string> = new Set([...dropped, "content-encoding", "set-cookie", "date"]);

/** The answer's headers as the caller gets them, in an object of its own for Purser's to be added. */
export function replyHeaders(headers: UpstreamHeaders): Record<string, string | readonly string[]> {
  const answered: Record<string, string | readonly string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !notAnswered.has(name)) answered[name] = value;
  }
  return answered;
}

/** Some servers do not stream, and answer in JSON whatever is asked. Gemini's streams are JSON themselves. */
export function isWhole({ "content-type": type }: UpstreamHeaders, { wireName }: { readonly wireName: WireName }): boolean {
  return wireName !== "gemini" && typeof type === "string" && /^application\/json\b/i.test(type);
}

export function isEventStream(headers: UpstreamHeaders): boolean {
  const type = headers["content-type"];
  return typeof type === "string" && type.startsWith("text/event-stream");
}
