/**
 * A process killed at any moment loses nothing it acknowledged. With `hammer DIRECTORY`, this file
 * is that process.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Ledger } from "../../app/port/ledger.ts";
import type { LedgerReader } from "../../app/port/reader.ts";
import { hold, settle, start, tree, treeIds, usd, usualOutcome } from "../conformance/fixture.ts";
import { openLedger } from "./open.ts";

const rounds = 4;
const callers = 16;
const [, , mode, hammered] = process.argv;

if (mode === "hammer" && hammered !== undefined) await hammer(hammered);
else
  test(
    "after a kill at any moment, everything acknowledged is there and the journal is intact",
    survive,
  );

/**
 * Makes calls forever and prints what was acknowledged: the kernel keeps the output after a kill.
 */
async function hammer(directory: string): Promise<void> {
  const { ledger } = await openLedger({
    directory,
    durability: "process",
    clock: { now: () => Date.now(), monotonic: () => 0 },
  });
  for (const command of tree([usd(1e6), usd(1e6), usd(1e6), usd(1e6)]))
    await ledger.commit(command);
  const file = openSync(join(directory, "acknowledged"), "a");
  const acknowledge = (line: string): unknown => writeSync(file, `${line}\n`);
  process.stdout.write("begins\n");
  await Promise.all(
    Array.from({ length: callers }, (_, caller) => callForEver(ledger, caller, acknowledge)),
  );
}

async function callForEver(
  ledger: Ledger,
  caller: number,
  acknowledge: (line: string) => unknown,
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
      for (const line of await killAfter(directory, 150 + Math.random() * 400)) {
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

/** Starts a process that makes calls, and kills it after a delay. @returns The lines it wrote. */
async function killAfter(directory: string, delayMs: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "hammer", directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  await Promise.race([once(child.stdout, "data"), closed]);
  await pause(delayMs);
  assert.equal(child.exitCode, null, "the process did not exit on its own");
  child.kill("SIGKILL");
  await closed;
  return readFileSync(join(directory, "acknowledged"), "utf8").split("\n").slice(0, -1);
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
