/** Port to the ledger: commands, and its current state. */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import type { PurserError } from "../../domain/error.ts";
import type { AnswerOf, Command } from "../../domain/ledger/command.ts";
import type { Balance } from "../../domain/ledger/counter.ts";
import type { CallId, CallRoute, Quantities } from "../../domain/ledger/entry.ts";
import type { Registry } from "./registry.ts";

/**
 * The ledger. Commands of one process are decided one after another, in the order received. A
 * decision never changes.
 *
 * A ledger may decide many commands as one batch, and write the batch as a whole: each command sees
 * the effects of those before it, each gets its own answer, and no answer is given for a batch that
 * may still fail, except to `decide`. A ledger on a server, which several processes share, loads
 * what the commands need (`needs`), decides, and commits if nothing that it loaded has changed;
 * otherwise it begins again. So commands of several processes are decided as if one after another,
 * too.
 */
export interface Ledger extends Registry {
  /**
   * Decides, and resolves once the decision is durable. All earlier decisions of this process are
   * durable then, too.
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
   * Decides, and may resolve before the decision is durable. It becomes durable before any later
   * command does.
   *
   * While the ledger cannot be written, ends of calls are accepted and kept until they can be, and
   * other commands are rejected. An embedded ledger answers an end at once; one on a server answers
   * when the server can be reached again.
   */
  decide<C extends Command>(command: C): Promise<AnswerOf[C["kind"]]>;

  /**
   * Resolves when all decisions so far are durable.
   *
   * @throws PurserError `store_unavailable` if they cannot be written at the moment.
   */
  flush(): Promise<void>;

  /**
   * The counters of a budget's window at a time: one, or one per value for `*`. Of a window that is
   * over, only those of a named value are sure to be found.
   */
  balances(budgetId: string, at: number, value?: string): Promise<readonly Balance[]>;
  /** The holds of calls under way. */
  openHolds(): Promise<readonly OpenHold[]>;
  holdOf(operationId: string): Promise<OpenHold | undefined>;

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
