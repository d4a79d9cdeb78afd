/** Finds who has spent more than an amount in a rolling window that ends with one of their charges. */

import { attributedTo, unattributed } from "../../domain/attribution/attribution.ts";
import type { SpendCondition } from "../../domain/rule/rule.ts";
import type { LedgerReader } from "../port/reader.ts";
import { type Charge, counted, figureOf } from "./page.ts";

/** What a value has spent in the window that ends with the charge. */
export interface RollingSpend {
  readonly value: string;
  readonly figure: bigint;
  /** The time of the charge. */
  readonly at: number;
}

interface Parts {
  readonly reader: Pick<LedgerReader, "totals">;
  readonly exceptProvider?: string;
  /** Whether an alert for the value at this time would be repeated. */
  readonly isCovered: (value: string, at: number) => boolean;
}

/**
 * One question covers all windows of a page. Only the values that it finds above the amount, and
 * that have no alert yet, are asked for again, window by window: a page can span hours after a time
 * without a process.
 */
export async function rollingSpends(
  { reader, exceptProvider, isCovered }: Parts,
  { by, amount, currency, windowMs }: SpendCondition,
  charges: readonly Charge[],
): Promise<readonly RollingSpend[]> {
  const timed = charges
    .map(({ entry, call }) => ({ at: entry.at, value: attributedTo(call.attribution, by) }))
    .filter(({ at, value }) => value !== unattributed && !isCovered(value, at))
    .sort((left, right) => left.at - right.at);
  const [first, last] = [timed[0], timed.at(-1)];
  if (!first || !last) return [];
  const read = async (window: Window, values: ReadonlySet<string>) => {
    const times = { from: window.from - windowMs, to: window.to + 1 };
    const among = { dimension: by, values };
    const sums = await reader.totals(counted(exceptProvider, { ...times, among }), [by], null);
    const figures = sums.map((sum) => [sum.group[by] ?? "", figureOf(sum, currency)] as const);
    return new Map(figures.filter(([, figure]) => figure > amount));
  };
  const whole = { from: first.at, to: last.at };
  const over = await read(whole, new Set(timed.map(({ value }) => value)));
  const found = new Map<string, RollingSpend>();
  const spends: RollingSpend[] = [];
  for (const { value, at } of timed) {
    const before = found.get(value);
    if (!over.has(value) || (before && at < before.at + windowMs)) continue;
    const own = whole.from === whole.to ? over : await read({ from: at, to: at }, new Set([value]));
    const figure = own.get(value);
    if (figure === undefined) continue;
    found.set(value, { value, figure, at });
    spends.push({ value, figure, at });
  }
  return spends;
}

/** The first and last ends of windows, in milliseconds since the epoch, both included. */
interface Window {
  readonly from: number;
  readonly to: number;
}
