/** Looks up single rows of the journal. */

import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { assert } from "../../../domain/assert.ts";
import type { CallId } from "../../../domain/ledger/entry.ts";
import { operationsWithId } from "../../../domain/ledger/operation.ts";
import type { JournalRow } from "../../journal/chain.ts";
import { kinds } from "../../journal/kind.ts";
import { outcomeRows } from "./kind-condition.ts";

/**
 * The columns in the order {@link readRow} expects. Money is cast to text, since it may exceed
 * 2^53.
 */
export function rowColumns(table: string): string {
  const columns = [
    "seq",
    "at",
    "kind",
    "call",
    "operation_id",
    "attempt",
    "attribution_id",
    "route_id",
  ];
  return `${columns.map((column) => `${table}.${column}`).join(", ")}, CAST(${table}.amount AS TEXT), ${table}.body`;
}

/** A row of a statement with `setReturnArrays`. */
export type RowValues = readonly SQLOutputValue[];

export function readRow(values: RowValues): JournalRow {
  return {
    seq: Number(values[0]),
    at: Number(values[1]),
    kind: Number(values[2]),
    call: values[3] as number | null,
    operationId: values[4] as string | null,
    attempt: values[5] as number | null,
    attributionId: values[6] as number | null,
    routeId: values[7] as number | null,
    amount: String(values[8]),
    body: String(values[9]),
  };
}

/** Prepares a statement whose rows are arrays. */
export function prepareRows(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement;
}

/** Runs a statement of {@link prepareRows}. */
export function allRows(
  statement: StatementSync,
  ...parameters: readonly (number | string | null)[]
): readonly RowValues[] {
  return statement.all(...parameters) as unknown as readonly RowValues[];
}

export class JournalFile {
  readonly #bySeq: StatementSync;
  readonly #holds: StatementSync;
  readonly #withId: StatementSync;
  readonly #topUps: StatementSync;
  readonly #moves: StatementSync;
  readonly #outcome: StatementSync;

  constructor(database: DatabaseSync) {
    const select = `SELECT ${rowColumns("entry")} FROM entry WHERE`;
    this.#bySeq = prepareRows(database, `${select} seq = ?`);
    this.#holds = prepareRows(
      database,
      `${select} operation_id = ? AND kind = ${kinds.hold} ORDER BY seq`,
    );
    this.#withId = prepareRows(
      database,
      `${select} (operation_id = ?1 OR (operation_id >= ?2 AND operation_id < ?3)) AND kind = ?4 ORDER BY seq`,
    );
    this.#topUps = prepareRows(
      database,
      `${select} call = ? AND kind = ${kinds.top_up} ORDER BY seq`,
    );
    this.#moves = prepareRows(
      database,
      `${select} call = ? AND kind = ${kinds.move} ORDER BY seq DESC LIMIT 1`,
    );
    this.#outcome = prepareRows(
      database,
      `${select} call = ? AND ${outcomeRows("kind")} AND seq < ? ORDER BY seq DESC LIMIT 1`,
    );
  }

  row(seq: number): JournalRow | undefined {
    return allRows(this.#bySeq, seq).map(readRow)[0];
  }

  /** The call whose hold has this `seq`. */
  callOf(seq: number): CallId {
    const row = this.row(seq);
    assert(
      row?.operationId !== undefined && row.operationId !== null,
      "an entry about a call refers to its hold",
    );
    return { operationId: row.operationId, attempt: row.attempt ?? 1 };
  }

  /** The holds of all attempts of an operation, in order. */
  holds(operationId: string): readonly JournalRow[] {
    return allRows(this.#holds, operationId).map(readRow);
  }

  /** Holds or refusals of all operations with this id, whichever key they belong to. */
  withId(id: string, kind: number): readonly JournalRow[] {
    const { first, end } = operationsWithId(id);
    return allRows(this.#withId, id, first, end, kind).map(readRow);
  }

  topUps(call: number): readonly JournalRow[] {
    return allRows(this.#topUps, call).map(readRow);
  }

  /** The most recent move of a hold to other counters. */
  lastMove(call: number): JournalRow | undefined {
    return allRows(this.#moves, call).map(readRow)[0];
  }

  /**
   * The last entry before `before` that ended the call or replaced its end; undefined if it was
   * open.
   */
  outcome(call: number, before = Number.MAX_SAFE_INTEGER): JournalRow | undefined {
    return allRows(this.#outcome, call, before).map(readRow)[0];
  }
}

/** A file of an older version lacks the tables and columns added since; it is read as it is. */
export function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(name) !== undefined;
}
