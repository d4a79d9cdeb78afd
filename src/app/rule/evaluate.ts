/** Finds which rules the charges of one page of the journal meet. */

import { attributedTo, attributionOf, unattributed } from "../../domain/attribution/attribution.ts";
import { everyValue } from "../../domain/budget/applies.ts";
import type { HeldCall } from "../../domain/event/context.ts";
import type { Balance } from "../../domain/ledger/counter.ts";
import type { CorrectionEntry, RefusalEntry, SettleEntry } from "../../domain/ledger/entry.ts";
import { idOfOperation } from "../../domain/ledger/operation.ts";
import type { Alert } from "../../domain/rule/alert.ts";
import { forecastSpend } from "../../domain/rule/forecast.ts";
import type {
  AmountCondition,
  KeptRule,
  Rule,
  RuleCurrency,
  SpendCondition,
  ThresholdCondition,
} from "../../domain/rule/rule.ts";
import { countTokens } from "../../domain/usage/usage.ts";
import type { FollowedEntry } from "../port/feed.ts";
import type { Ledger } from "../port/ledger.ts";
import type { CallFilter, Figures, LedgerReader } from "../port/reader.ts";

export interface EvaluationParts {
  readonly ledger: Pick<Ledger, "budget" | "balances">;
  readonly reader: Pick<LedgerReader, "totals">;
  /** Whose calls are left out. */
  readonly exceptProvider?: string;
}

/** A charge with its call. */
interface Charge {
  readonly entry: SettleEntry | CorrectionEntry;
  readonly call: HeldCall;
}

/** What one page of the journal has. */
interface Page {
  readonly charges: readonly Charge[];
  readonly refusals: readonly RefusalEntry[];
}

/** Sums are read from the ledger, so they may already have charges of later pages. */
export async function evaluate(
  parts: EvaluationParts,
  rules: readonly KeptRule[],
  entries: readonly FollowedEntry[],
): Promise<readonly Alert[]> {
  const page = pageOf(entries, parts.exceptProvider);
  if (page.charges.length + page.refusals.length === 0) return [];
  const found: Alert[] = [];
  for (const rule of rules) found.push(...(await alertsOf(parts, rule, since(page, rule.since))));
  return found;
}

function pageOf(entries: readonly FollowedEntry[], except: string | undefined): Page {
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
  return { charges, refusals };
}

function since({ charges, refusals }: Page, from: number): Page {
  return {
    charges: charges.filter(({ entry }) => entry.at >= from),
    refusals: refusals.filter(({ at }) => at >= from),
  };
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
  { charges }: Page,
): Promise<readonly Alert[]> {
  const budget = ledger.budget(condition.budgetId);
  const at = lastTime(charges);
  if (!budget || at === null) return [];
  const { budgetType } = budget;
  const balances = await ledger.balances(budget.budgetId, at);
  return balances.flatMap(({ counter, spent, limit }: Balance) => {
    const { windowStart, windowEnd, currency, value } = counter;
    const window = { start: windowStart, end: windowEnd };
    const figure = condition.of === "actual" ? spent : forecastSpend(spent, window, at);
    if (figure === null || figure === 0n) return [];
    if (figure * 1_000_000n < limit * BigInt(condition.partsPerMillion)) return [];
    return {
      ...common(rule),
      value: budget.resourceId === everyValue ? value : budget.budgetId,
      chargedAt: at,
      window: { start: windowStart === 0 ? null : windowStart, end: windowEnd },
      until: windowEnd,
      figure,
      limit,
      currency,
      attribution: budgetType === "platform" ? {} : attributionOf(budgetType, value),
      budgetId: budget.budgetId,
    };
  });
}

function operationOver(
  { rule, condition }: Ruled<AmountCondition>,
  charge: Charge,
): readonly Alert[] {
  const { entry, call } = charge;
  const figure = condition.currency === "USD" ? entry.cost.usd : entry.cost.tokens;
  const window = { start: call.at, end: entry.at };
  return figure > condition.amount
    ? [
        alertOfCharge({ rule, condition }, charge, {
          value: idOfOperation(entry.operationId),
          figure,
          window,
        }),
      ]
    : [];
}

async function tasksOver(
  parts: EvaluationParts,
  { rule, condition }: Ruled<AmountCondition>,
  { charges }: Page,
): Promise<readonly Alert[]> {
  const byTask = new Map(
    charges.flatMap((charge) => {
      const { task } = charge.call.attribution;
      return task === undefined ? [] : [[task, charge] as const];
    }),
  );
  const alerts: Alert[] = [];
  for (const [task, charge] of byTask) {
    const [sum] = await parts.reader.totals(filterOf(parts, { attribution: { task } }), [], null);
    const figure = sum ? figureOf(sum, condition.currency) : 0n;
    if (figure <= condition.amount) continue;
    const window = { start: null, end: charge.entry.at };
    alerts.push(alertOfCharge({ rule, condition }, charge, { value: task, figure, window }));
  }
  return alerts;
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
  const at = lastTime(charges);
  if (at === null) return [];
  const from = at - windowMs;
  const sums = await parts.reader.totals(filterOf(parts, { from, to: at + 1 }), [by], null);
  const charged = new Set(charges.map(({ call }) => attributedTo(call.attribution, by)));
  return sums.flatMap((sum) => {
    const value = sum.group[by] ?? unattributed;
    const figure = figureOf(sum, currency);
    if (value === unattributed || !charged.has(value) || figure <= limit) return [];
    return {
      ...common(rule),
      value,
      chargedAt: at,
      window: { start: from, end: at },
      until: at + windowMs,
      figure,
      limit,
      currency,
      attribution: attributionOf(by, value),
    };
  });
}

/** Once a day for each model. */
function unpriced(rule: Rule, { charges, refusals }: Page): readonly Alert[] {
  const charged = charges
    .filter(({ entry }) => entry.flags.includes("unpriced"))
    .map(({ entry, call }) => ({ ...call, model: entry.model, at: entry.at, entry }));
  const refused = refusals
    .filter(({ reason }) => reason === "unpriced")
    .map((entry) => ({ ...entry, model: entry.route.model, entry }));
  return [...charged, ...refused].map(({ route, model, attribution, at, entry }) => ({
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
function common({ ruleId, condition: { when }, notify, escalate }: Rule) {
  return { ruleId, when, notify, escalate, budgetId: null, operationId: null };
}

function lastTime(charges: readonly Charge[]): number | null {
  return charges.reduce<number | null>((last, { entry }) => Math.max(last ?? 0, entry.at), null);
}

function filterOf({ exceptProvider }: EvaluationParts, filter: CallFilter): CallFilter {
  return {
    ...filter,
    charged: true,
    ...(exceptProvider !== undefined && { exceptProvider }),
  };
}

function figureOf({ cost, usage }: Figures, currency: RuleCurrency): bigint {
  return currency === "USD" ? cost : BigInt(countTokens(usage));
}
