/** Records which entries end the calls of each hour, as ranges of their numbers. */

import type { DatabaseSync, StatementSync } from "node:sqlite";

interface Range {
  readonly first: number;
  last: number;
}

/**
 * A range goes on over this many entries of other hours. After more, a late entry begins a range of
 * its own: one range would make each question about the hour read all that lies between.
 */
const widestGap = 1000;

/** The ranges that a batch adds or widens. */
export class HourRows {
  readonly #newest: StatementSync;
  readonly #put: StatementSync;
  /** The ranges that are to be written, by hour, and when they began. */
  readonly #ranges = new Map<number, Range[]>();

  constructor(database: DatabaseSync) {
    this.#newest = database.prepare(
      "SELECT first_seq, last_seq FROM hour_rows WHERE hour = ? ORDER BY first_seq DESC LIMIT 1",
    );
    this.#put = database.prepare("INSERT OR REPLACE INTO hour_rows VALUES (?, ?, ?)");
  }

  /** @param hour Since the epoch. */
  add(hour: number, seq: number): void {
    const ranges = this.#ranges.get(hour);
    const newest = ranges?.at(-1) ?? this.#stored(hour);
    const isNear = newest !== undefined && seq - newest.last <= widestGap;
    const range = isNear ? newest : { first: seq, last: seq };
    range.last = seq;
    if (!ranges) this.#ranges.set(hour, [range]);
    else if (ranges.at(-1) !== range) ranges.push(range);
  }

  /** Writes the ranges, then clears them. */
  write(): void {
    for (const [hour, ranges] of this.#ranges)
      for (const { first, last } of ranges) this.#put.run(hour, first, last);
    this.clear();
  }

  clear(): void {
    this.#ranges.clear();
  }

  #stored(hour: number): Range | undefined {
    const row = this.#newest.get(hour);
    return row && { first: Number(row["first_seq"]), last: Number(row["last_seq"]) };
  }
}
