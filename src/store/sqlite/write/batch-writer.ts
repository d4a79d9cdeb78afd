/**
 * Writes batches: the entries with their chain and, in the same transaction, everything derived
 * from them.
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { assert } from "../../../domain/assert.ts";
import { isChargeDetails, requestOfCharge } from "../../../domain/price/text/item.ts";
import { chainHash, genesis, type Definition, type JournalRow } from "../../journal/chain.ts";
import type { EncodedEntry } from "../../journal/encode.ts";
import { JournalFile } from "../journal/journal-file.ts";
import { isCorrection, isOutcome, kinds } from "../../journal/kind.ts";
import { nameKinds } from "../../journal/name.ts";
import { nameWidth } from "../journal/name-writer.ts";
import { maxShapes, shapeOf } from "../../journal/raw-usage.ts";
import { counterWidth, entriesOf, type Batch } from "./batch.ts";
import { HourRows } from "./hour-rows.ts";
import {
  additionOf,
  hourMs,
  prepareRollups,
  quarterMs,
  readLatencyFrom,
  readQuarterFrom,
  RollupBatch,
  type RollupKey,
  withoutOldLatency,
} from "./rollup.ts";

/**
 * Keeps the state that the next batch builds on: the last hash and the shapes. A failure re-reads
 * both.
 */
export class BatchWriter {
  readonly #database: DatabaseSync;
  readonly #journal: JournalFile;
  readonly #rollups = new RollupBatch();
  readonly #hours: HourRows;
  readonly #statements: ReturnType<typeof prepareAll>;
  readonly #latencyFrom: number;
  readonly #quarterFrom: number;
  #lastSeq = 0;
  #lastHash = genesis;
  #shapes = new Map<string, number>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#journal = new JournalFile(database);
    this.#hours = new HourRows(database);
    this.#statements = prepareAll(database);
    this.#latencyFrom = readLatencyFrom(database);
    this.#quarterFrom = readQuarterFrom(database);
    this.#load();
  }

  /**
   * Writes the whole batch and removes staged batches up to this id, or does nothing.
   *
   * @throws The SQLite error; nothing was written.
   */
  write(batch: Batch, stagedId: number): void {
    const { begin, commit, rollback, unstage } = this.#statements;
    try {
      begin.run();
      this.#writeAll(batch);
      unstage.run(stagedId);
      commit.run();
    } catch (error) {
      if (this.#database.isTransaction) rollback.run();
      this.#load();
      throw error;
    }
  }

  #writeAll(batch: Batch): void {
    assert(
      batch.entries.length === 0 || batch.firstSeq === this.#lastSeq + 1,
      "a batch follows the last entry on file",
    );
    let nextName = 0;
    for (const encoded of entriesOf(batch)) {
      const definitions: Definition[] = [];
      for (
        ;
        nextName < batch.names.length && Number(batch.names[nextName + 1]) <= encoded.seq;
        nextName += nameWidth
      ) {
        definitions.push(this.#writeName(batch.names.slice(nextName, nextName + nameWidth)));
      }
      this.#linkToRequest(encoded);
      this.#writeEntry(
        encoded.raw === null ? encoded : this.#withRaw(encoded, encoded.raw, definitions),
        definitions,
      );
    }
    assert(nextName === batch.names.length, "a name goes with an entry of its batch");
    this.#writeState(batch);
    this.#rollups.write(this.#statements.rollups, this.#quarterFrom);
    this.#hours.write();
  }

  #writeName(columns: readonly (number | string)[]): Definition {
    const [id = 0, , kind = 0, , text = ""] = columns;
    this.#statements.name.run(...columns);
    return { id: Number(id), kind: Number(kind), text: String(text) };
  }

  #writeEntry(row: JournalRow, definitions: readonly Definition[]): void {
    const { seq, at, kind, call, operationId, attempt, attributionId, routeId, amount, body } = row;
    if (isOutcome(kind) || kind === kinds.refusal) this.#sumUp(row);
    this.#lastHash = chainHash(this.#lastHash, row, definitions);
    this.#lastSeq = seq;
    this.#statements.entry.run(
      seq,
      at,
      kind,
      call,
      operationId,
      attempt,
      attributionId,
      routeId,
      amount,
      body,
      this.#lastHash,
    );
  }

  /** Makes a charge findable by the request that it names. */
  #linkToRequest({ call, raw }: EncodedEntry): void {
    const requestId = requestOfCharge(raw);
    if (requestId !== null && call !== null) this.#statements.requestCharge.run(requestId, call);
  }

  /** Appends the raw usage to the body. A new shape is added to `definitions`. */
  #withRaw(row: EncodedEntry, raw: string, definitions: Definition[]): JournalRow {
    return {
      ...row,
      body: `${row.body.slice(0, -1)},${this.#storeRaw(row.seq, raw, definitions)}]`,
    };
  }

  #storeRaw(seq: number, raw: string, definitions: Definition[]): string {
    // The details of a charge are texts, such as its request: few charges share a shape.
    const shaped = isChargeDetails(raw) ? null : shapeOf(raw);
    if (!shaped) return JSON.stringify(raw);
    let shapeId = this.#shapes.get(shaped.shape);
    if (shapeId === undefined) {
      if (this.#shapes.size >= maxShapes) return JSON.stringify(raw);
      shapeId = this.#shapes.size + 1;
      this.#shapes.set(shaped.shape, shapeId);
      this.#statements.shape.run(shapeId, seq, shaped.shape);
      definitions.push({ id: shapeId, kind: nameKinds.shape, text: shaped.shape });
    }
    return JSON.stringify([shapeId, ...shaped.numbers]);
  }

  #sumUp(row: JournalRow): void {
    const addition = additionOf(row);
    assert(addition !== undefined, "an outcome adds to the roll-ups");
    const endedAt = this.#amend(row) ?? row.at;
    this.#rollups.add(
      {
        quarter: Math.floor(endedAt / quarterMs),
        attributionId: row.attributionId ?? 0,
        routeId: row.routeId ?? 0,
        status: addition.status,
      },
      addition,
    );
    if (endedAt === row.at) this.#hours.add(Math.floor(endedAt / hourMs), row.seq);
  }

  /**
   * Subtracts the outcome that a correction or late settlement replaces.
   *
   * @returns When the call counts as ended; null for a first end.
   */
  #amend(row: JournalRow): number | null {
    const old = this.#replacedBy(row);
    if (!old) return null;
    const addition = additionOf(old);
    assert(addition !== undefined && row.call !== null, "only an outcome is replaced");
    const oldEndedAt = Number(this.#statements.endedAt.get(old.seq)?.["ended_at"] ?? old.at);
    const key: RollupKey = {
      quarter: Math.floor(oldEndedAt / quarterMs),
      attributionId: old.attributionId ?? 0,
      routeId: old.routeId ?? 0,
      status: addition.status,
    };
    const age = { seq: old.seq, latencyFrom: this.#latencyFrom };
    this.#rollups.add(key, withoutOldLatency(addition, age), -1);
    const endedAt = isCorrection(row.kind) ? oldEndedAt : row.at;
    this.#statements.amendment.run(row.seq, old.seq, endedAt);
    return endedAt;
  }

  /** A first end replaces nothing; skipping its look-up keeps calls fast. */
  #replacedBy(row: JournalRow): JournalRow | undefined {
    if (row.call === null) return undefined;
    const isLate =
      row.kind <= kinds.unresolved && row.kind >= kinds.settled && row.body.includes('"l":1');
    return isCorrection(row.kind) || isLate ? this.#journal.outcome(row.call, row.seq) : undefined;
  }

  #writeState({ counters, opened, ended }: Batch): void {
    const { counter, open, end } = this.#statements;
    for (let place = 0; place < counters.length; place += counterWidth)
      counter.run(...counters.slice(place, place + counterWidth));
    for (const seq of opened) open.run(seq);
    for (const seq of ended) end.run(seq);
  }

  #load(): void {
    this.#rollups.clear();
    this.#hours.clear();
    const last = this.#database
      .prepare("SELECT seq, hex(hash) AS hash FROM entry ORDER BY seq DESC LIMIT 1")
      .get();
    this.#lastSeq = Number(last?.["seq"] ?? 0);
    this.#lastHash = last ? String(last["hash"]).toLowerCase() : genesis;
    const shapes = this.#database.prepare("SELECT shape_id, text FROM shape").all();
    this.#shapes = new Map(
      shapes.map((shape) => [String(shape["text"]), Number(shape["shape_id"])]),
    );
  }
}

function prepareAll(database: DatabaseSync): Readonly<Record<StatementName, StatementSync>> & {
  readonly rollups: ReturnType<typeof prepareRollups>;
} {
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
    entry: database.prepare("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, unhex(?))"),
    name: database.prepare("INSERT INTO name VALUES (?, ?, ?, ?, ?)"),
    shape: database.prepare("INSERT INTO shape VALUES (?, ?, ?)"),
    counter: database.prepare("INSERT OR REPLACE INTO counter VALUES (?, ?, ?, ?, ?, ?)"),
    unstage: database.prepare("DELETE FROM staged WHERE staged_id <= ?"),
    open: database.prepare("INSERT INTO hold VALUES (?)"),
    end: database.prepare("DELETE FROM hold WHERE seq = ?"),
    amendment: database.prepare("INSERT INTO amendment VALUES (?, ?, ?)"),
    endedAt: database.prepare("SELECT ended_at FROM amendment WHERE seq = ?"),
    requestCharge: database.prepare("INSERT OR IGNORE INTO request_charge VALUES (?, ?)"),
    rollups: prepareRollups(database),
  };
}

type StatementName =
  | "begin"
  | "commit"
  | "rollback"
  | "entry"
  | "name"
  | "shape"
  | "counter"
  | "unstage"
  | "open"
  | "end"
  | "amendment"
  | "endedAt"
  | "requestCharge";
