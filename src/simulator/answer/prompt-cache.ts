/** The provider's prompt cache: a marked prefix is written on first use and read from then on. */

import type { CacheAsk } from "../call.ts";

export interface CacheHit {
  readonly read: number;
  readonly write5m: number;
  readonly write1h: number;
}

/** More prefixes than a test or demo has; beyond that, the oldest are dropped. */
const mostPrefixes = 10_000;

/** Entries never expire by time, so runs are repeatable. */
export class PromptCache {
  readonly #seen = new Set<string>();

  /** Looks up a prefix, and adds it if it is new. */
  look(ask: CacheAsk): CacheHit {
    if (this.#seen.has(ask.key)) return { read: ask.tokens, write5m: 0, write1h: 0 };
    this.#seen.add(ask.key);
    if (this.#seen.size > mostPrefixes)
      for (const oldest of this.#seen.values().take(1)) this.#seen.delete(oldest);
    return ask.ttl === "1h"
      ? { read: 0, write5m: 0, write1h: ask.tokens }
      : { read: 0, write5m: ask.tokens, write1h: 0 };
  }

  clear(): void {
    this.#seen.clear();
  }
}
