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
  test(`${name}: what was decided just before is in the tables before they are read`, async () => {
    const directory = mkdtempSync(join(tmpdir(), "purser-reader-"));
    migrate(directory);
    let isSettled = false;
    let settle: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => (settle = resolve)).then(() => void (isSettled = true));
    const reader = new SqliteReader({ directory, settled: () => settled });
    try {
      let answeredEarly = false;
      const answer = ask(reader).then(() => (answeredEarly = !isSettled));
      // The thread of the reader answers in the meantime, if it was asked at all.
      await new Promise((resolve) => setTimeout(resolve, 300));
      settle();
      await answer;
      assert.equal(answeredEarly, false);
    } finally {
      await reader.close();
      rmSync(directory, { recursive: true });
    }
  });
}
