/** The embedded ledger keeps to the contract of all ledgers. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ledgerConformance, type StoreUnderTest } from "../conformance.ts";
import { start } from "../conformance-fixture.ts";
import { openLedger } from "./open.ts";
import { ledgerFile } from "./schema.ts";

ledgerConformance("sqlite", () => openStore(mkdtempSync(join(tmpdir(), "purser-ledger-"))));

async function openStore(directory: string): Promise<StoreUnderTest> {
  const { ledger, reader } = await openLedger({ directory, durability: "process", clock: { now: () => start } });
  let blocker: DatabaseSync | undefined;
  const close = async (): Promise<void> => {
    await reader.close();
    await ledger.close();
  };
  return {
    ledger,
    reader,
    reopen: async () => {
      await close();
      return openStore(directory);
    },
    // Another program that holds SQLite's write lock keeps the ledger from writing, as a full disk does.
    fail: () => {
      blocker = new DatabaseSync(ledgerFile(directory));
      blocker.exec("BEGIN IMMEDIATE");
    },
    mend: () => blocker?.close(),
    remove: async () => {
      await close();
      rmSync(directory, { recursive: true });
    },
  };
}
