/** Opens the embedded ledger of a data folder. */

import { existsSync } from "node:fs";
import type { Clock } from "../../app/port/clock.ts";
import type { Feed } from "../../app/port/feed.ts";
import type { Ledger } from "../../app/port/ledger.ts";
import type { LedgerReader } from "../../app/port/reader.ts";
import { Bell } from "../bell.ts";
import { makeFolder } from "./folder.ts";
import { isQuicklyRead, refuseDamage } from "./integrity.ts";
import { lockFolder } from "./lock.ts";
import { refuseLostLedger, writeManifest } from "./manifest.ts";
import { SqliteFeed } from "./read/ledger-feed.ts";
import { SqliteReader } from "./read/ledger-reader.ts";
import {
  cannotOpen,
  ledgerFile,
  migrate,
  openForReading,
  schemaVersion,
  versionOf,
  type Durability,
} from "./schema.ts";
import { upgradeInThread } from "./upgrade/upgrade-thread.ts";
import { SqliteLedger } from "./write/ledger.ts";
import { readStaged } from "./write/staged.ts";
import { WriterThread } from "./write/writer-thread.ts";
import { refuseDamagedLog } from "./write-ahead-log.ts";

export interface LedgerOptions {
  /** Created for its owner only, if missing. */
  readonly directory: string;
  /**
   * `full` syncs every batch to disk. With `process`, a machine crash may lose the last moments; a
   * process crash loses nothing.
   */
  readonly durability: Durability;
  readonly clock: Clock;
}

/**
 * The folder belongs to this process until the ledger is closed or the process ends.
 *
 * @throws PurserError `store_unavailable` if another process has the folder, a newer Purser wrote
 *   it, its file is damaged, emptied or gone, or it cannot be written.
 */
export async function openLedger(options: LedgerOptions): Promise<{
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly feed: Feed;
}> {
  const { directory, durability, clock } = options;
  try {
    makeFolder(directory);
    const lock = lockFolder(directory);
    try {
      refuseDamagedLog(directory);
      refuseLostLedger(directory);
      // It takes seconds for millions of calls, and nothing for a small file.
      if (isOld(directory) && !isQuicklyRead(directory)) await upgradeInThread(directory);
      migrate(directory);
      const database = openForReading(directory);
      if (isQuicklyRead(directory)) refuseDamage(database, directory, "quick_check");
      // Before the writer books the staged batches: damage there gets its own error and changes
      // nothing.
      readStaged(database);
      const writer = new WriterThread({ directory, durability });
      await writer.start();
      writeManifest(directory);
      const booked = new Bell();
      writer.onBooked(() => booked.ring());
      const feed = new SqliteFeed({ directory, booked });
      const ledger = new SqliteLedger({
        database,
        writer,
        clock,
        directory,
        feed,
        onClose: () => lock.release(),
      });
      const reader = new SqliteReader({ directory, settled: () => ledger.settled() });
      return { ledger, reader, feed };
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (cause) {
    throw cannotOpen(directory, cause);
  }
}

/** Whether there is a file of an older version. */
function isOld(directory: string): boolean {
  return existsSync(ledgerFile(directory)) && versionOf(directory) < schemaVersion;
}
