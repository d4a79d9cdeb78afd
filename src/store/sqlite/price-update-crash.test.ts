/**
 * An update of the prices is whole or absent after a kill. With `update DIRECTORY`, this file is
 * the process that is killed.
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
import { hold, start, tree, usd } from "../conformance/fixture.ts";
import { openLedger } from "./open.ts";

const rounds = 4;
const rowsOfUpdate = 500;
const [, , mode, folder] = process.argv;

if (mode === "update" && folder !== undefined) await updateForEver(folder);
else test("after a kill at any moment, each update of the prices is whole or absent", survive);

/** Updates and holds in turn, and prints what was acknowledged. */
async function updateForEver(directory: string): Promise<void> {
  const clock = { now: () => Date.now(), monotonic: () => 0 };
  const { ledger } = await openLedger({ directory, durability: "process", clock });
  for (const command of tree([usd(1e6), usd(1e6), usd(1e6), usd(1e6)]))
    await ledger.commit(command);
  const file = openSync(join(directory, "acknowledged"), "a");
  process.stdout.write("begins\n");
  for (let n = 0; ; n++) {
    const updateId = `${process.pid}-${n}`;
    const held = ledger.commit(hold(updateId, usd(0.01)));
    await ledger.commit({
      kind: "update_prices",
      at: start,
      after: ledger.priceUpdates().at(-1)?.updateId ?? null,
      update: {
        updateId,
        source: "litellm",
        version: `${n}`,
        sha256: "ab".repeat(32),
        from: "file",
        rows: Array.from({ length: rowsOfUpdate }, (_, row) => ({
          provider: "openai",
          model: `m${row}`,
          input: `${n}`,
          output: "1",
        })),
      },
    });
    await held;
    writeSync(file, `updated ${updateId}\n`);
    if (n % 3 !== 2) continue;
    await ledger.commit({ kind: "revert_prices", at: start, updateId });
    writeSync(file, `reverted ${updateId}\n`);
  }
}

async function survive(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "purser-updates-"));
  try {
    let updates = 0;
    for (let round = 0; round < rounds; round++) {
      const lines = await killAfter(directory, 100 + Math.random() * 300);
      updates = lines.length;
      await check(directory, lines);
    }
    assert.notEqual(updates, 0);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Kills the process after a delay. @returns All lines acknowledged so far. */
async function killAfter(directory: string, delayMs: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "update", directory], {
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

async function check(directory: string, acknowledged: readonly string[]): Promise<void> {
  const clock = { now: () => start, monotonic: () => start };
  const { ledger, reader } = await openLedger({ directory, durability: "process", clock });
  try {
    assert.equal((await reader.verify()).ok, true);
    const kept = new Map(ledger.priceUpdates().map((update) => [update.updateId, update]));
    for (const { updateId, version, rows } of kept.values()) {
      assert.equal(rows.length, rowsOfUpdate, `${updateId} is whole`);
      assert.equal(
        rows.every(({ input }) => input === version),
        true,
      );
    }
    for (const line of acknowledged) {
      const [what, updateId = ""] = line.split(" ");
      assert.equal(kept.has(updateId), true, `${updateId} is on file`);
      if (what === "reverted") assert.notEqual(kept.get(updateId)?.revertedAt, null);
    }
  } finally {
    await reader.close();
    await ledger.close();
  }
}
