/** The runs that used a reserve have a table of their own; older files had them with the thresholds. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import type { VerifyReport } from "../../app/port/reader.ts";
import { outcome, hold, putBudget, settle, start, usd } from "../conformance/fixture.ts";
import { openLedger } from "./open.ts";
import { SqliteReader } from "./read/ledger-reader.ts";
import { ledgerFile, versionOf } from "./schema.ts";
import { readStaged } from "./write/staged.ts";

const clock = { now: () => start, monotonic: () => start };

/** Opens the ledger for calls of budget `b`, each with the run that it closes; then closes it. */
async function callIn(directory: string, calls: Readonly<Record<string, string | null>>) {
  const { ledger, reader } = await openLedger({ directory, durability: "process", clock });
  const answers: string[] = [];
  for (const [id, run] of Object.entries(calls)) {
    const closing = run === null ? {} : { closing: `session:${run}` };
    const answer = await ledger.commit(hold(id, usd(0.01), closing));
    answers.push(answer.admitted ? "admitted" : answer.refusal.reason);
  }
  const report = await reader.verify();
  await reader.close();
  await ledger.close();
  return { answers, report };
}

/** A ledger whose budget has only its reserve left. */
async function aLedger(t: TestContext): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "purser-closings-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const { ledger, reader } = await openLedger({ directory, durability: "process", clock });
  const thresholds = [{ partsPerMillion: 100_000, action: "notify" }] as const;
  await ledger.commit(putBudget("b", usd(1), { reserveForClosing: usd(0.4), thresholds }));
  await ledger.commit(hold("spent", usd(0.6)));
  await ledger.commit(settle("spent", usd(0.6), { outcome: outcome(usd(0.6)) }));
  await reader.close();
  await ledger.close();
  return directory;
}

function change(directory: string, sql: string): void {
  const database = new DatabaseSync(ledgerFile(directory));
  database.exec(sql);
  database.close();
}

/** What a row of the file says, as texts. */
function rows(directory: string, sql: string): readonly string[] {
  const database = new DatabaseSync(ledgerFile(directory), { readOnly: true });
  const found = database.prepare(sql).all();
  database.close();
  return found.map((row) => Object.values(row).join(" "));
}

test("runs that closed are remembered by the file, and one that is released is forgotten", async (t) => {
  const directory = await aLedger(t);
  await callIn(directory, { a: "s", b: "t", c: "u" });
  const { ledger, reader } = await openLedger({ directory, durability: "process", clock });
  await ledger.commit({ kind: "release", at: start, operationId: "b", attempt: 1, reason: "r" });
  await reader.close();
  await ledger.close();
  assert.deepEqual(rows(directory, "SELECT run FROM closing ORDER BY run"), [
    "session:s",
    "session:u",
  ]);
  const { answers, report } = await callIn(directory, { d: "s", e: "t", f: "t", g: "u" });
  assert.deepEqual(answers, ["closing_used", "admitted", "closing_used", "closing_used"]);
  assert.equal(report.ok, true);
});

test("a change of a counter writes no runs that closed before", async (t) => {
  const directory = await aLedger(t);
  await callIn(directory, { a: "s" });
  change(
    directory,
    "CREATE TRIGGER kept BEFORE INSERT ON closing BEGIN SELECT raise(FAIL, 'written'); END",
  );
  const { ledger, reader } = await openLedger({ directory, durability: "process", clock });
  await ledger.commit(settle("a", usd(0.01), { outcome: outcome(usd(0.01)) }));
  await reader.close();
  await ledger.close();
  assert.deepEqual(rows(directory, "SELECT fired, held FROM counter"), ["[100000] 0"]);
});

test("a run that was added to the table, or removed from it, is drift", async (t) => {
  const changes = {
    "DELETE FROM closing": /^((?!closed).)*$/,
    "INSERT INTO closing SELECT counter_id, 'session:x' FROM counter":
      /closed \[session:s, session:x\]/,
    "INSERT INTO closing VALUES (99, 'session:x')": /closed \[session:x\]/,
  };
  for (const [sql, kept] of Object.entries(changes)) {
    const directory = await aLedger(t);
    await callIn(directory, { a: "s" });
    change(directory, sql);
    const { report } = await callIn(directory, {});
    assert.deepEqual([report.ok, report.drift.length], [false, 1], sql);
    assert.match(report.drift[0]?.kept ?? "", kept);
  }
});

/** As version 9 had it. */
const downgrade = `
  UPDATE counter SET fired = (SELECT json_group_array(value) FROM (
    SELECT value FROM json_each(counter.fired)
    UNION ALL SELECT run FROM closing WHERE closing.counter_id = counter.counter_id));
  CREATE TABLE hour (hour INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL);
  INSERT INTO hour SELECT hour, min(first_seq), max(last_seq) FROM hour_rows GROUP BY hour;
  DROP TABLE closing; DROP TABLE hour_rows;
  ${["rollup_quarter", "rollup", "rollup_day"].map((table) => `ALTER TABLE ${table} DROP COLUMN timed;`).join(" ")}
  ${["quarter", "hour", "day"].map((level) => `DROP TABLE route_${level}; DROP TABLE route_${level}_meter;`).join(" ")}
  PRAGMA user_version = 9;`;

test("an older file verifies as it is, and keeps its runs when it is upgraded", async (t) => {
  const directory = await aLedger(t);
  await callIn(directory, { a: "s", b: "t" });
  change(directory, downgrade);
  const before = rows(directory, "SELECT fired FROM counter");
  assert.deepEqual(before, [`[100000,"session:s","session:t"]`]);
  assert.equal((await verified(directory)).ok, true);
  assert.equal(versionOf(directory), 9);
  const { answers, report } = await callIn(directory, { c: "s", d: "t", e: "u" });
  assert.deepEqual(answers, ["closing_used", "closing_used", "admitted"]);
  assert.equal(report.ok, true);
  assert.deepEqual(rows(directory, "SELECT fired FROM counter"), ["[100000]"]);
});

async function verified(directory: string): Promise<VerifyReport> {
  const reader = new SqliteReader({ directory, settled: async () => undefined });
  try {
    return await reader.verify();
  } finally {
    await reader.close();
  }
}

test("a batch that an older version staged replaces the runs of its counters", () => {
  const database = new DatabaseSync(":memory:");
  database.exec(
    "CREATE TABLE staged (staged_id INTEGER, batch TEXT); CREATE TABLE entry (seq INTEGER)",
  );
  const counters = [
    7,
    "1",
    "2",
    "3",
    `[5,"session:s","session:t"]`,
    4,
    8,
    "1",
    "0",
    "0",
    "[]",
    null,
  ];
  const old = { firstSeq: 1, entries: [], names: [], counters, opened: [], ended: [] };
  database.prepare("INSERT INTO staged VALUES (1, ?)").run(JSON.stringify(old));
  const [staged] = readStaged(database);
  assert.deepEqual(staged?.batch, {
    ...old,
    counters: [7, "1", "2", "3", "[5]", 4, 8, "1", "0", "0", "[]", null],
    closings: [7, null, 0, 7, "session:s", 1, 7, "session:t", 1, 8, null, 0],
  });
});
