/** Batches of records survive a kill at any moment: each row is whole or absent, and counts once. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { RecordCommand } from "../../domain/ledger/command.ts";
import { outcome, route, start, tree, treeIds, usd } from "../conformance/fixture.ts";
import {
  acknowledgedIn,
  acknowledger,
  folderOfChild,
  killAfter,
  reportBegun,
} from "./kill.test-kit.ts";
import { openLedger } from "./open.ts";

const rounds = 3;
const rowsPerBatch = 200;
const folder = folderOfChild();

if (folder !== undefined) await deliver(folder);
else test("after a kill, a repeated batch charges exactly the rows that are missing", survive);

/** One of many batches, half of whose rows are of the day before. */
function batchOf(number: number): readonly RecordCommand[] {
  return Array.from({ length: rowsPerBatch }, (_, row) => ({
    kind: "record",
    at: start,
    startedAt: row % 2 === 0 ? start : start - 86_400_000,
    operationId: `${number}-${row}`,
    attribution: { org: "acme", team: `t${row % 3}`, project: "p" },
    route,
    budgets: [],
    outcome: outcome(usd(0.01)),
    fingerprint: `${number}-${row}`,
  }));
}

/** Delivers one batch after another. */
async function deliver(directory: string): Promise<void> {
  const { ledger } = await opened(directory);
  for (const command of tree([usd(1e6), usd(1e6), usd(1e6), usd(1e6)]))
    await ledger.commit(command);
  const acknowledge = acknowledger(directory);
  reportBegun();
  for (let number = 0; ; number++) {
    await Promise.all(batchOf(number).map((row) => ledger.commit(row)));
    acknowledge(`${number}`);
  }
}

async function survive(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "purser-records-"));
  try {
    for (let round = 0; round < rounds; round++) {
      await killAfter(import.meta.url, directory, 100 + Math.random() * 300);
      await check(directory);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function check(directory: string): Promise<void> {
  const { ledger, reader } = await opened(directory);
  try {
    assert.deepEqual(await ledger.openHolds(), []);
    const before = await reader.calls({}, { limit: 10_000_000, before: null });
    const known = new Set(before.map(({ operationId }) => operationId));
    assert.equal(known.size, before.length);
    const last = Math.max(-1, ...acknowledgedIn(directory).map(Number));
    for (let number = 0; number <= last; number++)
      for (const { operationId } of batchOf(number))
        assert.ok(known.has(operationId), `${operationId} was acknowledged`);
    // The batch that was cut off is delivered again.
    const next = batchOf(last + 1);
    const answers = await Promise.all(next.map((row) => ledger.commit(row)));
    answers.forEach(({ repeated }, row) => assert.equal(repeated, known.has(`${last + 1}-${row}`)));
    const rows = await reader.calls({}, { limit: 10_000_000, before: null });
    const spent = rows.reduce((sum, { cost }) => sum + cost, 0n);
    assert.equal(spent, usd(0.01) * BigInt(rows.length));
    for (const id of treeIds) {
      const balances = await ledger.balances(id, start);
      assert.equal(
        balances.reduce((sum, balance) => sum + balance.spent, 0n),
        spent,
        id,
      );
    }
    assert.equal((await reader.verify()).ok, true);
  } finally {
    await reader.close();
    await ledger.close();
  }
}

function opened(directory: string): ReturnType<typeof openLedger> {
  return openLedger({
    directory,
    durability: "process",
    clock: { now: () => start, monotonic: () => 0 },
  });
}
