/** Parses the URLs of calls, and caches the results: callers use the same few again and again. */

import { checkPath, findTarget } from "../app/route/route.ts";
import type { Target, Wires } from "../app/route/target.ts";
import { Memo } from "../domain/memo.ts";
import type { Providers } from "../app/port/provider.ts";

export interface Address {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly target: Target;
  /** The key that Gemini clients put in the query; it is not forwarded. */
  readonly queryKey: string | null;
  readonly isChecked: boolean;
}

/** Bounds the cache, since callers may make up paths. */
const mostKept = 1000;

export class Addresses {
  readonly #context: { readonly providers: Providers; readonly wires: Wires };
  /** Only POST requests without a query, so the cache never contains a key. */
  readonly #checked = new Memo<string, Address>(mostKept);

  constructor(context: { readonly providers: Providers; readonly wires: Wires }) {
    this.#context = context;
  }

  /**
   * @param dialect The wire format indicated by the caller's headers; undefined if none is.
   * @returns undefined for a path that the gateway does not serve.
   */
  find(method: string, url: string, dialect?: keyof Wires): Address | undefined {
    const checked = method === "POST" ? this.#checked.get(url) : undefined;
    if (checked) return checked;
    const { path, queryKey } = splitKey(url);
    const target = findTarget(this.#context, { method, path, dialect });
    return target && { method, url, target, queryKey, isChecked: false };
  }

  /**
   * Call this only for authenticated callers, since valid addresses are cached.
   *
   * @throws PurserError `invalid_request` for a path that the provider could interpret differently
   *   or that does not identify a provider; `not_found` for a mistyped one.
   */
  check(address: Address): void {
    if (address.isChecked) return;
    const { method, url, target } = address;
    checkPath(target.path);
    if (target.problem) throw target.problem;
    if (method !== "POST" || url.includes("?")) return;
    this.#checked.keep(url, { ...address, isChecked: true });
  }
}

/** Removes the key from the query. */
export function splitKey(url: string): { readonly path: string; readonly queryKey: string | null } {
  const question = url.indexOf("?");
  if (question < 0) return { path: url, queryKey: null };
  const query = new URLSearchParams(url.slice(question));
  const queryKey = query.get("key");
  if (queryKey === null) return { path: url, queryKey };
  query.delete("key");
  return {
    path: url.slice(0, question) + (query.size > 0 ? `?${query.toString()}` : ""),
    queryKey,
  };
}
