/** Books recovered while batches are staged equal the books that decided those batches. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { Books } from "../../../domain/ledger/books.ts";
import type { Command } from "../../../domain/ledger/command.ts";
import { decide } from "../../../domain/ledger/decide.ts";
import {
  hold,
  outcome,
  settle,
  start,
  tree,
  usd,
  usualOutcome,
} from "../../conformance/fixture.ts";
import { openLedger } from "../open.ts";
import { migrate, openForReading, openForWriting } from "../schema.ts";
import { BatchWriter } from "./batch-writer.ts";
import { JournalState } from "./journal-state.ts";
import { Staging } from "./staging.ts";

interface Files {
  readonly directory: string;
  readonly reading: DatabaseSync;
  readonly staging: Staging;
}

async function withFiles(check: (files: Files) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "purser-staged-"));
  migrate(directory);
  const writing = openForWriting(directory, "process");
  const reading = openForReading(directory);
  try {
    check({
      directory,
      reading,
      staging: new Staging(writing, new BatchWriter(writing), "process"),
    });
    reading.close();
    writing.close();
    const { ledger, reader } = await openLedger({
      directory,
      durability: "process",
      clock: { now: () => start, monotonic: () => start },
    });
    assert.equal((await reader.verify()).ok, true);
    await reader.close();
    await ledger.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Decides and stages each command as a separate batch. */
function run(state: JournalState, staging: Staging, commands: readonly Command[]): void {
  for (const command of commands) {
    state.record(decide(state.books, command).entries);
    staging.add(JSON.stringify(state.takeBatch().batch), 1);
  }
}

function snapshot(books: Books): unknown {
  return {
    counters: new Map(
      [...books.counters()].map(({ id, spent, held, overrun, openHolds }) => [
        id,
        { spent, held, overrun, openHolds },
      ]),
    ),
    holds: new Map(
      [...books.holds.values()].map(({ operationId, attempt, amount }) => [
        operationId,
        { attempt, amount },
      ]),
    ),
    budgets: [...books.budgets.keys()],
    past: ["first", "second", "again"].map((operationId) => books.past(operationId)),
  };
}

const budgets = tree([usd(100), usd(100), usd(100), usd(100)]);
const moreTokens = { usd: usd(1), tokens: 5n, requests: 0n };
const booked: readonly Command[] = [...budgets, hold("first", usd(3)), hold("second", usd(2))];
const staged: readonly Command[] = [
  settle("first", usd(0), { outcome: usualOutcome(10, 20) }),
  { kind: "top_up", at: start, operationId: "second", attempt: 1, amount: moreTokens },
  hold("again", usd(4)),
  { kind: "release", at: start, operationId: "again", attempt: 1, reason: "a test" },
  hold("again", usd(5), {
    repeat: "next",
    attribution: { org: "acme", team: "t1", project: "p1", user: "somebody new" },
  }),
];

test("balances, holds, budgets and ended attempts are recovered", () =>
  withFiles(({ reading, staging }) => {
    const first = new JournalState(reading, start);
    run(first, staging, booked);
    staging.book();
    run(first, staging, staged);
    const second = new JournalState(reading, start);
    assert.deepEqual(snapshot(second.books), snapshot(first.books));

    run(second, staging, [
      settle("again", usd(0), { attempt: 2, outcome: usualOutcome(1, 2) }),
      hold("later", usd(1)),
    ]);
    staging.book();
    second.stagedBooked();
    const third = new JournalState(reading, start);
    assert.deepEqual(snapshot(third.books), snapshot(second.books));
  }));

test("a batch booked during recovery is neither missed nor applied twice", () =>
  withFiles(({ reading, staging }) => {
    run(new JournalState(reading, start), staging, [...booked, ...staged]);
    const begin = reading.exec.bind(reading);
    reading.exec = (sql: string) => {
      if (sql === "BEGIN") staging.book();
      begin(sql);
    };
    const state = new JournalState(reading, start);
    run(state, staging, [
      hold("later", usd(1), { attribution: { org: "another", team: "t9", project: "p9" } }),
    ]);
    staging.book();
    assert.equal(state.books.holds.size, 3);
  }));

test("a name used only by a refused entry goes with the next batch", () =>
  withFiles(({ reading, staging }) => {
    const state = new JournalState(reading, start);
    run(state, staging, booked);
    const dear = settle("first", usd(10_000_000), {
      outcome: outcome(usd(10_000_000), { model: "met-for-the-first-time" }),
    });
    state.record(decide(state.books, hold("later", usd(1))).entries);
    assert.throws(() => state.record(decide(state.books, dear).entries), /9,223,372 USD/);
    staging.add(JSON.stringify(state.takeBatch().batch), 1);
    staging.book();
    run(state, staging, [
      settle("first", usd(1), { outcome: outcome(usd(1), { model: "met-for-the-first-time" }) }),
    ]);
    staging.book();
    assert.equal(new JournalState(reading, start).books.holds.size, 2);
  }));
