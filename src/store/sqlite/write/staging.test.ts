/** A batch is on disk once it is staged, and reaches the tables exactly once. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { kinds } from "../../journal/kind.ts";
import { ledgerFile, migrate, openForWriting } from "../schema.ts";
import { BatchWriter } from "./batch-writer.ts";
import type { Batch } from "./batch.ts";
import { Staging } from "./staging.ts";

/** Refusals, which depend on no other entry. */
function batchOf(firstSeq: number, count: number): Batch {
  const body = '["budget_exhausted",null,0]';
  const entries = Array.from({ length: count }, (_, place) => {
    const operationId = `operation${firstSeq + place}`;
    return [
      1_790_000_000_000 + place,
      kinds.refusal,
      null,
      operationId,
      null,
      1,
      2,
      "0",
      body,
      null,
    ];
  });
  return {
    firstSeq,
    entries: entries.flat(),
    names: [],
    counters: [1, `${firstSeq}`, "0", "0", "[]", null],
    closings: [],
    opened: [],
    ended: [],
  };
}

interface Opened {
  readonly database: DatabaseSync;
  readonly staging: Staging;
  readonly add: (firstSeq: number, count: number) => void;
  readonly rows: (table: "entry" | "staged") => number;
  readonly spent: () => unknown;
}

function open(directory: string): Opened {
  const database = openForWriting(directory, "full");
  const staging = new Staging(database, new BatchWriter(database), "full");
  const value = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0];
  return {
    database,
    staging,
    add: (firstSeq, count) => staging.add(JSON.stringify(batchOf(firstSeq, count)), count),
    rows: (table) => Number(value(`SELECT count(*) FROM ${table}`)),
    spent: () => value("SELECT spent FROM counter"),
  };
}

function inFolder(check: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "purser-staging-"));
  try {
    migrate(directory);
    check(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("small batches wait for each other and are booked as one, with the last state of each counter", () =>
  inFolder((directory) => {
    const { database, staging, add, rows, spent } = open(directory);
    add(1, 2);
    add(3, 2);
    assert.deepEqual([rows("staged"), rows("entry")], [2, 0]);
    staging.book();
    assert.deepEqual([rows("staged"), rows("entry"), spent()], [0, 4, "3"]);
    database.close();
  }));

test("batches left staged by a process are booked by the next one, once", () =>
  inFolder((directory) => {
    const first = open(directory);
    first.add(1, 2);
    first.add(3, 1);
    first.database.close();
    const second = open(directory);
    assert.deepEqual([second.rows("staged"), second.rows("entry")], [0, 3]);
    second.database.close();
    const third = open(directory);
    assert.deepEqual([third.rows("staged"), third.rows("entry")], [0, 3]);
    third.add(4, 1);
    third.staging.book();
    assert.equal(third.rows("entry"), 4);
    third.database.close();
  }));

test("a large batch is booked at once, with everything staged", () =>
  inFolder((directory) => {
    const { database, add, rows } = open(directory);
    add(1, 2);
    add(3, 1000);
    assert.deepEqual([rows("staged"), rows("entry")], [0, 1002]);
    database.close();
  }));

test("while the tables cannot be written, no batch is accepted and staged batches are not lost", () =>
  inFolder((directory) => {
    const { database, staging, add, rows } = open(directory);
    add(1, 2);
    const blocker = new DatabaseSync(ledgerFile(directory));
    blocker.exec("BEGIN IMMEDIATE");
    assert.throws(() => staging.book(), /locked/);
    assert.throws(() => add(3, 1), /locked/);
    blocker.close();
    assert.deepEqual([rows("staged"), rows("entry")], [1, 0]);
    add(3, 1);
    assert.deepEqual([rows("staged"), rows("entry")], [1, 2]);
    staging.book();
    assert.deepEqual([rows("staged"), rows("entry")], [0, 3]);
    database.close();
  }));

/** SQLite's own numbers (https://sqlite.org/pragma.html#pragma_synchronous, read 2026-11-22). */
const [normal, full] = [1, 2];

for (const [durability, expected] of [
  ["full", [full, normal, full, full]],
  ["process", [normal, normal, normal, normal]],
] as const) {
  test(`with durability ${durability}, staging is ${durability === "full" ? "synced" : "not synced"} and booking is not`, () =>
    inFolder((directory) => {
      const database = openForWriting(directory, durability);
      const staging = new Staging(database, new BatchWriter(database), durability);
      const synchronous = (): unknown =>
        database.prepare("PRAGMA synchronous").get()?.["synchronous"];
      const steps = [
        () => staging.add(JSON.stringify(batchOf(1, 2)), 2),
        () => staging.book(),
        () => staging.add(JSON.stringify(batchOf(3, 2)), 2),
        () => staging.add(JSON.stringify(batchOf(5, 300)), 300),
      ];
      const seen = steps.map((step) => {
        step();
        return synchronous();
      });
      assert.deepEqual(seen, expected);
      database.close();
    }));
}
