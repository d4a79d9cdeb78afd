/** Runs the conformance suite of all ledgers on the embedded ledger. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ledgerConformance } from "../conformance.ts";
import { start } from "../conformance/fixture.ts";
import type { StoreUnderTest } from "../conformance/store-under-test.ts";
import { openLedger } from "./open.ts";
import { ledgerFile } from "./schema.ts";

ledgerConformance("sqlite", () => openStore(mkdtempSync(join(tmpdir(), "purser-ledger-"))));

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
