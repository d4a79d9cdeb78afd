/** Invalid staged batches are refused as a whole, before any of them is booked. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PurserError } from "../../../domain/error.ts";
import { decide } from "../../../domain/ledger/decide.ts";
import { hold, start, tree, usd } from "../../conformance/fixture.ts";
import { checkLedgerFile } from "../check.ts";
import { openLedger } from "../open.ts";
import { SqliteReader } from "../read/ledger-reader.ts";
import { migrate, openForReading, openForWriting } from "../schema.ts";
import { BatchWriter } from "./batch-writer.ts";
import { JournalState } from "./journal-state.ts";
import { Staging } from "./staging.ts";

const budgets = tree([usd(100), usd(100), usd(100), usd(100)]);

/**
 * Leaves a file as a killed process does: four budgets booked, three holds staged, each in its own
 * batch.
 */
function leaveStaged(directory: string): void {
  migrate(directory);
  const writing = openForWriting(directory, "process");
  const reading = openForReading(directory);
  const staging = new Staging(writing, new BatchWriter(writing), "process");
  const state = new JournalState(reading, start);
  for (const command of [...budgets, hold("a", usd(1)), hold("b", usd(1)), hold("c", usd(1))]) {
    state.record(decide(state.books, command).entries);
    staging.add(JSON.stringify(state.takeBatch().batch), 1);
    if (command === budgets.at(-1)) staging.book();
  }
  reading.close();
  writing.close();
}

async function withStaged(sql: string, check: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "purser-damage-"));
  try {
    leaveStaged(directory);
    const database = openForWriting(directory, "process");
    database.exec(sql);
    database.close();
    await check(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function verify(directory: string): ReturnType<SqliteReader["verify"]> {
  const reader = new SqliteReader({ directory, settled: async () => undefined });
  try {
    return await reader.verify();
  } finally {
    await reader.close();
  }
}

test("staged batches are counted by a verification and booked by the next process", () =>
  withStaged("", async (directory) => {
    const before = await verify(directory);
    assert.deepEqual([before.ok, before.entries, before.staged], [true, 4, 3]);
    const { ledger, reader } = await openLedger({
      directory,
      durability: "process",
      clock: { now: () => start, monotonic: () => start },
    });
    const after = await reader.verify();
    assert.deepEqual([after.ok, after.entries, after.staged], [true, 7, 0]);
    await reader.close();
    await ledger.close();
  }));

const damages = {
  "a batch that is missing": [
    "DELETE FROM staged WHERE staged_id = 2",
    /batch 3 begins with entry 7, but entry 6 was expected/,
  ],
  "a batch that is there twice": [
    "INSERT INTO staged SELECT 4, batch FROM staged WHERE staged_id = 1",
    /batch 4 begins with entry 5/,
  ],
  "a batch that was booked already": [
    "DELETE FROM staged WHERE staged_id > 1; UPDATE staged SET batch = json_set(batch, '$.firstSeq', 4)",
    /batch 1 begins with entry 4/,
  ],
  "truncated text": [
    "UPDATE staged SET batch = substr(batch, 1, 40) WHERE staged_id = 2",
    /batch 2 is not a valid batch/,
  ],
  "an entry without all of its columns": [
    "UPDATE staged SET batch = json_remove(batch, '$.entries[3]') WHERE staged_id = 2",
    /batch 2 is not a valid batch/,
  ],
} as const;

for (const [what, [sql, message]] of Object.entries(damages)) {
  test(`${what} is refused, and nothing is booked`, () =>
    withStaged(sql, async (directory) => {
      const isRefused = (error: unknown): boolean =>
        error instanceof PurserError &&
        error.code === "store_unavailable" &&
        message.test(error.message) &&
        /backup/.test(error.detail.remedy ?? "");
      await assert.rejects(
        openLedger({
          directory,
          durability: "process",
          clock: { now: () => start, monotonic: () => start },
        }),
        isRefused,
      );
      await assert.rejects(verify(directory), isRefused);
      assert.throws(() => checkLedgerFile(directory, { isHeld: false }), isRefused);
      const database = openForReading(directory);
      assert.equal(database.prepare("SELECT max(seq) AS last FROM entry").get()?.["last"], 4);
      database.close();
    }));
}
