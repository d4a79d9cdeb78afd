/** What the URLs of calls stand for: the same few are called again and again, and each is taken apart once. */

import { checkPath, findTarget } from "../app/route/route.ts";
import type { Target, Wires } from "../app/route/target.ts";
import { Memo } from "../domain/memo.ts";
import type { Providers } from "../app/port/provider.ts";

export interface Address {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly url: string;
  readonly target: Target;
  /** The key that Gemini's clients put into the query; it goes no further than here. */
  readonly queryKey: string | null;
  readonly isChecked: boolean;
}

/** Callers who invent paths cannot make more be kept than this. */
const mostKept = 1000;

export class Addresses {
  readonly #context: { readonly providers: Providers; readonly wires: Wires };
  /** Of POST requests without a query, so that no key stands in it. */
  readonly #checked = new Memo<string, Address>(mostKept);

  constructor(context: { readonly providers: Providers; readonly wires: Wires }) {
    this.#context = context;
  }

  /**
   * @param dialect The wire format that the caller's headers indicate; undefined if they do not.
   * @returns undefined for a path that is not the gateway's.
   */
  find(method: string, url: string, dialect?: keyof Wires): Address | undefined {
    const checked = method === "POST" ? this.#checked.get(url) : undefined;
    if (checked) return checked;
    const { path, queryKey } = splitKey(url);
    const target = findTarget(this.#context, { method, path, dialect });
    return target && { method, url, target, queryKey, isChecked: false };
  }

  /**
   * For callers whose key is known, since what passes is kept.
   *
   * @throws PurserError `invalid_request` for a path that would be read in another way further on, or that does not say whose it is;
   *   `not_found` for one that is mistyped.
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

/** Takes the key out of the query. */
export function splitKey(url: string): { readonly path: string; readonly queryKey: string | null } {
  const question = url.indexOf("?");
  if (question < 0) return { path: url, queryKey: null };
  const query = new URLSearchParams(url.slice(question));
  const queryKey = query.get("key");
  if (queryKey === null) return { path: url, queryKey };
  query.delete("key");
  return { path: url.slice(0, question) + (query.size > 0 ? `?${query.toString()}` : ""), queryKey };
}
