/** Readers wait for pending decisions before they answer. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { hold, outcome, settle, usd } from "../../conformance/fixture.ts";
import { openLedger } from "../open.ts";
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

test("an answer of many rows arrives whole and in order", async () => {
  const directory = mkdtempSync(join(tmpdir(), "purser-reader-"));
  const clock = { now: () => 0, monotonic: () => 0 };
  const { ledger, reader } = await openLedger({ directory, durability: "process", clock });
  try {
    const costs = Array.from({ length: 600 }, (_, n) => usd(n + 1));
    for (const [n, cost] of costs.entries()) {
      await ledger.decide(hold(`op${n}`, cost, { attribution: { task: `k${n}` } }));
      await ledger.decide(settle(`op${n}`, cost, { outcome: outcome(cost) }));
    }
    const totals = await reader.totals({}, ["task"], null);
    assert.deepEqual(
      totals.map(({ cost }) => cost),
      costs.toReversed(),
    );
  } finally {
    await reader.close();
    await ledger.close();
    rmSync(directory, { recursive: true });
  }
});
