/** The definitions in a ledger: budgets, keys and prices, small enough to be kept in memory. */

import type { Budget } from "../budget/budget.ts";
import type { Key } from "../key/key.ts";
import { assert } from "../assert.ts";
import { priceIdAfter, type KeptPrice } from "../price/text/kept-price.ts";
import type { KeptPriceUpdate } from "../price/update/price-update.ts";
import { sameCondition } from "../rule/define.ts";
import { type Alert, alertKey, type KeptAlert } from "../rule/alert.ts";
import type { KeptRule } from "../rule/rule.ts";
import { Applicable, type CallSubject } from "./applicable.ts";
import { Controls } from "./controls.ts";
import { Replacements } from "./replacements.ts";
import type {
  AlertEntry,
  BudgetEntry,
  BudgetResumeEntry,
  CounterKey,
  DefinitionEntry,
  Entry,
  PriceRemovalEntry,
  PriceRevertEntry,
  ExportEntry,
  RuleEntry,
} from "./entry.ts";
import type { KeptEpoch } from "./epoch.ts";
import type { ExportState } from "./export-run.ts";

/**
 * Whether a budget was recounted with a call: `now` under its current definition, which has the
 * charge on its counter; `before` only under an earlier one, so the counter that had the charge is
 * no longer used; `never`: the charge is where it was made.
 */
export type Recounted = "now" | "before" | "never";

/** A recount added up the calls that were held in this time, both ends included. */
interface RecountedSpan {
  readonly from: number;
  readonly to: number;
}

export class Registry {
  readonly budgets = new Map<string, Budget>();
  readonly keys = new Map<string, Key>();
  readonly keysByHash = new Map<string, Key>();
  /** Set over the API, the oldest first. */
  readonly prices: KeptPrice[] = [];
  readonly controls = new Controls();
  /** By id, the oldest first. */
  readonly priceUpdates = new Map<string, KeptPriceUpdate>();
  readonly rules = new Map<string, KeptRule>();
  /** The oldest first. */
  readonly epochs: KeptEpoch[] = [];
  /** By schedule, its last runs. */
  readonly exports = new Map<string, ExportState>();
  /**
   * The last alert of each rule and value, by `alertKey`. Those of a deleted rule are dropped; and of
   * a rule without a budget those that are over, and all but the newest {@link mostOfRule}: callers
   * choose the values.
   */
  readonly alerts = new Map<string, KeptAlert>();
  /** By rule, the keys of its alerts, the one that fired first is first. */
  readonly #keysOf = new Map<string, Set<string>>();
  /** What rules serve in place of the models that calls ask for. */
  readonly replacements = new Replacements({
    rules: this.rules,
    alertsOf: (ruleId) => this.#alertsOf(ruleId, null),
    budgets: this.budgets,
    countersFor: (subject, at) => this.countersFor(subject, at),
  });
  /** By budget id, its recounts, oldest first. */
  readonly #recounts = new Map<string, RecountedSpan[]>();
  readonly #counters = new Applicable<CounterKey>(this.budgets, (key) => key);

  apply(entry: DefinitionEntry): void {
    switch (entry.kind) {
      case "budget":
        return this.#define(entry);
      case "budget_resume":
        this.#endActions(entry);
        return this.controls.apply(entry);
      case "budget_pause":
      case "budget_extension":
      case "budget_ask":
      case "budget_decline":
        return this.controls.apply(entry);
      case "key":
        this.keys.set(entry.key.keyId, entry.key);
        this.keysByHash.set(entry.key.hash, entry.key);
        return;
      case "price": {
        const priceId = priceIdAfter(this.prices.length);
        this.prices.push({ ...entry.price, priceId, setAt: entry.at, removedAt: null });
        return;
      }
      case "price_removal":
        return this.#removePrice(entry);
      case "price_update": {
        const { at, update } = entry;
        this.priceUpdates.set(update.updateId, { ...update, at, revertedAt: null });
        return;
      }
      case "price_revert":
        return this.#revert(entry);
      case "rule":
        return this.#defineRule(entry);
      case "rule_fired":
      case "rule_acknowledged":
      case "rule_escalated":
        return this.#alert(entry);
      case "epoch":
        this.epochs.push({ ...entry.epoch, startedAt: entry.at });
        return;
      case "export_done":
      case "export_failed":
        return this.#endExport(entry);
    }
  }

  /** @param at When the call was held, in milliseconds since the epoch. */
  recounted(budgetId: string, at: number): Recounted {
    const spans = this.#recounts.get(budgetId) ?? [];
    const last = spans.at(-1);
    if (last && at >= last.from) return "now";
    return spans.some(({ from, to }) => at >= from && at <= to) ? "before" : "never";
  }

  /** The counters of all budgets that apply to a call, those of closed budgets included. */
  countersFor(subject: CallSubject, at: number): readonly CounterKey[] {
    return this.#counters.find(subject, at).map(({ counter }) => counter);
  }

  #removePrice({ at, priceId }: PriceRemovalEntry): void {
    const place = this.prices.findIndex((price) => price.priceId === priceId);
    const price = this.prices[place];
    assert(price !== undefined, "a price that is removed is known");
    this.prices[place] = { ...price, removedAt: at };
  }

  #revert({ at, updateId }: PriceRevertEntry): void {
    const update = this.priceUpdates.get(updateId);
    assert(update !== undefined, "an update that is reverted is known");
    this.priceUpdates.set(updateId, { ...update, revertedAt: at });
  }

  /** A rule with another condition restarts its count. */
  #defineRule({ at, rule, deleted }: RuleEntry): void {
    const before = this.rules.get(rule.ruleId);
    const continues = !deleted && before !== undefined && sameCondition(before, rule);
    if (deleted) this.rules.delete(rule.ruleId);
    else this.rules.set(rule.ruleId, { ...rule, since: continues ? before.since : at });
    this.replacements.changed();
    if (continues) return;
    for (const key of this.#keysOf.get(rule.ruleId) ?? []) this.alerts.delete(key);
    this.#keysOf.delete(rule.ruleId);
  }

  /** @param value Of the only alert that is looked up: a rule may have many; null for all. */
  #alertsOf(ruleId: string, value: string | null): readonly KeptAlert[] {
    const keys = value === null ? this.#keysOf.get(ruleId) : [alertKey({ ruleId, value })];
    return [...(keys ?? [])].flatMap((key) => this.alerts.get(key) ?? []);
  }

  #alert({ kind, at, alert, by, note }: AlertEntry): void {
    const key = alertKey(alert);
    if (alert.when === "threshold") this.replacements.changed();
    if (kind === "rule_fired") {
      const open = { acknowledged: null, escalatedAt: null, resumedAt: null };
      this.alerts.set(key, { ...alert, firedAt: at, ...open });
      this.#remember(alert, key, at);
      return;
    }
    const kept = this.alerts.get(key);
    // An earlier version kept it for longer.
    if (kept === undefined) return;
    if (kind === "rule_escalated") this.alerts.set(key, { ...kept, escalatedAt: at });
    else this.alerts.set(key, { ...kept, acknowledged: { at, by: by ?? "", note } });
  }

  /** Ends what rules did to a budget, or to one of its values. */
  #endActions({ at, budgetId, value }: Pick<BudgetResumeEntry, "at" | "budgetId" | "value">): void {
    for (const rule of this.rules.values()) {
      if (actsOn(rule) !== budgetId) continue;
      for (const alert of this.#alertsOf(rule.ruleId, value))
        if (alert.resumedAt === null) this.alerts.set(alertKey(alert), { ...alert, resumedAt: at });
    }
    this.replacements.changed();
  }

  #endExport({ kind, at, run }: ExportEntry): void {
    const last = { ...run, at };
    const before = this.exports.get(run.schedule)?.done ?? null;
    this.exports.set(run.schedule, { last, done: kind === "export_done" ? last : before });
  }

  /** Each new alert looks at the two oldest ones, so that none takes long. */
  #remember({ ruleId, when }: Alert, newest: string, at: number): void {
    const keys = this.#keysOf.get(ruleId) ?? new Set();
    this.#keysOf.set(ruleId, keys);
    keys.delete(newest);
    keys.add(newest);
    // As many as the budget has values; their windows keep them from firing again.
    if (when === "threshold") return;
    for (const key of keys.values().take(2)) {
      const kept = this.alerts.get(key);
      const isKept = key === newest || (keys.size <= mostOfRule && kept && !isPast(kept, at));
      if (isKept === true) continue;
      keys.delete(key);
      this.alerts.delete(key);
    }
  }

  #define({ at, budget, deleted, recounts }: BudgetEntry): void {
    if (deleted) {
      this.budgets.delete(budget.budgetId);
      this.controls.forget(budget.budgetId);
      this.#endActions({ at, budgetId: budget.budgetId, value: null });
    } else {
      this.budgets.set(budget.budgetId, budget);
      this.controls.forgetQuestions(budget.budgetId);
    }
    for (const { budgetId, from } of recounts) {
      const spans = this.#recounts.get(budgetId);
      if (spans) spans.push({ from, to: at });
      else this.#recounts.set(budgetId, [{ from, to: at }]);
    }
    this.#counters.forget();
  }
}

/**
 * Alerts are kept so that none fires twice. That of an operation could only do so after a crash,
 * when at most the last thousand entries are looked at again; that of a task, if it is charged again
 * after so many others.
 */
export const mostOfRule = 10_000;

/** Its window is over, and it was acknowledged, or has been there for a day without an escalation to come. */
function isPast({ until, acknowledged, escalate, escalatedAt, firedAt }: KeptAlert, at: number) {
  if (until === null || until > at) return false;
  const isAwaited = escalate !== null && escalatedAt === null;
  return acknowledged !== null || (!isAwaited && firedAt + dayMs <= at);
}

const dayMs = 86_400_000;

/** The budget that the action of a rule concerns; null if it has none. */
function actsOn({ action, condition }: KeptRule): string | null {
  if (action?.kind === "pause") return action.budgetId;
  return action !== null && condition.when === "threshold" ? condition.budgetId : null;
}

export function isDefinition(entry: Entry): entry is DefinitionEntry {
  return definitionKinds.has(entry.kind);
}

const definitionKinds: ReadonlySet<Entry["kind"]> = new Set<DefinitionEntry["kind"]>([
  "budget",
  "budget_pause",
  "budget_resume",
  "budget_extension",
  "budget_ask",
  "budget_decline",
  "key",
  "price",
  "price_removal",
  "price_update",
  "price_revert",
  "rule",
  "rule_fired",
  "rule_acknowledged",
  "rule_escalated",
  "epoch",
  "export_done",
  "export_failed",
]);
