/** Port to the ledger: commands, and its current state. */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import type { PurserError } from "../../domain/error.ts";
import type { Budget } from "../../domain/budget/budget.ts";
import type { Key } from "../../domain/key/key.ts";
import type { AnswerOf, Command } from "../../domain/ledger/command.ts";
import type { Balance } from "../../domain/ledger/counter.ts";
import type { CallId, CallRoute, Quantities } from "../../domain/ledger/entry.ts";
import type { PriceOverride } from "../../domain/price/rate.ts";

/**
 * The ledger. Commands are decided one after another, in the order received. A decision never
 * changes.
 */
export interface Ledger {
  /**
   * Decides, and resolves once the decision is durable.
   *
   * @throws PurserError `conflict` if an id was used with another body or is in flight, `not_found`
   *   for an unknown id, `store_unavailable` if it cannot be written; nothing has changed then.
   * @param progress Called with the share done, 0 to 1, while a budget's past spend is counted.
   */
  commit<C extends Command>(
    command: C,
    progress?: (share: number) => void,
  ): Promise<AnswerOf[C["kind"]]>;

  /**
   * Decides, and resolves before the decision is durable. It becomes durable before any later
   * command does.
   */
  decide<C extends Command>(command: C): Promise<AnswerOf[C["kind"]]>;

  /** Resolves when all decisions so far are durable. */
  flush(): Promise<void>;

  budgets(): readonly Budget[];
  budget(budgetId: string): Budget | undefined;
  /** The counters of a budget's current window: one, or one per value for `*`. */
  balances(budgetId: string, at: number): readonly Balance[];
  keys(): readonly Key[];
  /** @param hash SHA-256 of the secret, in hex. */
  keyByHash(hash: string): Key | undefined;
  prices(): readonly PriceOverride[];
  /** The holds of calls under way. */
  openHolds(): readonly OpenHold[];
  holdOf(operationId: string): OpenHold | undefined;

  /** Why the ledger cannot be written at the moment; null if it can. */
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
