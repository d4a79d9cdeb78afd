/** Compares the ranges of entries of each hour with the journal. */

import type { DatabaseSync } from "node:sqlite";
import type { VerifyReport } from "../../../app/port/reader.ts";
import { allRows, prepareRows } from "../journal/journal-file.ts";
import { hourMs } from "../write/rollup.ts";
import { hasTable } from "./rollup-drift.ts";

interface Kept {
  readonly first: number;
  readonly last: number;
  /** The first and last entry of the hour that were seen in it. */
  seen: { readonly first: number; last: number } | null;
}

export class HourDrift {
  readonly #kept = new Map<number, Kept[]>();
  /** Entries that are in no range of their hour. */
  readonly #lost = new Map<number, number[]>();

  constructor(database: DatabaseSync) {
    // A file of an older version has one range an hour.
    const table = hasTable(database, "hour_rows") ? "hour_rows" : "hour";
    const rows = prepareRows(
      database,
      `SELECT hour, first_seq, last_seq FROM ${table} ORDER BY hour, first_seq`,
    );
    for (const [hour, first, last] of allRows(rows)) {
      const ranges = this.#kept.get(Number(hour)) ?? [];
      this.#kept.set(Number(hour), ranges);
      ranges.push({ first: Number(first), last: Number(last), seen: null });
    }
  }

  /** @param seq Of an entry that ended a call in this hour; later ones have higher numbers. */
  see(hour: number, seq: number): void {
    const range = this.#kept.get(hour)?.find(({ first, last }) => first <= seq && seq <= last);
    if (range?.seen) range.seen.last = seq;
    else if (range) range.seen = { first: seq, last: seq };
    else this.#lost.set(hour, [...(this.#lost.get(hour) ?? []), seq].slice(0, mostListed));
  }

  /** Hours with ranges that lack entries, or begin or end with none. */
  found(most: number): VerifyReport["rollupDrift"] {
    const hours = [...new Set([...this.#kept.keys(), ...this.#lost.keys()])].sort((a, b) => a - b);
    return hours
      .map((hour) => ({
        hour: new Date(hour * hourMs).toISOString(),
        kept: (this.#kept.get(hour) ?? []).map(rangeText).join(", ") || "nothing",
        journal: this.#journal(hour),
      }))
      .filter(({ kept, journal }) => kept !== journal)
      .slice(0, most);
  }

  #journal(hour: number): string {
    const seen = (this.#kept.get(hour) ?? []).flatMap((range) => range.seen ?? []);
    const lost = (this.#lost.get(hour) ?? []).map((seq) => ({ first: seq, last: seq }));
    return [...seen, ...lost].map(rangeText).join(", ") || "nothing";
  }
}

const mostListed = 5;

function rangeText({ first, last }: { readonly first: number; readonly last: number }): string {
  return `entries ${first} to ${last}`;
}
