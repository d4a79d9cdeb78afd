/**
 * Tracks holds that can lapse (those that callers create and end themselves), and how much each key
 * holds in them.
 */

import { amountIn, type Counter } from "./counter.ts";
import type { Quantities } from "./entry.ts";
import type { Hold } from "./hold.ts";

/** Receives every hold and tracks those that can lapse. */
export class Lapsing {
  readonly #open = new Set<Hold>();
  /** Open holds by key. */
  readonly #holds = new Map<string, number>();
  /** Amount held by key and counter. */
  readonly #held = new Map<string, bigint>();

  opened(hold: Hold): void {
    if (hold.expiresAt === null) return;
    this.#open.add(hold);
    this.#countHolds(hold, 1);
  }

  ended(hold: Hold): void {
    if (this.#open.delete(hold)) this.#countHolds(hold, -1);
  }

  expiredBy(at: number): readonly Hold[] {
    return [...this.#open].filter((hold) => hold.expiresAt !== null && hold.expiresAt <= at);
  }

  /** The number of open holds of a key that can lapse. */
  holdsOfKey(keyId: string): number {
    return this.#holds.get(keyId) ?? 0;
  }

  /** How much of a counter a key holds in holds that can lapse, in the counter's unit. */
  heldByKey(keyId: string, counter: Counter): bigint {
    return this.#held.get(heldId(keyId, counter)) ?? 0n;
  }

  /** @param sign 1 if the hold takes the amount from its counters, -1 if it gives it back. */
  count({ counters, route, expiresAt }: Hold, amount: Quantities, sign: 1n | -1n): void {
    if (expiresAt === null || route.keyId === null) return;
    for (const counter of counters) {
      const id = heldId(route.keyId, counter);
      const held = (this.#held.get(id) ?? 0n) + sign * amountIn(counter.key.currency, amount);
      if (held === 0n) this.#held.delete(id);
      else this.#held.set(id, held);
    }
  }

  #countHolds({ route: { keyId } }: Hold, change: 1 | -1): void {
    if (keyId === null) return;
    const holds = this.holdsOfKey(keyId) + change;
    if (holds === 0) this.#holds.delete(keyId);
    else this.#holds.set(keyId, holds);
  }
}

function heldId(keyId: string, counter: Counter): string {
  return `${keyId}\n${counter.id}`;
}
