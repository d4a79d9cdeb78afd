/** The charges of one page of the journal that rules look at. */

import type { HeldCall } from "../../domain/event/context.ts";
import type {
  BudgetEntry,
  CorrectionEntry,
  RefusalEntry,
  SettleEntry,
} from "../../domain/ledger/entry.ts";
import type { RuleCurrency } from "../../domain/rule/rule.ts";
import { countTokens } from "../../domain/usage/usage.ts";
import type { FollowedEntry } from "../port/feed.ts";
import type { CallFilter, Figures } from "../port/reader.ts";

/** A charge with its call. */
export interface Charge {
  readonly entry: SettleEntry | CorrectionEntry;
  readonly call: HeldCall;
}

/** What one page of the journal has. */
export interface Page {
  readonly charges: readonly Charge[];
  readonly refusals: readonly RefusalEntry[];
  /** Budgets that were changed: a lower amount may be reached already. */
  readonly changes: readonly BudgetEntry[];
}

/** @param except The provider whose calls are left out. */
export function pageOf(entries: readonly FollowedEntry[], except: string | undefined): Page {
  const charges = entries.flatMap(({ entry, context: { call } }) =>
    (entry.kind === "settle" || entry.kind === "correction") &&
    call &&
    call.route.provider !== except
      ? [{ entry, call }]
      : [],
  );
  const refusals = entries.flatMap(({ entry }) =>
    entry.kind === "refusal" && entry.route.provider !== except ? [entry] : [],
  );
  const changes = entries.flatMap(({ entry }) =>
    entry.kind === "budget" && !entry.deleted ? [entry] : [],
  );
  return { charges, refusals, changes };
}

export function since({ charges, refusals, changes }: Page, from: number): Page {
  return {
    charges: charges.filter(({ entry }) => entry.at >= from),
    refusals: refusals.filter(({ at }) => at >= from),
    changes: changes.filter(({ at }) => at >= from),
  };
}

/** A filter of the calls that rules count. */
export function counted(except: string | undefined, filter: CallFilter): CallFilter {
  return { ...filter, charged: true, ...(except !== undefined && { exceptProvider: except }) };
}

export function figureOf({ cost, usage }: Figures, currency: RuleCurrency): bigint {
  return currency === "USD" ? cost : BigInt(countTokens(usage));
}
