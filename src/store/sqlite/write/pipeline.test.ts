/** A writer thread that dies loses no charge and admits no hold that is not on disk. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { hold, settle, start, tree, treeIds, usd } from "../../conformance/fixture.ts";
import { only, rejects } from "../../conformance/store-under-test.ts";
import { openLedger } from "../open.ts";
import { migrate, openForReading } from "../schema.ts";
import type { Batch } from "./batch.ts";
import { SqliteLedger } from "./ledger.ts";
import { WriterThread } from "./writer-thread.ts";
import { Bell } from "../../bell.ts";
import { SqliteFeed } from "../read/ledger-feed.ts";

const clock = { now: () => start, monotonic: () => start };

/** Loses the next batch on its way to the file, or the answer on its way back. */
class LosingThread extends WriterThread {
  loses: "batch" | "answer" | null = null;

  override async write(batch: Batch, booked: () => void): Promise<void> {
    const { loses } = this;
    this.loses = null;
    if (loses !== "batch") await super.write(batch, booked);
    if (loses !== null) throw new Error("the writer thread ended");
  }
}

async function withLedger(
  check: (ledger: SqliteLedger, writer: LosingThread) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "purser-pipeline-"));
  try {
    migrate(directory);
    const writer = new LosingThread({ directory, durability: "process" });
    await writer.start();
    const ledger = new SqliteLedger({
      database: openForReading(directory),
      writer,
      clock,
      directory,
      feed: new SqliteFeed({ directory, booked: new Bell() }),
      onClose: () => undefined,
    });
    for (const command of tree([usd(9), usd(9), usd(9), usd(9)])) await ledger.commit(command);
    await check(ledger, writer);
    await ledger.close();
    const { ledger: next, reader } = await openLedger({ directory, durability: "process", clock });
    assert.equal((await reader.verify()).ok, true);
    assert.deepEqual(await next.openHolds(), []);
    assert.equal(only(await next.balances(treeIds[0], start)).spent, usd(1));
    await reader.close();
    await next.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Waits until the ledger accepts commands again. */
async function writes(ledger: SqliteLedger): Promise<void> {
  for (let tries = 0; tries < 500 && ledger.problem(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(ledger.problem(), null);
}

test("a hold that is on disk is admitted, although the writer died before reporting it", () =>
  withLedger(async (ledger, writer) => {
    writer.loses = "answer";
    const { admitted } = await ledger.commit(hold("a", usd(2)));
    assert.equal(admitted, true);
    await writes(ledger);
    await ledger.commit(settle("a", usd(1)));
  }));

test("an end that is on disk is not decided again", () =>
  withLedger(async (ledger, writer) => {
    await ledger.commit(hold("a", usd(2)));
    writer.loses = "answer";
    await ledger.decide(settle("a", usd(1)));
    await ledger.flush();
    assert.equal(await ledger.holdOf("a"), undefined);
    await writes(ledger);
  }));

test("a hold that is not on disk is refused; an end that is not is decided again", () =>
  withLedger(async (ledger, writer) => {
    await ledger.commit(hold("a", usd(2)));
    writer.loses = "batch";
    await ledger.decide(settle("a", usd(1)));
    await rejects(ledger.commit(hold("b", usd(2))), "store_unavailable");
    assert.equal(await ledger.holdOf("b"), undefined);
    await writes(ledger);
  }));
