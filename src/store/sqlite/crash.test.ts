/** A process killed at any moment loses nothing it acknowledged. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Ledger } from "../../app/port/ledger.ts";
import type { LedgerReader } from "../../app/port/reader.ts";
import { hold, settle, start, tree, treeIds, usd, usualOutcome } from "../conformance/fixture.ts";
import {
  acknowledgedIn,
  acknowledger,
  folderOfChild,
  killAfter,
  reportBegun,
} from "./kill.test-kit.ts";
import { openLedger } from "./open.ts";

const rounds = 4;
const callers = 16;
const folder = folderOfChild();

if (folder !== undefined) await hammer(folder);
else
  test(
    "after a kill at any moment, everything acknowledged is there and the journal is intact",
    survive,
  );

/** Makes calls forever, and writes down what was acknowledged. */
async function hammer(directory: string): Promise<void> {
  const { ledger } = await openLedger({
    directory,
    durability: "process",
    clock: { now: () => Date.now(), monotonic: () => 0 },
  });
  for (const command of tree([usd(1e6), usd(1e6), usd(1e6), usd(1e6)]))
    await ledger.commit(command);
  const acknowledge = acknowledger(directory);
  reportBegun();
  await Promise.all(
    Array.from({ length: callers }, (_, caller) => callForEver(ledger, caller, acknowledge)),
  );
}

async function callForEver(
  ledger: Ledger,
  caller: number,
  acknowledge: (line: string) => void,
): Promise<void> {
  for (let n = 0; ; n++) {
    const operationId = `${process.pid}-${caller}-${n}`;
    await ledger.commit(hold(operationId, usd(0.01)));
    acknowledge(`held ${operationId}`);
    if (n % 3 === 0)
      await ledger.commit({
        kind: "top_up",
        at: start,
        operationId,
        attempt: 1,
        amount: { usd: usd(0.01), tokens: 1n, requests: 0n },
      });
    if (n % 7 === 0) continue;
    await ledger.commit(settle(operationId, usd(0), { outcome: usualOutcome(n + 1, n + 1) }));
    acknowledge(`settled ${operationId}`);
  }
}

async function survive(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "purser-ledger-"));
  const acknowledged = { held: new Set<string>(), settled: new Set<string>() };
  try {
    for (let round = 0; round < rounds; round++) {
      await killAfter(import.meta.url, directory, 150 + Math.random() * 400);
      for (const line of acknowledgedIn(directory)) {
        const [what, operationId] = line.split(" ");
        if ((what === "held" || what === "settled") && operationId !== undefined)
          acknowledged[what].add(operationId);
      }
      await check(directory, acknowledged);
    }
    assert.notEqual(acknowledged.settled.size, 0);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function check(
  directory: string,
  acknowledged: { readonly held: ReadonlySet<string>; readonly settled: ReadonlySet<string> },
): Promise<void> {
  const { ledger, reader } = await openLedger({
    directory,
    durability: "process",
    clock: { now: () => start, monotonic: () => start },
  });
  try {
    assert.equal((await reader.verify()).ok, true);
    const charged = await readAll(reader);
    for (const id of acknowledged.settled)
      assert.equal(charged.has(id), true, `the charge of ${id} is on file`);
    for (const id of acknowledged.held)
      assert.equal(
        charged.has(id) || (await ledger.holdOf(id)) !== undefined,
        true,
        `the hold of ${id} is on file`,
      );
    const spent = [...charged.values()].reduce((sum, cost) => sum + cost, 0n);
    const held = (await ledger.openHolds()).reduce((sum, { amount }) => sum + amount.usd, 0n);
    for (const id of treeIds) {
      const [balance] = await ledger.balances(id, start);
      assert.deepEqual([balance?.spent, balance?.held], [spent, held], id);
    }
  } finally {
    await reader.close();
    await ledger.close();
  }
}

async function readAll(reader: LedgerReader): Promise<ReadonlyMap<string, bigint>> {
  const rows = await reader.calls({}, { limit: 10_000_000, before: null });
  assert.equal(new Set(rows.map(({ operationId }) => operationId)).size, rows.length);
  return new Map(rows.map(({ operationId, cost }) => [operationId, cost]));
}
