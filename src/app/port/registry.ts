/** Port to the definitions in a ledger: budgets, keys and prices, looked up while a call waits. */

import type { Budget } from "../../domain/budget/budget.ts";
import type { Replacements } from "../../domain/ledger/replacements.ts";
import type { Pause } from "../../domain/ledger/counter.ts";
import type { KeptEpoch } from "../../domain/ledger/epoch.ts";
import type { ExportState } from "../../domain/ledger/export-run.ts";
import type { Key } from "../../domain/key/key.ts";
import type { KeptPrice } from "../../domain/price/text/kept-price.ts";
import type { KeptAlert } from "../../domain/rule/alert.ts";
import type { KeptRule } from "../../domain/rule/rule.ts";
import type { KeptPriceUpdate } from "../../domain/price/update/price-update.ts";

/**
 * Answers from memory, at once. A command of this process is in here before it resolves.
 *
 * A ledger that several processes share follows the definitions of the others, so a key that was
 * revoked elsewhere is accepted until the news arrives. Amounts are safe meanwhile: a decision that
 * used an older definition is not committed but made again.
 */
export interface Registry {
  budgets(): readonly Budget[];
  budget(budgetId: string): Budget | undefined;
  /** The pauses of a budget by people and rules, oldest first. */
  pausesOf(budgetId: string): readonly Pause[];
  /** The pause by people and rules that applies to a value of a budget, or to the whole budget. */
  pauseOf(budgetId: string, value: string | null): Pause | null;
  keys(): readonly Key[];
  /** @param hash SHA-256 of the secret, in hex. */
  keyByHash(hash: string): Key | undefined;
  /** Set over the API, the oldest first, those that were removed included. */
  prices(): readonly KeptPrice[];
  /** Refreshes of the price book, the oldest first. */
  priceUpdates(): readonly KeptPriceUpdate[];
  /** Rules of alerts. */
  rules(): readonly KeptRule[];
  /** The last alert of each rule and value, the oldest first. */
  alerts(): readonly KeptAlert[];
  /** The last alert of a rule for a value. */
  alertOf(of: { readonly ruleId: string; readonly value: string }): KeptAlert | undefined;
  /** What rules serve in place of the models that calls ask for; null while no rule does. */
  replacements(): Pick<Replacements, "of"> | null;
  /** The oldest first. */
  epochs(): readonly KeptEpoch[];
  /** The last runs of a scheduled export; undefined before the first. */
  exportState(schedule: string): ExportState | undefined;
}
