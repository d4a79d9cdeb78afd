/** Readers wait for pending decisions before they answer. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { migrate } from "../schema.ts";
import { SqliteReader } from "./ledger-reader.ts";

const questions: Readonly<Record<string, (reader: SqliteReader) => Promise<unknown>>> = {
  calls: (reader) => reader.calls({}, { limit: 1, before: null }),
  totals: (reader) => reader.totals({}, [], null),
  alerts: (reader) => reader.alerts({ budgetId: null, limit: 1, before: null }),
  verify: (reader) => reader.verify(),
};

for (const [name, ask] of Object.entries(questions)) {
  test(`${name}: waits until all decisions are in the tables`, async () => {
    const directory = mkdtempSync(join(tmpdir(), "purser-reader-"));
    migrate(directory);
    let canBook = false;
    const settled = async (): Promise<void> => {
      if (!canBook) throw new Error("cannot be booked");
    };
    const reader = new SqliteReader({ directory, settled });
    try {
      await assert.rejects(ask(reader), /cannot be booked/);
      canBook = true;
      await ask(reader);
    } finally {
      await reader.close();
      rmSync(directory, { recursive: true });
    }
  });
}
