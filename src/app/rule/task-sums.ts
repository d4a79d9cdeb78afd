/** What tasks have cost so far, with few questions to the ledger. */

import { amountIn } from "../../domain/ledger/counter.ts";
import { Memo } from "../../domain/memo.ts";
import type { RuleAmount } from "../../domain/rule/rule.ts";
import type { Figures, LedgerReader } from "../port/reader.ts";
import { type Charge, counted, figureOf } from "./page.ts";

/** At least what a task has cost, in each unit. */
interface Bound {
  readonly USD: bigint;
  readonly tokens: bigint;
}

/**
 * Keeps an upper bound for each task: the sum when it was last read, and all charges since. A sum
 * may have charges of later pages already, which then count twice in the bound. So the bound only
 * decides which tasks to ask for. All of a page are asked for in one question.
 */
export class TaskSums {
  readonly #reader: Pick<LedgerReader, "totals">;
  readonly #except: string | undefined;
  readonly #bounds = new Memo<string, Bound>(mostTasks);

  constructor(reader: Pick<LedgerReader, "totals">, except: string | undefined) {
    this.#reader = reader;
    this.#except = except;
  }

  /** Call it once for the charges of each page, before `past`. */
  add(charges: readonly Charge[]): void {
    for (const { entry, call } of charges) {
      const { task } = call.attribution;
      const bound = task === undefined ? undefined : this.#bounds.get(task);
      if (task === undefined || !bound) continue;
      const cost = entry.kind === "settle" ? entry.cost : entry.difference;
      const more = (currency: keyof Bound): bigint => {
        const amount = amountIn(currency, cost);
        return bound[currency] + (amount > 0n ? amount : 0n);
      };
      this.#bounds.keep(task, { USD: more("USD"), tokens: more("tokens") });
    }
  }

  /** @returns The tasks that are past the amount, with their exact figures. */
  async past(
    tasks: readonly string[],
    { amount, currency }: RuleAmount,
  ): Promise<ReadonlyMap<string, bigint>> {
    const asked = tasks.filter((task) => {
      const bound = this.#bounds.get(task);
      return bound === undefined || bound[currency] > amount;
    });
    const sums = asked.length === 0 ? [] : await this.#read(asked);
    const past = new Map<string, bigint>();
    for (const [task, sum] of sums) {
      this.#bounds.keep(task, { USD: figureOf(sum, "USD"), tokens: figureOf(sum, "tokens") });
      const figure = figureOf(sum, currency);
      if (figure > amount) past.set(task, figure);
    }
    return past;
  }

  async #read(tasks: readonly string[]): Promise<readonly (readonly [string, Figures])[]> {
    const among = { dimension: "task", values: new Set(tasks) };
    const sums = await this.#reader.totals(counted(this.#except, { among }), ["task"], null);
    return sums.map((sum) => [sum.group["task"] ?? "", sum]);
  }
}

/** A few hundred bytes each. */
const mostTasks = 20_000;
