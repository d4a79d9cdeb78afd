/** The state derived from the journal: balances, open holds, budgets, keys and prices. */

import { assert } from "../assert.ts";
import type { Budget } from "../budget/budget.ts";
import type { Window } from "../budget/window.ts";
import { Applicable, type Applied, type CallSubject } from "./applicable.ts";
import { amountIn, type Counter, type Pause } from "./counter.ts";
import { Counters } from "./counters.ts";
import {
  addQuantities,
  nothing,
  type CallId,
  type CorrectionEntry,
  type CounterKey,
  type BudgetEntry,
  type Entry,
  type ExpireEntry,
  type HoldEntry,
  type MoveEntry,
  type Quantities,
  type ReleaseEntry,
  type SettleEntry,
  type ThresholdEntry,
  type TopUpEntry,
} from "./entry.ts";
import type { Hold, KeptHold } from "./hold.ts";
import type { ClosingChange } from "./closing.ts";
import { Lapsing } from "./lapsing.ts";
import { PassingMap } from "../passing/passing-map.ts";
import { type History, type PastAttempt, pastOf } from "./past.ts";
import type { ChargedCall } from "./recount.ts";
import { Registry, type Recounted } from "./registry.ts";
import type { LedgerView } from "./view.ts";

/** Changes since the last call. A store commits them together with the entries that caused them. */
export interface Changes {
  readonly counters: ReadonlySet<Counter>;
  /** Runs added to or removed from counters, in order; a counter may have changed again since. */
  readonly closings: readonly ClosingChange[];
  /** Operations with a changed or newly ended attempt; droppable once `history` finds them. */
  readonly ended: ReadonlySet<string>;
}

/**
 * Balances, open holds and definitions, as a function of the entries applied with `apply`.
 *
 * The same class serves a live ledger (which keeps only open windows in memory and asks `history`
 * for the rest), recovery, and verification (which starts empty and applies the whole journal).
 */
export class Books implements LedgerView {
  readonly registry: Registry;
  readonly budgets: Registry["budgets"];
  readonly keys: Registry["keys"];
  readonly prices: Registry["prices"];
  readonly priceUpdates: Registry["priceUpdates"];
  readonly rules: Registry["rules"];
  readonly alerts: Registry["alerts"];
  readonly epochs: Registry["epochs"];
  readonly exports: Registry["exports"];
  readonly holds = new PassingMap<string, Hold>();
  readonly #counters: Counters;
  readonly #lapsing = new Lapsing();
  readonly #past = new PassingMap<string, PastAttempt[]>();
  readonly #history: History;
  readonly #applicable: Applicable;
  readonly #watchers = new Set<(charged: ChargedCall) => void>();
  #ended = new Set<string>();

  /** @param registry Definitions that other books share; by default, their own. */
  constructor(history: History, registry = new Registry()) {
    this.registry = registry;
    this.budgets = registry.budgets;
    this.keys = registry.keys;
    this.prices = registry.prices;
    this.priceUpdates = registry.priceUpdates;
    this.rules = registry.rules;
    this.alerts = registry.alerts;
    this.epochs = registry.epochs;
    this.exports = registry.exports;
    this.#history = history;
    this.#counters = new Counters(history, (key) => registry.controls.of(key));
    this.#applicable = new Applicable(this.budgets, (key) => this.counter(key));
  }

  /** The budgets that apply to a call and their counters at this time, narrowest first. */
  applied(subject: CallSubject, at: number): readonly Applied[] {
    return this.#applicable.find(subject, at);
  }

  /** The counter of a key. One that was never used is zero, the same as a missing one. */
  counter(key: CounterKey): Counter {
    return this.#counters.of(key);
  }

  /** All counters in memory: every one with a hold, and those used recently. */
  counters(): Iterable<Counter> {
    return this.#counters.all();
  }

  countersIn({ budgetId, currency }: Budget, { start, end }: Window): readonly Counter[] {
    return [...this.counters()].filter(
      ({ key }) =>
        key.budgetId === budgetId &&
        key.windowStart === start &&
        key.windowEnd === end &&
        key.currency === currency,
    );
  }

  openHold(operationId: string): Hold | undefined {
    return this.holds.get(operationId);
  }

  openHolds(): Iterable<Hold> {
    return this.holds.values();
  }

  /** Ended attempts of an operation, in order. */
  past(operationId: string): readonly PastAttempt[] {
    return this.#past.get(operationId) ?? this.#history.attempts(operationId);
  }

  /** The pauses of a budget in force, oldest first. */
  pausesOf(budgetId: string): readonly Pause[] {
    return this.registry.controls.pausesOf(budgetId);
  }

  /** The pause that applies to a value of a budget, or to the whole budget. */
  pauseOf(budgetId: string, value: string | null): Pause | null {
    return this.registry.controls.pauseOf(budgetId, value);
  }

  /** @param at When the call was held, in milliseconds since the epoch. */
  recounted(budgetId: string, at: number): Recounted {
    return this.registry.recounted(budgetId, at);
  }

  /** The number of open holds of a key that can lapse. */
  holdsOfKey(keyId: string): number {
    return this.#lapsing.holdsOfKey(keyId);
  }

  /** How much of a counter a key holds in holds that can lapse, in the counter's unit. */
  heldByKey(keyId: string, counter: Counter): bigint {
    return this.#lapsing.heldByKey(keyId, counter);
  }

  expiredBy(at: number): readonly Hold[] {
    return this.#lapsing.expiredBy(at);
  }

  apply(entry: Entry): void {
    switch (entry.kind) {
      case "hold":
        return this.#hold(entry);
      case "top_up":
        return this.#topUp(entry);
      case "move":
        return this.#move(entry);
      case "settle":
        return this.#settle(entry);
      case "release":
      case "expire":
        return this.#letGo(entry);
      case "correction":
        return this.#correct(entry);
      case "threshold":
        return this.#fire(entry);
      case "budget":
        this.define(entry);
        return this.#recount(entry);
      case "budget_pause":
      case "budget_resume":
        this.registry.apply(entry);
        return this.#counters.control(entry.budgetId, entry.value);
      case "budget_extension":
      case "budget_ask":
      case "budget_decline":
        this.registry.apply(entry);
        return this.#counters.control(entry.counter.budgetId, entry.counter.value);
      case "refusal":
        return;
      default:
        return this.registry.apply(entry);
    }
  }

  /** Adds a budget without applying its recount, for when the counters already include it. */
  define(entry: BudgetEntry): void {
    const hadQuestions = this.registry.controls.hasQuestions(entry.budget.budgetId);
    this.registry.apply(entry);
    if (entry.deleted || hadQuestions) this.#counters.control(entry.budget.budgetId, null);
    this.#applicable.forget();
  }

  /** Reports every future charge and change of a charge. @returns A function that stops it. */
  watch(watcher: (charged: ChargedCall) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Restores a hold that was open when the last process ended; its counters already include it. */
  restoreHold(kept: KeptHold): void {
    const hold = this.#open(kept);
    this.#lapsing.count(hold, hold.amount, 1n);
  }

  /** Returns the changes and starts a new set. */
  takeChanges(): Changes {
    const changes = { ...this.#counters.takeChanged(), ended: this.#ended };
    this.#ended = new Set();
    return changes;
  }

  /** Drops ended attempts that `history` now finds, unless they changed again. */
  forgetPast(operationIds: Iterable<string>): void {
    for (const id of operationIds) if (!this.#ended.has(id)) this.#past.delete(id);
  }

  /**
   * Drops idle and merely read counters, to bound memory. Call only when `history` finds all
   * changes.
   */
  forgetIdleCounters(at: number): void {
    this.#counters.forgetIdle(at);
    this.#applicable.forget();
  }

  #hold(entry: HoldEntry): void {
    const hold = this.#open(entry);
    this.#holdMore(hold, entry.amount);
    this.#counters.closings.close(hold);
  }

  #open(kept: KeptHold): Hold {
    assert(!this.holds.has(kept.operationId), "an operation has one open hold at most");
    const hold: Hold = {
      operationId: kept.operationId,
      attempt: kept.attempt,
      at: kept.at,
      attribution: kept.attribution,
      route: kept.route,
      amount: kept.amount,
      counters: kept.counters.map((key) => this.counter(key)),
      keys: kept.counters,
      expiresAt: kept.expiresAt,
      fingerprint: kept.fingerprint,
      ...(kept.recordedAt !== undefined && { recordedAt: kept.recordedAt }),
      ...(kept.closing && { closing: kept.closing }),
    };
    for (const counter of hold.counters) counter.openHolds += 1;
    this.holds.set(hold.operationId, hold);
    this.#lapsing.opened(hold);
    return hold;
  }

  #topUp(entry: TopUpEntry): void {
    const hold = this.#openHold(entry);
    hold.amount = addQuantities(hold.amount, entry.amount);
    this.#holdMore(hold, entry.amount);
    this.#counters.closings.useReserves(hold, entry.closing ?? []);
  }

  /** Replaces the spent amounts of the counters with the recounted ones. */
  #recount({ recounts }: BudgetEntry): void {
    for (const { key, spent } of recounts.flatMap(({ counters }) => counters)) {
      const counter = this.counter(key);
      counter.spent = spent;
      this.#counters.changed(counter);
    }
  }

  #move(entry: MoveEntry): void {
    const hold = this.#openHold(entry);
    this.#giveBack(hold);
    this.#counters.closings.reopen(hold);
    for (const counter of hold.counters) counter.openHolds -= 1;
    hold.keys = entry.counters;
    hold.counters = entry.counters.map((key) => this.counter(key));
    for (const counter of hold.counters) counter.openHolds += 1;
    this.#holdMore(hold, hold.amount);
    this.#counters.closings.close(hold);
  }

  #settle(entry: SettleEntry): void {
    if (entry.late) return this.#settleLate(entry);
    const hold = this.#end(entry);
    this.#giveBack(hold);
    for (const [index, counter] of hold.counters.entries()) {
      counter.spent += amountIn(counter.key.currency, entry.cost);
      counter.overrun += entry.overruns[index] ?? 0n;
    }
    this.#report(hold, entry.cost);
    this.#remember(
      entry,
      pastOf(hold, {
        ended: "settle",
        status: entry.status,
        fingerprint: entry.fingerprint,
        cost: entry.cost,
      }),
    );
  }

  #settleLate(entry: SettleEntry): void {
    const past = this.#pastAttempt(entry);
    assert(past.ended === "expire", "only a hold that expired is settled late");
    const counters = entry.counters ?? past.counters;
    for (const [index, key] of counters.entries()) {
      const counter = this.counter(key);
      counter.spent += amountIn(key.currency, entry.cost);
      counter.overrun += entry.overruns[index] ?? 0n;
      this.#counters.changed(counter);
    }
    this.#report({ ...past, keys: counters }, entry.cost);
    const hasMoved = entry.counters !== undefined;
    this.#remember(entry, {
      ...past,
      counters,
      hasMoved,
      ended: "settle",
      status: entry.status,
      settleFingerprint: entry.fingerprint,
      cost: entry.cost,
    });
  }

  #letGo(entry: ReleaseEntry | ExpireEntry): void {
    const hold = this.#end(entry);
    this.#giveBack(hold);
    // A hold that expired can still be charged.
    if (entry.kind === "release") this.#counters.closings.reopen(hold);
    this.#remember(
      entry,
      pastOf(hold, { ended: entry.kind, status: null, fingerprint: null, cost: nothing }),
    );
  }

  #correct(entry: CorrectionEntry): void {
    const past = this.#pastAttempt(entry);
    const counters = entry.counters ?? past.counters;
    for (const [index, key] of counters.entries()) {
      const counter = this.counter(key);
      counter.spent += amountIn(key.currency, entry.difference);
      counter.overrun += entry.overruns[index] ?? 0n;
      assert(counter.spent >= 0n, "a correction never takes back more than was charged");
      this.#counters.changed(counter);
    }
    this.#report({ ...past, keys: counters }, entry.difference);
    this.#remember(entry, {
      ...past,
      counters,
      hasMoved: entry.counters !== undefined,
      ended: "settle",
      status: entry.status,
      settleFingerprint: entry.fingerprint,
      cost: entry.cost,
    });
  }

  #report(
    { at, attribution, route, keys }: Omit<ChargedCall, "cost" | "counters"> & Pick<Hold, "keys">,
    cost: Quantities,
  ): void {
    for (const watcher of this.#watchers) watcher({ at, attribution, route, counters: keys, cost });
  }

  #fire(entry: ThresholdEntry): void {
    const counter = this.counter(entry.counter);
    counter.fired = [...counter.fired, entry.partsPerMillion];
    this.#counters.changed(counter);
  }

  #openHold(call: CallId): Hold {
    const hold = this.holds.get(call.operationId);
    assert(
      hold !== undefined && hold.attempt === call.attempt,
      "an entry about a hold finds it open",
    );
    return hold;
  }

  #end(call: CallId): Hold {
    const hold = this.#openHold(call);
    for (const counter of hold.counters) counter.openHolds -= 1;
    this.holds.delete(hold.operationId);
    this.#lapsing.ended(hold);
    return hold;
  }

  #holdMore(hold: Hold, amount: Quantities): void {
    this.#lapsing.count(hold, amount, 1n);
    for (const counter of hold.counters) {
      counter.held += amountIn(counter.key.currency, amount);
      this.#counters.changed(counter);
    }
  }

  #giveBack(hold: Hold): void {
    const { counters, amount } = hold;
    this.#lapsing.count(hold, amount, -1n);
    for (const counter of counters) {
      counter.held -= amountIn(counter.key.currency, amount);
      assert(counter.held >= 0n, "a counter never holds less than nothing");
      this.#counters.changed(counter);
    }
  }

  #pastAttempt(call: CallId): PastAttempt {
    const past = this.past(call.operationId).find((attempt) => attempt.attempt === call.attempt);
    assert(past !== undefined, "an entry about an ended call finds it in the past");
    return past;
  }

  #remember(call: CallId, attempt: PastAttempt): void {
    const known = this.past(call.operationId);
    const others =
      known.length === 0 ? known : known.filter((past) => past.attempt !== attempt.attempt);
    this.#past.set(call.operationId, [...others, attempt]);
    this.#ended.add(call.operationId);
  }
}
