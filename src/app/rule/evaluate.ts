/** Finds which rules the charges of one page of the journal meet. */

import { attributionOf } from "../../domain/attribution/attribution.ts";
import { everyValue, valueFor } from "../../domain/budget/applies.ts";
import type { Budget } from "../../domain/budget/budget.ts";
import type { Balance } from "../../domain/ledger/counter.ts";
import { currentCounter } from "../../domain/ledger/current-counter.ts";
import { counterId } from "../../domain/ledger/counter.ts";
import { idOfOperation } from "../../domain/ledger/operation.ts";
import { type Alert, covers } from "../../domain/rule/alert.ts";
import { forecastSpend } from "../../domain/rule/forecast.ts";
import type {
  AmountCondition,
  Rule,
  SpendCondition,
  ThresholdCondition,
} from "../../domain/rule/rule.ts";
import type { FollowedEntry } from "../port/feed.ts";
import type { Ledger } from "../port/ledger.ts";
import type { LedgerReader } from "../port/reader.ts";
import { type Charge, type Page, pageOf, since } from "./page.ts";
import { rollingSpends } from "./rolling-spend.ts";
import type { TaskSums } from "./task-sums.ts";

export interface EvaluationParts {
  readonly ledger: Pick<Ledger, "budget" | "balances" | "alertOf" | "rules">;
  readonly reader: Pick<LedgerReader, "totals">;
  readonly tasks: TaskSums;
  /** Whose calls are left out. */
  readonly exceptProvider?: string;
}

/** An alert, and when the condition that it meets was set. */
export interface FoundAlert {
  readonly alert: Alert;
  readonly since: number;
}

/** Sums are read from the ledger, so they may already have charges of later pages. */
export async function evaluate(
  parts: EvaluationParts,
  entries: readonly FollowedEntry[],
): Promise<readonly FoundAlert[]> {
  const page = pageOf(entries, parts.exceptProvider);
  if (page.charges.length + page.refusals.length + page.changes.length === 0) return [];
  parts.tasks.add(page.charges);
  const found: FoundAlert[] = [];
  for (const rule of parts.ledger.rules()) {
    const alerts = await alertsOf(parts, rule, since(page, rule.since));
    found.push(...alerts.map((alert) => ({ alert, since: rule.since })));
  }
  return found;
}

async function alertsOf(parts: EvaluationParts, rule: Rule, page: Page): Promise<readonly Alert[]> {
  const { condition } = rule;
  switch (condition.when) {
    case "threshold":
      return thresholds(parts, { rule, condition }, page);
    case "operation_over":
      return page.charges.flatMap((charge) => operationOver({ rule, condition }, charge));
    case "task_over":
      return tasksOver(parts, { rule, condition }, page);
    case "spend_over":
      return spendOver(parts, { rule, condition }, page);
    case "unpriced_model":
  }
  return unpriced(rule, page);
}

interface Ruled<Condition> {
  readonly rule: Rule;
  readonly condition: Condition;
}

async function thresholds(
  { ledger }: EvaluationParts,
  { rule, condition }: Ruled<ThresholdCondition>,
  { charges, changes }: Page,
): Promise<readonly Alert[]> {
  const budget = ledger.budget(condition.budgetId);
  if (!budget) return [];
  const found: Alert[] = [];
  for (const { heldAt, chargedAt, value } of chargedCounters(budget, charges)) {
    const [balance] = await ledger.balances(budget.budgetId, heldAt, value);
    if (balance) found.push(...thresholdOf({ rule, condition }, budget, { balance, chargedAt }));
  }
  const changed = changes.findLast((entry) => entry.budget.budgetId === budget.budgetId);
  if (!changed) return found;
  // The ledger refuses those that fired for a charge already.
  for (const balance of await ledger.balances(budget.budgetId, changed.at))
    found.push(...thresholdOf({ rule, condition }, budget, { balance, chargedAt: changed.at }));
  return found;
}

/** A counter that charges of a page may be on. */
interface ChargedCounter {
  readonly value: string;
  /** When one of its calls was held, which decides the window. */
  readonly heldAt: number;
  /** The last charge. */
  readonly chargedAt: number;
  readonly windowStart: number;
}

/** Oldest window first. */
function chargedCounters(budget: Budget, charges: readonly Charge[]): readonly ChargedCounter[] {
  const found = new Map<string, ChargedCounter>();
  for (const { entry, call } of charges) {
    const value = valueFor(budget, call.attribution);
    const isEach = budget.resourceId === everyValue;
    const key = currentCounter(budget, { at: call.at, value: isEach ? value : null });
    const before = found.get(counterId(key));
    const chargedAt = Math.max(before?.chargedAt ?? entry.at, entry.at);
    const { windowStart } = key;
    found.set(counterId(key), { value, heldAt: call.at, chargedAt, windowStart });
  }
  return [...found.values()].sort((left, right) => left.windowStart - right.windowStart);
}

function thresholdOf(
  { rule, condition }: Ruled<ThresholdCondition>,
  { budgetId, budgetType, resourceId }: Budget,
  { balance, chargedAt: at }: { readonly balance: Balance; readonly chargedAt: number },
): readonly Alert[] {
  const { counter, spent, limit } = balance;
  const { windowStart, windowEnd, currency, value } = counter;
  const window = { start: windowStart, end: windowEnd };
  const figure = condition.of === "actual" ? spent : forecastSpend(spent, window, at);
  if (figure === null || figure === 0n) return [];
  if (figure * 1_000_000n < limit * BigInt(condition.partsPerMillion)) return [];
  return [
    {
      ...common(rule),
      value: resourceId === everyValue ? value : budgetId,
      chargedAt: at,
      window: { start: windowStart === 0 ? null : windowStart, end: windowEnd },
      until: windowEnd,
      figure,
      limit,
      currency,
      attribution: budgetType === "platform" ? {} : attributionOf(budgetType, value),
      budgetId,
    },
  ];
}

function operationOver(
  { rule, condition }: Ruled<AmountCondition>,
  charge: Charge,
): readonly Alert[] {
  const { entry, call } = charge;
  const { currency, amount } = condition;
  const figure = currency === "USD" ? entry.cost.usd : entry.cost.tokens;
  const window = { start: call.at, end: entry.at };
  return figure > amount && !wasOver(entry, condition)
    ? [
        alertOfCharge({ rule, condition }, charge, {
          value: idOfOperation(entry.operationId),
          figure,
          window,
        }),
      ]
    : [];
}

/** A call that was over the amount before its correction has fired, perhaps long ago. */
function wasOver(entry: Charge["entry"], { currency, amount }: AmountCondition): boolean {
  if (entry.kind !== "correction") return false;
  const { cost, difference } = entry;
  const before = currency === "USD" ? cost.usd - difference.usd : cost.tokens - difference.tokens;
  return before > amount;
}

async function tasksOver(
  { tasks, ledger }: EvaluationParts,
  { rule, condition }: Ruled<AmountCondition>,
  { charges }: Page,
): Promise<readonly Alert[]> {
  const { ruleId } = rule;
  const byTask = new Map(
    charges.flatMap((charge) => {
      const { task } = charge.call.attribution;
      const isNew = task !== undefined && !ledger.alertOf({ ruleId, value: task });
      return isNew ? [[task, charge] as const] : [];
    }),
  );
  const past = await tasks.past([...byTask.keys()], condition);
  return [...byTask].flatMap(([task, charge]) => {
    const figure = past.get(task);
    const window = { start: null, end: charge.entry.at };
    return figure === undefined
      ? []
      : [alertOfCharge({ rule, condition }, charge, { value: task, figure, window })];
  });
}

/** The alert of an amount that a charge went past, once for good. */
function alertOfCharge(
  { rule, condition }: Ruled<AmountCondition>,
  { entry, call }: Charge,
  found: Pick<Alert, "value" | "figure" | "window">,
): Alert {
  return {
    ...common(rule),
    ...found,
    chargedAt: entry.at,
    until: null,
    limit: condition.amount,
    currency: condition.currency,
    attribution: call.attribution,
    operationId: entry.operationId,
  };
}

async function spendOver(
  parts: EvaluationParts,
  { rule, condition }: Ruled<SpendCondition>,
  { charges }: Page,
): Promise<readonly Alert[]> {
  const { currency, amount: limit, windowMs, by } = condition;
  const isCovered = (value: string, chargedAt: number): boolean => {
    const alert = { ...common(rule), chargedAt, window: { start: null, end: null }, until: null };
    return covers(parts.ledger.alertOf({ ...alert, value }), alert);
  };
  const spends = await rollingSpends({ ...parts, isCovered }, condition, charges);
  return spends.map(({ value, figure, at }) => ({
    ...common(rule),
    value,
    chargedAt: at,
    window: { start: at - windowMs, end: at },
    until: at + windowMs,
    figure,
    limit,
    currency,
    attribution: attributionOf(by, value),
  }));
}

/** Once a day for each model, from its first call on. */
function unpriced(rule: Rule, { charges, refusals }: Page): readonly Alert[] {
  const charged = charges
    .filter(({ entry }) => entry.flags.includes("unpriced"))
    .map(({ entry, call }) => ({ ...call, model: entry.model, at: entry.at, entry }));
  const refused = refusals
    .filter(({ reason }) => reason === "unpriced")
    .map((entry) => ({ ...entry, model: entry.route.model, entry }));
  const calls = [...charged, ...refused].sort((left, right) => left.at - right.at);
  return calls.map(({ route, model, attribution, at, entry }) => ({
    ...common(rule),
    value: `${route.provider}/${model}`,
    chargedAt: at,
    window: { start: at, end: at + dayMs },
    until: at + dayMs,
    figure: 0n,
    limit: 0n,
    currency: "USD",
    attribution,
    operationId: entry.operationId,
  }));
}

const dayMs = 86_400_000;

/** What all alerts of a rule have; those of a budget or an operation name it. */
function common({ ruleId, condition: { when }, notify, escalate, action }: Rule) {
  const kind = action?.kind ?? null;
  return { ruleId, when, notify, escalate, action: kind, budgetId: null, operationId: null };
}
