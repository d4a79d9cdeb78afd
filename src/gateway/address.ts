/** Parses the URL of a call: its target, and the key that some clients put in the query. */

import type { Headers } from "../app/caller/identify.ts";
import type { Router } from "../app/route/router.ts";
import type { Target } from "../app/route/target.ts";

export interface Address {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly target: Target;
  /** The key in the query, which is not forwarded. */
  readonly queryKey: string | null;
}

export interface AddressedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Headers;
}

/** @returns undefined for a path that the gateway does not serve. */
export function findAddress(
  router: Router,
  { method, url, headers = none }: AddressedRequest,
): Address | undefined {
  const { path, queryKey } = splitKey(url);
  const target = router.target({ method, path, headers });
  return target && { method, url, target, queryKey };
}

const none: Headers = {};

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
