/**
 * Recomputes everything from the journal: the chain, the balances with a second set of books, the
 * open holds, the roll-ups.
 */

import type { DatabaseSync } from "node:sqlite";
import type { VerifyReport } from "../../../app/port/reader.ts";
import { Books } from "../../../domain/ledger/books.ts";
import { counterId, untouched, type CounterState } from "../../../domain/ledger/counter.ts";
import type { CallId } from "../../../domain/ledger/entry.ts";
import { chainHash, genesis, type Definition, type JournalRow } from "../../journal/chain.ts";
import { decodeEntry } from "../../journal/decode.ts";
import { FileHistory, readCounterState } from "../journal/file-history.ts";
import {
  allRows,
  prepareRows,
  readRow,
  rowColumns,
  type RowValues,
} from "../journal/journal-file.ts";
import { isCorrection, isOutcome } from "../../journal/kind.ts";
import { nameKinds } from "../../journal/name.ts";
import { findDamage } from "../integrity.ts";
import { meterTable, rollupTable } from "../schema.ts";
import { entryWidth } from "../write/batch.ts";
import {
  additionOf,
  hourMs,
  prepareRollup,
  quarterMs,
  readLatencyFrom,
  RollupBatch,
  type Addition,
  withoutOldLatency,
} from "../write/rollup.ts";
import { readStaged } from "../write/staged.ts";
import { HourDrift } from "./hour-drift.ts";
import { findRollupDrift, hasTable, recomputed } from "./rollup-drift.ts";

/** Rows between two progress reports, and between two removals of ended calls from memory. */
const stride = 20_000;
/** Further differences are not listed. */
const maxDrift = 100;

/**
 * Reads the journal once, in one transaction, keeping only open calls and counters in memory.
 * Staged batches are only checked for damage: they join the journal when they are booked.
 *
 * @param progress Called with the fraction done, 0 to 1.
 * @throws PurserError `store_unavailable` if the staged batches cannot be booked.
 */
export function verify(database: DatabaseSync, progress: (share: number) => void): VerifyReport {
  const damage = findDamage(database, "integrity_check");
  if (damage.length > 0)
    return { entries: 0, staged: 0, brokenAt: null, drift: [], rollupDrift: [], damage, ok: false };
  database.exec(`BEGIN; ${rollupTable(recomputed)} ${meterTable(recomputed)}`);
  try {
    return new Replay(database).run(progress);
  } finally {
    database.exec("ROLLBACK");
  }
}

class Replay {
  readonly #database: DatabaseSync;
  readonly #file: FileHistory;
  readonly #books: Books;
  readonly #open = new Map<number, CallId>();
  readonly #openFirsts = new Set<string>();
  readonly #rollups = new RollupBatch();
  readonly #rollupStatement;
  /** The first and last rows that ended in an hour: readers look for calls between them. */
  readonly #hours: HourDrift;
  /** When replaced outcomes count as ended, by their `seq`. */
  readonly #endedAt = new Map<number, number>();
  readonly #latencyFrom: number;
  #seq = 0;
  #hash = genesis;
  #entries = 0;
  #brokenAt: number | null = null;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#file = new FileHistory(database);
    this.#hours = new HourDrift(database);
    this.#rollupStatement = prepareRollup(database, recomputed);
    this.#latencyFrom = hasTable(database, "latency_from") ? readLatencyFrom(database) : 0;
    this.#books = new Books({
      attempts: (operationId) =>
        this.#openFirsts.has(operationId) ? [] : this.#file.attempts(operationId, this.#seq),
      counter: () => undefined,
    });
  }

  run(progress: (share: number) => void): VerifyReport {
    const staged = countStaged(this.#database);
    const last = Number(
      this.#database.prepare("SELECT max(seq) AS last FROM entry").get()?.["last"] ?? 0,
    );
    const definitions = new DefinitionCursor(this.#database);
    const rows = prepareRows(
      this.#database,
      `SELECT ${rowColumns("entry")}, hex(hash) FROM entry ORDER BY seq`,
    );
    for (const values of rows.iterate()) {
      const row = readRow(values as unknown as RowValues);
      this.#check(
        row,
        definitions.take(row.seq),
        String((values as unknown as RowValues)[10]).toLowerCase(),
      );
      if (this.#brokenAt !== null) break;
      this.#replay(row);
      if (this.#entries % stride === 0) this.#rest(row.seq / last, progress);
    }
    this.#rollups.writeQuarters(this.#rollupStatement);
    const drift = this.#brokenAt === null ? [...this.#counterDrift(), ...this.#holdDrift()] : [];
    const rollupDrift =
      this.#brokenAt === null
        ? [...findRollupDrift(this.#database, maxDrift), ...this.#hours.found(maxDrift)]
        : [];
    progress(1);
    const ok = this.#brokenAt === null && drift.length === 0 && rollupDrift.length === 0;
    return {
      entries: this.#entries,
      staged,
      brokenAt: this.#brokenAt,
      drift,
      rollupDrift,
      damage: [],
      ok,
    };
  }

  /** Figures after a break in the chain are meaningless, so reading stops there. */
  #check(row: JournalRow, definitions: readonly Definition[], hash: string): void {
    this.#entries += 1;
    this.#hash = chainHash(this.#hash, row, definitions);
    if (row.seq !== this.#seq + 1 || this.#hash !== hash) this.#brokenAt = row.seq;
    this.#seq = row.seq;
  }

  #replay(row: JournalRow): void {
    const callOf = (seq: number): CallId => this.#open.get(seq) ?? this.#file.journal.callOf(seq);
    const entry = decodeEntry(row, { names: this.#file.names, callOf });
    if (entry.kind === "hold") {
      this.#open.set(row.seq, { operationId: entry.operationId, attempt: entry.attempt });
      if (entry.attempt === 1) this.#openFirsts.add(entry.operationId);
    }
    this.#books.apply(entry);
    this.#sumUp(row);
    if (!isOutcome(row.kind) || row.call === null) return;
    const ended = this.#open.get(row.call);
    this.#open.delete(row.call);
    if (ended?.attempt === 1) this.#openFirsts.delete(ended.operationId);
  }

  #sumUp(row: JournalRow): void {
    const addition = this.#additionOf(row);
    if (!addition) return;
    let endedAt = row.at;
    const isLater = row.call !== null && isOutcome(row.kind) && !this.#open.has(row.call);
    const old =
      isLater && row.call !== null ? this.#file.journal.outcome(row.call, row.seq) : undefined;
    const replaced = old && this.#additionOf(old);
    if (old && replaced) {
      const oldEndedAt = this.#endedAt.get(old.seq) ?? old.at;
      this.#rollups.add(
        { ...keyOf(old), status: replaced.status, quarter: Math.floor(oldEndedAt / quarterMs) },
        replaced,
        -1,
      );
      if (isCorrection(row.kind)) endedAt = oldEndedAt;
      this.#endedAt.set(row.seq, endedAt);
    }
    const quarter = Math.floor(endedAt / quarterMs);
    this.#rollups.add({ ...keyOf(row), status: addition.status, quarter }, addition);
    if (endedAt !== row.at) return;
    this.#hours.see(Math.floor(endedAt / hourMs), row.seq);
  }

  #additionOf(row: JournalRow): Addition | undefined {
    const addition = additionOf(row);
    const age = { seq: row.seq, latencyFrom: this.#latencyFrom };
    return addition && withoutOldLatency(addition, age);
  }

  #rest(share: number, progress: (share: number) => void): void {
    this.#books.forgetPast(this.#books.takeChanges().ended);
    if (this.#rollups.size > stride) this.#rollups.writeQuarters(this.#rollupStatement);
    progress(share);
  }

  #counterDrift(): VerifyReport["drift"] {
    const drift: { counter: string; kept: string; journal: string }[] = [];
    const seen = new Set<string>();
    for (const row of this.#database
      .prepare("SELECT counter_id, spent, held, overrun, fired FROM counter")
      .iterate()) {
      const counter = this.#books.counter(this.#file.names.counter(Number(row["counter_id"])));
      seen.add(counter.id);
      const [kept, journal] = [describe(readCounterState(row)), describe(counter)];
      if (kept !== journal)
        drift.push({ counter: counter.id.replaceAll("\n", " "), kept, journal });
    }
    for (const counter of this.#books.counters()) {
      const journal = describe(counter);
      if (seen.has(counterId(counter.key)) || journal === describe(untouched)) continue;
      drift.push({ counter: counter.id.replaceAll("\n", " "), kept: "nothing", journal });
    }
    return drift.slice(0, maxDrift);
  }

  /**
   * A hold that is open in the journal but missing from `hold` would never be released after a
   * restart.
   */
  #holdDrift(): VerifyReport["drift"] {
    const kept = new Set(
      allRows(prepareRows(this.#database, "SELECT seq FROM hold")).map(([seq]) => Number(seq)),
    );
    const lost = [...this.#open]
      .filter(([seq]) => !kept.has(seq))
      .map(([, { operationId }]) => operationId);
    const ended = [...kept]
      .filter((seq) => !this.#open.has(seq))
      .map((seq) => this.#operationAt(seq));
    return [
      ...lost.map((id) => ({ counter: `hold ${id}`, kept: "nothing", journal: "open" })),
      ...ended.map((id) => ({ counter: `hold ${id}`, kept: "open", journal: "ended" })),
    ].slice(0, maxDrift);
  }

  #operationAt(seq: number): string {
    const row = this.#database.prepare("SELECT operation_id FROM entry WHERE seq = ?").get(seq);
    return String(row?.["operation_id"] ?? seq);
  }
}

function countStaged(database: DatabaseSync): number {
  return hasTable(database, "staged")
    ? readStaged(database).reduce((sum, { batch }) => sum + batch.entries.length / entryWidth, 0)
    : 0;
}

function keyOf({ attributionId, routeId }: JournalRow): {
  readonly attributionId: number;
  readonly routeId: number;
} {
  return { attributionId: attributionId ?? 0, routeId: routeId ?? 0 };
}

function describe({ spent, held, overrun, fired, closings }: CounterState): string {
  const closed = closings.length === 0 ? "" : `, closed [${closings.join(", ")}]`;
  return `spent ${spent}, held ${held}, overrun ${overrun}, fired [${fired.join(", ")}]${closed}`;
}

/** Names and shapes in the order in which entries first used them. */
class DefinitionCursor {
  readonly #names: Iterator<RowValues>;
  readonly #shapes: Iterator<RowValues>;
  #name: RowValues | undefined;
  #shape: RowValues | undefined;

  constructor(database: DatabaseSync) {
    const names = prepareRows(
      database,
      "SELECT seq, name_id, kind, text FROM name ORDER BY name_id",
    );
    const shapes = prepareRows(
      database,
      `SELECT seq, shape_id, ${nameKinds.shape}, text FROM shape ORDER BY shape_id`,
    );
    this.#names = names.iterate() as unknown as Iterator<RowValues>;
    this.#shapes = shapes.iterate() as unknown as Iterator<RowValues>;
    this.#name = next(this.#names);
    this.#shape = next(this.#shapes);
  }

  /** The definitions up to this entry that were not taken before: names first. */
  take(seq: number): readonly Definition[] {
    const taken: Definition[] = [];
    for (; this.#name && Number(this.#name[0]) <= seq; this.#name = next(this.#names))
      taken.push(asDefinition(this.#name));
    for (; this.#shape && Number(this.#shape[0]) <= seq; this.#shape = next(this.#shapes))
      taken.push(asDefinition(this.#shape));
    return taken;
  }
}

function next(iterator: Iterator<RowValues>): RowValues | undefined {
  const { done, value } = iterator.next();
  return done ? undefined : value;
}

function asDefinition([, id, kind, text]: RowValues): Definition {
  return { id: Number(id), kind: Number(kind), text: String(text) };
}
