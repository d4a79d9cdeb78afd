/**
 * Checks the ledger against an independent model: the provider's bills, the journal rows and the
 * calendar.
 */

import assert from "node:assert/strict";
import type { OpenHold } from "../../src/app/port/ledger.ts";
import type { CallRow } from "../../src/app/port/reader.ts";
import { attributedTo, type Attribution } from "../../src/domain/attribution/attribution.ts";
import type { Budget } from "../../src/domain/budget/budget.ts";
import type { CounterKey, Quantities } from "../../src/domain/ledger/entry.ts";
import { countTokens } from "../../src/domain/usage/usage.ts";
import type { Bill } from "./provider.ts";
import type { PurserProcess } from "./process.ts";

const everything = { limit: 100_000, before: null };

export function nameOf({
  operationId,
  attempt,
}: {
  readonly operationId: string;
  readonly attempt: number;
}): string {
  return `${operationId}#${attempt}`;
}

export class Model {
  readonly #bills: readonly Bill[];
  /** The first and last amounts that each call was seen to hold. */
  readonly #held = new Map<string, { readonly first: Quantities; last: Quantities }>();
  /** The excess over a lowered limit, by counter: it may shrink but not grow. */
  readonly #excess = new Map<string, bigint>();
  /** Budgets whose limit was changed. */
  readonly #edited = new Set<string>();

  constructor(bills: readonly Bill[]) {
    this.#bills = bills;
  }

  /**
   * Checks the books between steps: spent and held stay within every hard limit, and there is no
   * overrun.
   */
  async look({ ledger }: PurserProcess, at: number): Promise<void> {
    const budgets = ledger.budgets();
    // All are read in the same turn of the event loop.
    const [holds, ...balances] = await Promise.all([
      ledger.openHolds(),
      ...budgets.map(({ budgetId }) => ledger.balances(budgetId, at)),
    ]);
    for (const hold of holds) this.#see(hold);
    for (const [place, budget] of budgets.entries()) {
      for (const { counter, limit, spent, held, overrun } of balances[place] ?? []) {
        assert.ok(spent >= 0n && held >= 0n, `${nameOfCounter(counter)} is never below nothing`);
        if (budget.policy === "soft") continue;
        assert.equal(overrun, 0n, `${nameOfCounter(counter)}: no call costs more than its hold`);
        const allowed = this.#excess.get(nameOfCounter(counter)) ?? 0n;
        const over = spent + held - limit;
        assert.ok(
          over <= allowed,
          `${nameOfCounter(counter)}: ${spent} spent + ${held} held > ${limit} (${allowed} from an edit)`,
        );
        this.#excess.set(nameOfCounter(counter), over > 0n ? over : 0n);
      }
    }
  }

  /**
   * Call after a crash: settlements not yet on disk count as held again, possibly without room
   * after an edit.
   */
  async allowAfterCrash(purser: PurserProcess, at: number): Promise<void> {
    for (const budgetId of this.#edited) await this.allow(purser, budgetId, at);
  }

  /** Call after a limit changes. */
  async allow({ ledger }: PurserProcess, budgetId: string, at: number): Promise<void> {
    this.#edited.add(budgetId);
    for (const { counter, limit, spent, held } of await ledger.balances(budgetId, at)) {
      const over = spent + held - limit;
      this.#excess.set(nameOfCounter(counter), over > 0n ? over : 0n);
    }
  }

  /**
   * Call when all calls have ended: each is charged once and correctly, and every figure is the sum
   * of the charges.
   */
  async check({ ledger, reader }: PurserProcess): Promise<readonly CallRow[]> {
    const rows = await reader.calls({}, everything);
    this.#checkCalls(rows);
    assert.deepEqual(await ledger.openHolds(), []);
    const budgets = ledger.budgets();
    for (const budget of budgets) {
      await this.#checkSums({
        budget,
        budgets,
        rows,
        balancesAt: (at) => ledger.balances(budget.budgetId, at),
      });
    }
    const verified = await reader.verify();
    assert.ok(verified.ok, JSON.stringify(verified));
    const total = rows.reduce((sum, { cost }) => sum + cost, 0n);
    for (const by of ["project", "user", "team", "status", "model"]) {
      const parts = await reader.totals({}, [by], null);
      assert.equal(
        parts.reduce((sum, { cost }) => sum + cost, 0n),
        total,
        `the sum by ${by} is the total`,
      );
    }
    return rows;
  }

  /** Checks that each threshold fired exactly once per counter that reached it. */
  async checkAlerts({ ledger, reader }: PurserProcess, rows: readonly CallRow[]): Promise<void> {
    const alerts = await reader.alerts({ budgetId: null, ...everything });
    const fired = alerts.map(
      ({ counter, partsPerMillion }) => `${nameOfCounter(counter)} ${partsPerMillion}`,
    );
    assert.equal(new Set(fired).size, fired.length, "an alert fires once");
    for (const { spent, limit, partsPerMillion } of alerts)
      assert.ok(spent * 1_000_000n >= limit * BigInt(partsPerMillion));
    for (const budget of ledger.budgets().filter(({ budgetId }) => !this.#edited.has(budgetId))) {
      for (const at of new Set(rows.map(({ startedAt }) => startedAt))) {
        for (const { counter, spent, limit } of await ledger.balances(budget.budgetId, at)) {
          const reached = budget.thresholds.filter(
            ({ partsPerMillion }) =>
              spent > 0n && spent * 1_000_000n >= limit * BigInt(partsPerMillion),
          );
          for (const { partsPerMillion } of reached)
            assert.ok(fired.includes(`${nameOfCounter(counter)} ${partsPerMillion}`));
        }
      }
    }
  }

  /**
   * Records a call's hold when it is forwarded; a hold lost in an earlier crash may have been made
   * again.
   */
  begin(hold: OpenHold): void {
    this.#held.set(nameOf(hold), { first: hold.amount, last: hold.amount });
  }

  #see(hold: OpenHold): void {
    const seen = this.#held.get(nameOf(hold));
    if (seen) seen.last = hold.amount;
    else this.begin(hold);
  }

  #checkCalls(rows: readonly CallRow[]): void {
    const byCall = new Map(rows.map((row) => [nameOf(row), row]));
    assert.equal(byCall.size, rows.length, "an attempt ends once");
    for (const bill of this.#bills) {
      const row = byCall.get(bill.call);
      assert.ok(row, `${bill.call} reached the provider and is in the ledger`);
      this.#checkCharge(row, bill);
      byCall.delete(bill.call);
    }
    // Held but never forwarded: the caller had left, or the process was killed in between.
    for (const [call, { status }] of byCall)
      assert.ok(status === "released" || status === "unresolved", `${call} is ${status}`);
  }

  #checkCharge(row: CallRow, bill: Bill): void {
    const cost: bigint = row.cost;
    const message = `${bill.call}: ${row.status} at ${cost}, billed ${bill.cost}`;
    if (row.status === "unresolved") {
      const held = this.#held.get(bill.call);
      assert.ok(cost > 0n && (!held || (cost >= held.first.usd && cost <= held.last.usd)), message);
    } else if (bill.free) {
      assert.deepEqual([row.status, cost], ["released", 0n], message);
    } else if (row.status === "settled") {
      assert.ok(bill.finished, message);
      assert.equal(cost, bill.cost, message);
    } else {
      assert.equal(row.status, "estimated", message);
      assert.ok(!bill.finished && cost * 10n >= (bill.cost ?? 0n) * 6n && cost > 0n, message);
    }
  }

  async #checkSums({ budget, budgets, rows, balancesAt }: Sums): Promise<void> {
    const expected = new Map<
      string,
      { readonly at: number; readonly value: string; sum: bigint }
    >();
    for (const row of rows) {
      if (!isCounted(budget, row.attribution, budgets)) continue;
      const value =
        budget.resourceId === "*" && budget.budgetType !== "platform"
          ? attributedTo(row.attribution, budget.budgetType)
          : budget.resourceId;
      const key = `${value} ${windowOf(budget, row.startedAt)}`;
      const entry = expected.get(key) ?? { at: row.startedAt, value, sum: 0n };
      entry.sum += this.#amount(budget, row);
      expected.set(key, entry);
    }
    for (const [key, { at, value, sum }] of expected) {
      const balance = (await balancesAt(at)).find(({ counter }) => counter.value === value);
      // A `*` counter whose window has ended may have been evicted from memory.
      if (!balance && budget.resourceId === "*") continue;
      assert.equal(balance?.held, 0n, `${budget.budgetId} ${key} holds nothing`);
      assert.equal(balance?.spent, sum, `${budget.budgetId} ${key} has spent the sum of its calls`);
    }
  }

  #amount(budget: Budget, row: CallRow): bigint {
    if (row.status === "released") return 0n;
    if (budget.currency === "USD") return row.cost;
    if (budget.currency === "requests") return 1n;
    return row.status === "unresolved" ? this.#tokensHeld(row) : BigInt(countTokens(row.usage));
  }

  /**
   * Derives held tokens from held money: input and output have separate rates, which shows which
   * top-ups survived.
   */
  #tokensHeld(row: CallRow): bigint {
    const held = this.#held.get(nameOf(row));
    assert.ok(held, `${nameOf(row)} was seen while it was open`);
    const topUps = (row.cost - held.first.usd) / 600_000n;
    return held.first.tokens + topUps;
  }
}

interface Sums {
  readonly budget: Budget;
  readonly budgets: readonly Budget[];
  readonly rows: readonly CallRow[];
  readonly balancesAt: (
    at: number,
  ) => Promise<
    readonly { readonly counter: CounterKey; readonly spent: bigint; readonly held: bigint }[]
  >;
}

/**
 * A budget counts the calls with its value, or with any value, and everything its children count.
 */
function isCounted(budget: Budget, attribution: Attribution, budgets: readonly Budget[]): boolean {
  const { budgetId, budgetType, resourceId } = budget;
  if (budgetType === "platform") return true;
  const value = attributedTo(attribution, budgetType);
  if (
    value === resourceId ||
    (resourceId === "*" && (value !== "unattributed" || budget.unattributed === "count"))
  )
    return true;
  return budgets.some(
    (child) => child.parentBudgetId === budgetId && isCounted(child, attribution, budgets),
  );
}

/**
 * A calendar name for the window in its time zone. Supports zones whose offset is a whole number of
 * hours.
 */
function windowOf({ period, timeZone }: Budget, at: number): string {
  if (period === "hour") return String(Math.floor(at / 3_600_000));
  const date = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(at);
  return period === "day" ? date : period === "month" ? date.slice(0, 7) : "once";
}

function nameOfCounter({ budgetId, value, windowStart }: CounterKey): string {
  return `${budgetId} ${value} ${windowStart}`;
}
