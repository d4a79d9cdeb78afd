/**
 * Builds the request headers for the provider: the caller's headers on the list, and the provider's
 * key.
 */

import { hash } from "node:crypto";
import type { WireFormat } from "../../wire/wire.ts";
import type { Caller, Headers } from "../caller/identify.ts";
import type { Observer } from "../port/observer.ts";
import { ownHeaders, ownPrefix, remedyFor } from "../caller/own-headers.ts";
import type { Provider } from "../port/provider.ts";

/** Headers about the request and its client, for every provider. */
const common: ReadonlySet<string> = new Set([
  "accept",
  "accept-language",
  "content-type",
  "user-agent",
  "traceparent",
  "tracestate",
  "x-client-request-id",
]);

/** Headers of the vendors' SDKs: `x-stainless-os` and the like. */
const clientPrefix = "x-stainless-";

/**
 * Configured headers that may be a credential are not sent with a caller's own key: it would act as
 * the gateway.
 */
const credential = /auth|key|token|secret|cookie|organization|project/;

interface Onward {
  readonly provider: Provider;
  readonly wire: Pick<WireFormat, "headers">;
  readonly caller: Pick<Caller, "key" | "bringsProviderKey" | "holdsKey">;
  /**
   * Receives unknown headers with Purser's prefix: a typo there means that spend is not attributed.
   */
  readonly observer: Pick<Observer, "headerIgnored">;
}

/** A Purser key is never forwarded, whichever header contains it. */
export function upstreamHeaders(
  headers: Headers,
  { provider, wire, caller, observer }: Onward,
): Record<string, string> {
  const forwarded: Record<string, string> = {};
  const rules = wire.headers;
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    if (name.startsWith(ownPrefix)) {
      if (!ownHeaders.has(name)) observer.headerIgnored({ name, remedy: () => remedyFor(name) });
      continue;
    }
    const passes =
      common.has(name) ||
      rules.forwarded.has(name) ||
      name.startsWith(clientPrefix) ||
      (caller.bringsProviderKey && rules.account.has(name));
    if (!passes && !provider.passHeaders.includes(name)) continue;
    const text = typeof value === "string" ? value : value.join(", ");
    if (!caller.holdsKey(text)) forwarded[name] = text;
  }
  const repeat = headers[idempotency];
  if (typeof repeat === "string")
    forwarded[idempotency] = caller.bringsProviderKey ? repeat : repeatOf(repeat, caller);
  if (!caller.bringsProviderKey && provider.apiKey !== null)
    rules.setKey(forwarded, provider.apiKey);
  forwarded["accept-encoding"] = "identity";
  return Object.assign(
    forwarded,
    caller.bringsProviderKey ? withoutCredentials(provider.headers) : provider.headers,
  );
}

/** Providers repeat an answer for the same value, so values are made distinct for each key. */
const idempotency = "idempotency-key";

function repeatOf(value: string, { key }: Pick<Caller, "key">): string {
  return hash("sha256", `${key?.keyId ?? ""}\n${value}`, "hex");
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !credential.test(name)));
}

/** The path without query parameters that contain a Purser key. */
export function withoutKey(path: string, { holdsKey }: Pick<Caller, "holdsKey">): string {
  const question = path.indexOf("?");
  if (question < 0) return path;
  const query = new URLSearchParams(path.slice(question));
  const names = [...query]
    .filter(([name, value]) => holdsKey(value) || holdsKey(name))
    .map(([name]) => name);
  if (names.length === 0) return path;
  for (const name of names) query.delete(name);
  return path.slice(0, question) + (query.size > 0 ? `?${query.toString()}` : "");
}
