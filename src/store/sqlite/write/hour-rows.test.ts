import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { RecordCommand } from "../../../domain/ledger/command.ts";
import { outcome, route, start, usd } from "../../conformance/fixture.ts";
import { openLedger } from "../open.ts";
import { ledgerFile } from "../schema.ts";

const hourMs = 3_600_000;

/** Two hours of 1,200 calls, each in two entries, then some that are late for the first hour. */
const inOrder = 1200;
const lateCalls = 5;

function record(operationId: string, startedAt: number): RecordCommand {
  return {
    kind: "record",
    at: start,
    startedAt,
    operationId,
    attribution: { team: operationId.startsWith("late") ? "late" : "t1" },
    route,
    budgets: [],
    outcome: outcome(usd(0.01), { latencyMs: 0 }),
    fingerprint: operationId,
  };
}

test("late calls get a range of their own, and are counted and found in it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "purser-hours-"));
  const clock = { now: () => start, monotonic: () => start };
  const { ledger, reader } = await openLedger({ directory, durability: "process", clock });
  try {
    const [first, second] = [start - 3 * hourMs, start - 2 * hourMs];
    const calls = Array.from({ length: inOrder }, (_, index) => [
      record(`a${index}`, first + index),
      record(`b${index}`, second + index),
    ]).flat();
    const sorted = calls.toSorted((left, right) => left.startedAt - right.startedAt);
    const late = Array.from({ length: lateCalls }, (_, index) =>
      record(`late${index}`, first + 600 + index),
    );
    for (const one of [...sorted, ...late]) void ledger.commit(one);
    await ledger.commit(record("last", start - hourMs));

    // Within a quarter of an hour, so the calls are read one by one.
    const filter = { from: first + 500, to: first + 700 };
    const [totals] = await reader.totals(filter, [], null);
    assert.deepEqual([totals?.calls, totals?.cost], [200 + lateCalls, usd(2.05)]);
    const found = await reader.calls(filter, { limit: 10, before: null });
    assert.deepEqual(
      found.map(({ operationId }) => operationId),
      ["late4", "late3", "late2", "late1", "late0", "a699", "a698", "a697", "a696", "a695"],
    );
    const older = await reader.calls(filter, { limit: 500, before: found[2]?.seq ?? 0 });
    assert.equal(older.length, 200 + 2);
    assert.equal((await reader.verify()).ok, true);
    assert.deepEqual(rangesOf(directory, first / hourMs), [2, 1]);
  } finally {
    await reader.close();
    await ledger.close();
    rmSync(directory, { recursive: true });
  }
});

/** How many ranges the hour has, and how many the one after it has. */
function rangesOf(directory: string, hour: number): readonly number[] {
  const database = new DatabaseSync(ledgerFile(directory), { readOnly: true });
  try {
    const count = database.prepare("SELECT count(*) AS ranges FROM hour_rows WHERE hour = ?");
    return [hour, hour + 1].map((one) => Number(count.get(one)?.["ranges"]));
  } finally {
    database.close();
  }
}
