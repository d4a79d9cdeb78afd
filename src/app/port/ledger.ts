/** The port to the books: commands, and what is known of now. */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import type { PurserError } from "../../domain/error.ts";
import type { Budget } from "../../domain/budget/budget.ts";
import type { Key } from "../../domain/key/key.ts";
import type { AnswerOf, Command } from "../../domain/ledger/command.ts";
import type { Balance } from "../../domain/ledger/counter.ts";
import type { CallId, CallRoute, Quantities } from "../../domain/ledger/entry.ts";
import type { PriceOverride } from "../../domain/price/rate.ts";

/**
 * The books. Commands are decided one after another, in the order in which they were given, and an answer never
 * changes once it was given.
 */
export interface Ledger {
  /**
   * Decides, and resolves once what was decided survives a crash.
   *
   * @throws PurserError `conflict` when an id was used with another body or is in flight, `not_found` for an unknown id,
   *   `store_unavailable` when it cannot be written; then nothing changed.
   * @param progress Called with the share done, 0 to 1, while what a budget has spent before is counted.
   */
  commit<C extends Command>(command: C, progress?: (share: number) => void): Promise<AnswerOf[C["kind"]]>;

  /** Decides, and resolves before it is durable. It becomes durable before any later command does. */
  decide<C extends Command>(command: C): Promise<AnswerOf[C["kind"]]>;

  /** Resolves when all that was decided so far is durable. */
  flush(): Promise<void>;

  budgets(): readonly Budget[];
  budget(budgetId: string): Budget | undefined;
  /** The counters of a budget whose window is open now: one, or one a value for `*`. */
  balances(budgetId: string, at: number): readonly Balance[];
  keys(): readonly Key[];
  /** @param hash SHA-256 of the secret, in hex. */
  keyByHash(hash: string): Key | undefined;
  prices(): readonly PriceOverride[];
  /** Calls under way: their holds. */
  openHolds(): readonly OpenHold[];
  holdOf(operationId: string): OpenHold | undefined;

  /** Why nothing can be written at the moment; null when all is well. */
  problem(): PurserError | null;

  close(): Promise<void>;
}

export interface OpenHold extends CallId {
  readonly at: number;
  readonly attribution: Attribution;
  readonly route: CallRoute;
  readonly amount: Quantities;
  readonly expiresAt: number | null;
}
