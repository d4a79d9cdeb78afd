/** An update of the prices is whole or absent after a kill. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { stateOf } from "../../domain/price/update/price-update.ts";
import { hold, start, tree, usd } from "../conformance/fixture.ts";
import {
  acknowledgedIn,
  acknowledger,
  folderOfChild,
  killAfter,
  reportBegun,
} from "./kill.test-kit.ts";
import { openLedger } from "./open.ts";

const rounds = 4;
const rowsOfUpdate = 500;
const folder = folderOfChild();

if (folder !== undefined) await updateForEver(folder);
else test("after a kill at any moment, each update of the prices is whole or absent", survive);

/** Updates and holds in turn, and writes down what was acknowledged. */
async function updateForEver(directory: string): Promise<void> {
  const clock = { now: () => Date.now(), monotonic: () => 0 };
  const { ledger } = await openLedger({ directory, durability: "process", clock });
  for (const command of tree([usd(1e6), usd(1e6), usd(1e6), usd(1e6)]))
    await ledger.commit(command);
  const acknowledge = acknowledger(directory);
  reportBegun();
  for (let n = 0; ; n++) {
    const updateId = `${process.pid}-${n}`;
    const held = ledger.commit(hold(updateId, usd(0.01)));
    await ledger.commit({
      kind: "update_prices",
      at: start,
      after: stateOf(ledger.priceUpdates()),
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
    acknowledge(`updated ${updateId}`);
    if (n % 3 !== 2) continue;
    await ledger.commit({ kind: "revert_prices", at: start, updateId });
    acknowledge(`reverted ${updateId}`);
  }
}

async function survive(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "purser-updates-"));
  try {
    let updates = 0;
    for (let round = 0; round < rounds; round++) {
      await killAfter(import.meta.url, directory, 100 + Math.random() * 300);
      const lines = acknowledgedIn(directory);
      updates = lines.length;
      await check(directory, lines);
    }
    assert.notEqual(updates, 0);
  } finally {
    rmSync(directory, { recursive: true });
  }
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
