/** Headers of the request as the provider gets them: the caller's own, with Purser's taken out and the provider's key put in. */

import type { WireName } from "../wire/wire.ts";
import { connectionHeaders } from "./connection-headers.ts";
import type { Headers } from "./identify.ts";
import type { Observer } from "./observer.ts";
import { ownHeaders, ownPrefix, remedyFor } from "./own-headers.ts";
import type { Provider } from "./provider.ts";

const keyHeaders: ReadonlySet<string> = new Set(["authorization", "x-api-key", "x-goog-api-key"]);

/**
 * @param options.bringsProviderKey The caller's own provider key is in its usual header, and stays there.
 * @param options.observer Told of headers that are called as Purser's are and mean nothing: most likely somebody's spend has lost its name.
 */
export function upstreamHeaders(
  headers: Headers,
  {
    provider,
    wireName,
    bringsProviderKey,
    observer,
  }: {
    readonly provider: Provider;
    readonly wireName: WireName;
    readonly bringsProviderKey: boolean;
    readonly observer: Pick<Observer, "headerIgnored">;
  },
): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || connectionHeaders.has(name)) continue;
    if (name.startsWith(ownPrefix)) {
      if (!ownHeaders.has(name)) observer.headerIgnored({ name, remedy: () => remedyFor(name) });
      continue;
    }
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
