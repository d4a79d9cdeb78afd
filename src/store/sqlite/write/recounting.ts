/**
 * Applies budget changes one at a time: past spending is counted while calls go on, and put with
 * the budget in one step.
 */

import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../../app/port/clock.ts";
import type { Budget } from "../../../domain/budget/budget.ts";
import type { DeleteBudgetCommand, PutBudgetCommand } from "../../../domain/ledger/command.ts";
import { decide } from "../../../domain/ledger/decide.ts";
import type { Counted } from "../../../domain/ledger/entry.ts";
import { type Counting, countingFor, Tally } from "../../../domain/ledger/recount.ts";
import type { Pipeline } from "./pipeline.ts";

export interface RecountingParts {
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  /** Adds up the charges in the journal up to an entry. */
  readonly count: (
    what: { readonly counting: Counting; readonly lastSeq: number },
    progress: Progress,
  ) => Promise<readonly Counted[]>;
}

/** @param share The fraction done, 0 to 1. */
export type Progress = (share: number) => void;

type Change = PutBudgetCommand | DeleteBudgetCommand;

/**
 * Counting a large ledger takes a while, and calls go on meanwhile: their charges since its start
 * are added up in memory. Both sums are put with the budget in the same turn of the event loop,
 * while they are exact.
 */
export class Recounting {
  readonly #parts: RecountingParts;
  #last: Promise<unknown> = Promise.resolve();
  #underWay = 0;

  constructor(parts: RecountingParts) {
    this.#parts = parts;
  }

  commit(command: Change, progress: Progress): Promise<{ readonly budget: Budget }> {
    if (this.#underWay === 0 && !this.#mustCount(command))
      return this.#parts.pipeline.commit(command);
    this.#underWay += 1;
    const result = this.#last
      .then(() => this.#commit(command, progress))
      .finally(() => (this.#underWay -= 1));
    this.#last = result.catch(() => undefined);
    return result;
  }

  #mustCount(command: Change): boolean {
    const { books, hasCharges } = this.#parts.pipeline;
    return (
      command.kind === "put_budget" && hasCharges && countingFor(books, command).counts.length > 0
    );
  }

  async #commit(command: Change, progress: Progress): Promise<{ readonly budget: Budget }> {
    const { pipeline, clock } = this.#parts;
    if (command.kind === "delete_budget") return pipeline.commit(command);
    let dated = command;
    while (this.#mustCount(dated)) {
      if (pipeline.problem) throw pipeline.problem;
      const put = await this.#countAndPut(dated, progress);
      if (put) return put;
      dated = { ...dated, at: clock.now() };
    }
    return pipeline.commit(dated);
  }

  /**
   * @returns undefined if the books were re-read or a window ended meanwhile, so the count has to
   *   be repeated.
   */
  async #countAndPut(
    command: PutBudgetCommand,
    progress: Progress,
  ): Promise<{ readonly budget: Budget } | undefined> {
    const { pipeline, clock, count } = this.#parts;
    const { books, lastSeq } = pipeline;
    // Fail before counting if the budget cannot be put.
    decide(books, command);
    const counting = countingFor(books, command);
    const tally = new Tally(counting);
    const stop = books.watch((charged) => tally.add(charged));
    try {
      tally.include(await count({ counting, lastSeq }, progress));
      await meetCounters(pipeline, tally.counted());
      const dated = { ...command, at: clock.now() };
      const isStill = pipeline.books === books && isSame(countingFor(books, dated), counting);
      return isStill ? await pipeline.commit({ ...dated, counted: tally.counted() }) : undefined;
    } finally {
      stop();
    }
  }
}

/** Looks up a few counters at a time: all of them in the turn of the change would delay calls. */
async function meetCounters(pipeline: Pipeline, counted: readonly Counted[]): Promise<void> {
  const keys = counted.flatMap(({ counters }) => counters.map(({ key }) => key));
  for (let place = 0; place < keys.length; place += metAtOnce) {
    for (const key of keys.slice(place, place + metAtOnce)) pipeline.meetCounter(key);
    await setImmediate();
  }
}

const metAtOnce = 100;

function isSame(left: Counting, right: Counting): boolean {
  const windows = ({ counts }: Counting): string =>
    JSON.stringify(counts.map(({ budget, window }) => [budget.budgetId, window]));
  return windows(left) === windows(right);
}
