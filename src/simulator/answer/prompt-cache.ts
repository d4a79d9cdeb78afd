/** The provider's prompt cache: a marked prefix is written the first time it is seen, and read after that. */

import type { CacheAsk } from "../call.ts";

export interface CacheHit {
  readonly read: number;
  readonly write5m: number;
  readonly write1h: number;
}

/** More prefixes than a test or a demo has; the oldest are forgotten. */
const mostPrefixes = 10_000;

/** It forgets nothing by time, so that a run can be repeated. */
export class PromptCache {
  readonly #seen = new Set<string>();

  /** Looks a prefix up, and keeps it when it is new. */
  look(ask: CacheAsk): CacheHit {
    if (this.#seen.has(ask.key)) return { read: ask.tokens, write5m: 0, write1h: 0 };
    this.#seen.add(ask.key);
    if (this.#seen.size > mostPrefixes) for (const oldest of this.#seen.values().take(1)) this.#seen.delete(oldest);
    return ask.ttl === "1h" ? { read: 0, write5m: 0, write1h: ask.tokens } : { read: 0, write5m: ask.tokens, write1h: 0 };
  }

  clear(): void {
    this.#seen.clear();
  }
}
