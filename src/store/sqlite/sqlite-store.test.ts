/** Runs the conformance suite of all ledgers on the embedded ledger, and what only it promises. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { ledgerConformance } from "../conformance.ts";
import { hold, putBudget, settle, start, usd } from "../conformance/fixture.ts";
import { only, rejects, using, type StoreUnderTest } from "../conformance/store-under-test.ts";
import { openLedger } from "./open.ts";
import { ledgerFile } from "./schema.ts";

const open = (): Promise<StoreUnderTest> =>
  openStore(mkdtempSync(join(tmpdir(), "purser-ledger-")));

ledgerConformance("sqlite", open);

test("the end of a call is answered and counted at once while the file cannot be written", async () => {
  await using(open, async (store) => {
    const { ledger } = store;
    await ledger.commit(putBudget("all", usd(10)));
    await ledger.commit(hold("open", usd(2)));
    store.fail();
    const charged = ledger.decide(settle("open", usd(1)));
    await rejects(ledger.commit(hold("refused", usd(3))), "store_unavailable");
    assert.equal((await charged).repeated, false);
    const { held, spent } = only(await ledger.balances("all", start));
    assert.deepEqual([held, spent], [0n, usd(1)]);
    store.mend();
    while (ledger.problem()) await pause(50);
  });
});

async function openStore(directory: string): Promise<StoreUnderTest> {
  const open = () =>
    openLedger({
      directory,
      durability: "process",
      clock: { now: () => start, monotonic: () => start },
    });
  let current = await open();
  let blocker: DatabaseSync | undefined;
  const mend = (): void => {
    blocker?.close();
    blocker = undefined;
  };
  const close = async (): Promise<void> => {
    mend();
    await current.reader.close();
    await current.ledger.close();
  };
  const store = (): StoreUnderTest => ({
    ...current,
    reopen: async () => {
      await close();
      current = await open();
      return store();
    },
    // Another program holding SQLite's write lock blocks the ledger's writes, as a full disk does.
    fail: () => {
      blocker = new DatabaseSync(ledgerFile(directory));
      blocker.exec("BEGIN IMMEDIATE");
    },
    mend,
    remove: async () => {
      await close();
      rmSync(directory, { recursive: true });
    },
  });
  return store();
}
