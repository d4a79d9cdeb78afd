/** What a journal entry refers to, as it was at that point of the journal. */

import type { Attribution } from "../attribution/attribution.ts";
import type { Budget } from "../budget/budget.ts";
import type { Key } from "../key/key.ts";
import { counterId } from "../ledger/counter.ts";
import type { CallRoute, CounterKey, Entry } from "../ledger/entry.ts";

/**
 * It follows from the journal alone, so an entry has the same context whenever it is read. Absent
 * fields do not apply to the entry.
 */
export interface EntryContext {
  /** The call that was settled, corrected or lapsed, as it was held. */
  readonly call?: HeldCall;
  /** The budget that the entry defined, crossed, controlled or was refused by. */
  readonly budget?: Budget;
  /** The key that the entry defined, or used for the first time. */
  readonly key?: Key;
  /** For a definition: what was there before; null if it is new. */
  readonly before?: Budget | Key | null;
  /** Counters that the journal has not named before: their windows begin with this entry. */
  readonly opened?: readonly OpenedCounter[];
  /** The key of the entry's call, if no entry before had a call of this key. */
  readonly firstUseOf?: string;
}

export interface HeldCall {
  /** When it was held, in milliseconds since the epoch. */
  readonly at: number;
  readonly attribution: Attribution;
  readonly route: CallRoute;
}

export interface OpenedCounter {
  readonly counter: CounterKey;
  readonly budget: Budget;
}

/** All counters that an entry names. */
export function countersOf(entry: Entry): readonly CounterKey[] {
  switch (entry.kind) {
    case "hold":
    case "move":
      return entry.counters;
    case "settle":
    case "correction":
      return entry.counters ?? [];
    case "threshold":
    case "budget_extension":
    case "budget_ask":
    case "budget_decline":
      return [entry.counter];
    case "budget_resume":
      return entry.lifted.map(({ counter }) => counter);
    case "budget":
      return entry.recounts.flatMap(({ counters }) => counters.map(({ key }) => key));
    default:
      return [];
  }
}

/** The key of the call that an entry starts or refuses; null if it has none. */
export function keyUsedBy(entry: Entry): string | null {
  return entry.kind === "hold" || entry.kind === "refusal" ? entry.route.keyId : null;
}

/** The budget that an entry is about. */
export function budgetOf(entry: Entry): string | null {
  switch (entry.kind) {
    case "threshold":
    case "budget_extension":
    case "budget_ask":
    case "budget_decline":
      return entry.counter.budgetId;
    case "budget_pause":
    case "budget_resume":
    case "refusal":
      return entry.budgetId;
    default:
      return null;
  }
}

/** Whether the events of an entry describe the call that it ends. */
export function describesCall(entry: Entry): boolean {
  return entry.kind === "settle" || entry.kind === "correction" || entry.kind === "expire";
}

type Found = { readonly [field in keyof EntryContext]: EntryContext[field] | undefined };

/** The fields that were found. */
export function contextOf({ before, opened, firstUseOf, call, budget, key }: Found): EntryContext {
  return {
    ...(before !== undefined && { before }),
    ...(opened && opened.length > 0 && { opened }),
    ...(firstUseOf !== undefined && { firstUseOf }),
    ...(call && { call }),
    ...(budget && { budget }),
    ...(key && { key }),
  };
}

/**
 * Gives each entry its context while a whole journal passes, from its first entry on. A store with
 * a large journal looks the same facts up instead.
 */
export class Contexts {
  readonly #budgets = new Map<string, Budget>();
  readonly #deleted = new Set<string>();
  readonly #keys = new Map<string, Key>();
  readonly #calls = new Map<string, HeldCall>();
  readonly #counters = new Set<string>();
  readonly #usedKeys = new Set<string>();

  next(entry: Entry): EntryContext {
    const before = this.#define(entry);
    const opened = this.#open(entry);
    const firstUseOf = this.#use(entry);
    const call = this.#callOf(entry);
    const budgetId = budgetOf(entry);
    const budget = budgetId === null ? undefined : this.#budgets.get(budgetId);
    const key = firstUseOf === undefined ? undefined : this.#keys.get(firstUseOf);
    return contextOf({ before, opened, firstUseOf, call, budget, key });
  }

  /** @returns undefined for an entry that is no definition. */
  #define(entry: Entry): Budget | Key | null | undefined {
    if (entry.kind === "budget") {
      const { budget, deleted } = entry;
      const { budgetId } = budget;
      const before = this.#deleted.has(budgetId) ? null : (this.#budgets.get(budgetId) ?? null);
      this.#budgets.set(budgetId, budget);
      if (deleted) this.#deleted.add(budgetId);
      else this.#deleted.delete(budgetId);
      return before;
    }
    if (entry.kind !== "key") return undefined;
    const before = this.#keys.get(entry.key.keyId) ?? null;
    this.#keys.set(entry.key.keyId, entry.key);
    return before;
  }

  #open(entry: Entry): readonly OpenedCounter[] {
    return countersOf(entry).flatMap((counter) => {
      const id = counterId(counter);
      const budget = this.#budgets.get(counter.budgetId);
      if (this.#counters.has(id) || !budget) return [];
      this.#counters.add(id);
      return [{ counter, budget }];
    });
  }

  #use(entry: Entry): string | undefined {
    const keyId = keyUsedBy(entry);
    if (keyId === null || this.#usedKeys.has(keyId)) return undefined;
    this.#usedKeys.add(keyId);
    return keyId;
  }

  #callOf(entry: Entry): HeldCall | undefined {
    if (entry.kind === "hold") {
      const { operationId, attempt, at, attribution, route } = entry;
      this.#calls.set(`${attempt} ${operationId}`, { at, attribution, route });
    }
    return describesCall(entry) && "attempt" in entry
      ? this.#calls.get(`${entry.attempt} ${entry.operationId}`)
      : undefined;
  }
}
