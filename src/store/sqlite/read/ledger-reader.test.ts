/** Readers wait for pending decisions before they answer. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PurserError } from "../../../domain/error.ts";
import { hold, outcome, settle, usd } from "../../conformance/fixture.ts";
import { openLedger } from "../open.ts";
import { migrate } from "../schema.ts";
import { ReaderThread } from "./reader-thread.ts";
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

test("answers of many rows arrive whole and in order, also beside other questions and at the end", async () => {
  const directory = mkdtempSync(join(tmpdir(), "purser-reader-"));
  const clock = { now: () => 0, monotonic: () => 0 };
  const { ledger, reader } = await openLedger({ directory, durability: "process", clock });
  try {
    const costs = Array.from({ length: 1200 }, (_, n) => usd(n + 1));
    for (const [n, cost] of costs.entries()) {
      await ledger.decide(hold(`op${n}`, cost, { attribution: { task: `k${n}` } }));
      await ledger.decide(settle(`op${n}`, cost, { outcome: outcome(cost) }));
    }
    const newest = costs.toReversed();
    const range = { limit: 5000, before: null };
    const asked = Promise.all([
      reader.totals({}, ["task"], null),
      reader.calls({}, range),
      reader.totals({}, [], null),
      reader.calls({}, { limit: 1, before: null }),
      reader.distinct({}, { by: ["task"], of: "task", kept: null }),
    ]);
    await new Promise((resolve) => setImmediate(resolve));
    await reader.close();
    const [totals, calls, sum, last, tasks] = await asked;
    for (const rows of [totals, calls])
      assert.deepEqual(
        rows.map(({ cost }) => cost),
        newest,
      );
    assert.deepEqual([sum.length, sum[0]?.calls, last[0]?.cost], [1, 1200, newest[0]]);
    assert.equal(tasks.length, 1200);
  } finally {
    await reader.close();
    await ledger.close();
    rmSync(directory, { recursive: true });
  }
});

test("if the thread ends, all of its questions fail, and the next one starts another thread", async () => {
  const directory = mkdtempSync(join(tmpdir(), "purser-reader-"));
  const reader = new SqliteReader({ directory, settled: async () => undefined });
  try {
    const asked = Object.values(questions).map((ask) => ask(reader));
    for (const one of await Promise.allSettled(asked)) {
      assert.equal(one.status, "rejected");
      assert.ok(one.reason instanceof PurserError);
      assert.equal(one.reason.code, "store_unavailable");
    }
    migrate(directory);
    assert.deepEqual(await reader.totals({}, [], null), []);
  } finally {
    await reader.close();
    rmSync(directory, { recursive: true });
  }
});

test("a question at once after the thread failed is not lost with that thread's end", async () => {
  for (let round = 0; round < 10; round++) {
    const directory = mkdtempSync(join(tmpdir(), "purser-reader-"));
    const thread = new ReaderThread({ directory });
    const query = { method: "last" } as const;
    const asked = new Promise((resolve, reject) => {
      thread.ask(query).catch(() => {
        migrate(directory);
        // Before the thread that failed has ended.
        setImmediate(() => void thread.ask(query).then(resolve, reject));
        thread.ask(query).catch(reject);
      });
    });
    try {
      assert.equal(await asked, 0);
    } finally {
      await thread.close();
      rmSync(directory, { recursive: true });
    }
  }
});
