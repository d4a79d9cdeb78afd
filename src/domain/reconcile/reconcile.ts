/** Compares a provider's bill with the ledger, by day and model, and explains what differs. */

import { add, pico, subtract, zero, type PicoUsd } from "../money/money.ts";
import type { Bill, BillLine } from "./bill.ts";

/**
 * Why a bill differs from the ledger:
 *
 * - `rounding` the bill is rounded
 * - `missing_calls` calls that the ledger does not have
 * - `not_billed` charges that the bill does not have
 * - `unresolved` calls charged as held, because their usage is unknown
 * - `unpriced` calls charged 0, because their price is unknown
 * - `price` the same number of calls at another price
 * - `calls_or_price` the bill does not count calls, so it is one of the two
 * - `no_model` charges of the bill that name no model
 */
export type Cause =
  | "rounding"
  | "missing_calls"
  | "not_billed"
  | "unresolved"
  | "unpriced"
  | "price"
  | "calls_or_price"
  | "no_model";

/** What the ledger has for one day and model. */
export interface LedgerLine {
  readonly day: number;
  readonly model: string;
  readonly cost: PicoUsd;
  readonly calls: number;
  /** The part of the cost of calls whose usage is unknown. */
  readonly unresolved: PicoUsd;
  /** Calls with usage that cost nothing. */
  readonly free: number;
}

export interface Difference {
  readonly cause: Cause;
  readonly amount: PicoUsd;
}

export interface ReconciledLine {
  readonly day: number;
  /** Null for all models, or for charges that name none. */
  readonly model: string | null;
  readonly billed: PicoUsd;
  readonly ours: PicoUsd;
  readonly calls: number;
  /** Billed minus ours. */
  readonly residual: PicoUsd;
  /** These add up to the residual. */
  readonly causes: readonly Difference[];
}

/** Sums of one day and model, of both sides. */
interface Pair {
  readonly billed: PicoUsd;
  readonly lines: number;
  readonly billedCalls: number | null;
  readonly cost: PicoUsd;
  readonly calls: number;
  readonly unresolved: PicoUsd;
  readonly free: number;
}

const empty: Pair = {
  billed: zero,
  lines: 0,
  billedCalls: 0,
  cost: zero,
  calls: 0,
  unresolved: zero,
  free: 0,
};

/**
 * By day and model; by day alone, if the bill names no model. Dates in model ids are ignored: bills
 * and answers differ in them.
 */
export function reconcile(bill: Bill, ledger: readonly LedgerLine[]): readonly ReconciledLine[] {
  const known = new Set(ledger.map(({ model }) => undated(model)));
  const modelOf = ({ model, isGuess }: BillLine): string | null =>
    isGuess && model !== null && !known.has(undated(model)) ? null : model;
  const namesModels = bill.lines.some((line) => line.model !== null);
  const pairs = new Map<string, Pair>();
  const change = (day: number, model: string | null, next: (pair: Pair) => Pair): void => {
    const key = JSON.stringify([day, model === null ? null : undated(model)]);
    pairs.set(key, next(pairs.get(key) ?? empty));
  };
  for (const line of bill.lines)
    change(line.day, modelOf(line), (pair) => ({
      ...pair,
      billed: add(pair.billed, line.amount),
      lines: pair.lines + 1,
      billedCalls:
        line.calls === null || pair.billedCalls === null ? null : pair.billedCalls + line.calls,
    }));
  for (const { day, model, cost, calls, unresolved, free } of ledger)
    change(day, namesModels ? model : null, (pair) => ({
      ...pair,
      cost: add(pair.cost, cost),
      calls: pair.calls + calls,
      unresolved: add(pair.unresolved, unresolved),
      free: pair.free + free,
    }));
  return [...pairs].map(([key, pair]) => lineOf(key, pair, namesModels)).sort(byDay);
}

// oxlint-disable-next-line max-params -- a pair with its key, and how the bill is divided
function lineOf(key: string, pair: Pair, namesModels: boolean): ReconciledLine {
  const [day, model] = JSON.parse(key) as [number, string | null];
  const residual = subtract(pair.billed, pair.cost);
  const causes =
    model === null && namesModels
      ? [{ cause: "no_model" as const, amount: residual }]
      : explain(pair, residual);
  return {
    day,
    model,
    billed: pair.billed,
    ours: pair.cost,
    calls: pair.calls,
    residual,
    causes: causes.filter(({ amount }) => amount !== 0n),
  };
}

/** Half a cent for each line of the bill, at most a ten-thousandth of it. */
function isRounding(residual: bigint, { billed, lines }: Pair): boolean {
  const size = sizeOf(residual);
  return size <= BigInt(lines) * 5_000_000_000n && size * 10_000n <= sizeOf(billed);
}

function sizeOf(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}

function explain(pair: Pair, residual: PicoUsd): readonly Difference[] {
  if (pair.lines > 0 && isRounding(residual, pair))
    return [{ cause: "rounding", amount: residual }];
  const excess = residual < 0n ? sizeOf(residual) : 0n;
  const held = pico(0n - (excess < pair.unresolved ? excess : pair.unresolved));
  const rest = subtract(residual, held);
  return [
    { cause: "unresolved", amount: held },
    { cause: restCause(pair, rest), amount: rest },
  ];
}

function restCause({ lines, calls, billedCalls, free }: Pair, rest: bigint): Cause {
  if (lines === 0) return "not_billed";
  if (calls === 0) return "missing_calls";
  if (free > 0 && rest > 0n) return "unpriced";
  if (billedCalls === null) return "calls_or_price";
  if (billedCalls > calls) return "missing_calls";
  return billedCalls < calls ? "not_billed" : "price";
}

/** `gpt-5-2025-08-07` as `gpt-5`. */
function undated(model: string): string {
  return model.replace(/-(?:\d{8}|\d{4}-\d\d-\d\d)$/, "");
}

function byDay(left: ReconciledLine, right: ReconciledLine): number {
  if (left.day !== right.day) return left.day - right.day;
  return (left.model ?? "") < (right.model ?? "") ? -1 : 1;
}
