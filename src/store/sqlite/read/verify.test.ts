/** Verification finds changes made to the file without the ledger. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { VerifyReport } from "../../../app/port/reader.ts";
import { openMeter } from "../../../domain/usage/open-meter.ts";
import { hold, settle, start, tree, usd, usualOutcome } from "../../conformance/fixture.ts";
import { openLedger } from "../open.ts";
import { ledgerFile } from "../schema.ts";

const ocr = openMeter("tool:ocr");
const clock = { now: () => start, monotonic: () => start };

/** Fills a ledger, changes its file by SQL, and verifies it. */
async function verifyAfter(sql: string): Promise<VerifyReport> {
  const directory = mkdtempSync(join(tmpdir(), "purser-ledger-"));
  const first = await openLedger({ directory, durability: "process", clock });
  for (const command of tree([usd(10), usd(10), usd(10), usd(10)]))
    await first.ledger.commit(command);
  for (const id of ["a", "b", "c"]) {
    await first.ledger.commit(hold(id, usd(1)));
    const usual = usualOutcome(800, 300);
    const result = id === "b" ? { ...usual, usage: { ...usual.usage, [ocr]: 4 } } : usual;
    if (id !== "c") await first.ledger.commit(settle(id, usd(0), { outcome: result }));
  }
  await first.ledger.close();
  const database = new DatabaseSync(ledgerFile(directory));
  database.exec(sql);
  database.close();
  const { ledger, reader } = await openLedger({ directory, durability: "process", clock });
  try {
    return await reader.verify();
  } finally {
    await reader.close();
    await ledger.close();
    rmSync(directory, { recursive: true });
  }
}

test("an untouched file verifies", async () => {
  assert.deepEqual(await verifyAfter(""), {
    entries: 9,
    staged: 0,
    brokenAt: null,
    drift: [],
    rollupDrift: [],
    damage: [],
    ok: true,
  });
});

test("a changed amount, time, body or hash breaks the chain at its entry", async () => {
  for (const change of [
    "amount = amount - 1",
    "at = at + 1",
    "body = replace(body, '800', '801')",
    "hash = zeroblob(32)",
    "operation_id = 'x'",
  ]) {
    const report = await verifyAfter(
      `UPDATE entry SET ${change} WHERE seq = ${change.startsWith("operation") ? 5 : 6}`,
    );
    assert.deepEqual(
      [report.ok, report.brokenAt],
      [false, change.startsWith("operation") ? 5 : 6],
      change,
    );
  }
});

test("a deleted entry breaks the chain in its place", async () => {
  assert.equal((await verifyAfter("DELETE FROM entry WHERE seq = 6")).brokenAt, 7);
});

test("a changed price or attribution breaks the chain where it was first used", async () => {
  assert.equal(
    (await verifyAfter("UPDATE name SET text = replace(text, '1250000', '1250001')")).brokenAt,
    6,
  );
  assert.equal(
    (await verifyAfter("UPDATE name SET text = replace(text, 'acme', 'emca') WHERE text LIKE '{%'"))
      .brokenAt,
    5,
  );
  assert.equal(
    (await verifyAfter("UPDATE shape SET text = replace(text, 'prompt', 'tpmorp')")).brokenAt,
    6,
  );
});

test("a changed balance is reported with the journal's value", async () => {
  const { ok, brokenAt, drift } = await verifyAfter(
    "UPDATE counter SET spent = '5' WHERE counter_id = (SELECT min(counter_id) FROM counter)",
  );
  assert.deepEqual([ok, brokenAt, drift.length], [false, null, 1]);
  assert.match(drift[0]?.kept ?? "", /spent 5,/);
  assert.match(drift[0]?.journal ?? "", /held 1000000000000,/);
});

test("a changed roll-up is reported with its hour or day", async () => {
  const byHour = await verifyAfter("UPDATE rollup SET calls = calls + 1");
  assert.deepEqual(
    [byHour.ok, byHour.rollupDrift.map(({ hour }) => hour)],
    [false, ["2026-03-10T10:00:00.000Z"]],
  );
  const byDay = await verifyAfter("UPDATE rollup_day SET cost_pico = cost_pico + 1");
  assert.deepEqual(
    [byDay.ok, byDay.rollupDrift.map(({ hour }) => hour)],
    [false, ["2026-03-10T00:00:00.000Z"]],
  );
});

test("a changed roll-up by route is reported with its quarter, hour or day", async () => {
  const changes = {
    "UPDATE route_quarter SET calls = calls + 1": "2026-03-10T10:00:00.000Z",
    "UPDATE route_hour SET latencies = '57:3,'": "2026-03-10T10:00:00.000Z",
    "DELETE FROM route_day_meter": "2026-03-10T00:00:00.000Z",
  };
  for (const [change, hour] of Object.entries(changes)) {
    const { ok, rollupDrift } = await verifyAfter(change);
    assert.deepEqual([ok, rollupDrift.map((drift) => drift.hour)], [false, [hour]], change);
  }
});

test("a changed sum of an open meter is reported with its hour or day", async () => {
  const byHour = await verifyAfter("UPDATE rollup_meter SET count = count + 1");
  assert.deepEqual(
    [byHour.ok, byHour.rollupDrift],
    [false, [{ hour: "2026-03-10T10:00:00.000Z", kept: "5 tool:ocr", journal: "4 tool:ocr" }]],
  );
  const byDay = await verifyAfter("DELETE FROM rollup_day_meter");
  assert.deepEqual(
    [byDay.ok, byDay.rollupDrift],
    [false, [{ hour: "2026-03-10T00:00:00.000Z", kept: "nothing", journal: "4 tool:ocr" }]],
  );
});

test("changed counts of latencies are reported with their hour or day", async () => {
  const byHour = await verifyAfter("UPDATE rollup SET latencies = '57:3,'");
  const [kept, journal] = ["latencies by bucket: 3 in 57", "latencies by bucket: 2 in 57"];
  assert.deepEqual(
    [byHour.ok, byHour.rollupDrift],
    [false, [{ hour: "2026-03-10T10:00:00.000Z", kept, journal }]],
  );
  const byDay = await verifyAfter("UPDATE rollup_day SET latencies = ''");
  assert.deepEqual(
    [byDay.ok, byDay.rollupDrift],
    [false, [{ hour: "2026-03-10T00:00:00.000Z", kept: "latencies by bucket: none", journal }]],
  );
});

test("changed sums of a quarter of an hour are reported with its time", async () => {
  const found = async (change: string): Promise<readonly string[]> =>
    (await verifyAfter(change)).rollupDrift.map(({ hour, kept }) => `${hour} ${kept}`);
  const quarter = "2026-03-10T10:00:00.000Z";
  assert.deepEqual(await found("UPDATE rollup_quarter SET refusals = 1"), [
    `${quarter} 2 calls, 1 refusals, 8512000000 pico-USD`,
  ]);
  assert.deepEqual(await found("UPDATE rollup_quarter SET latencies = '5:2,'"), [
    `${quarter} latencies by bucket: 2 in 5`,
  ]);
  assert.deepEqual(await found("DELETE FROM rollup_quarter_meter"), [`${quarter} nothing`]);
});

test("a deleted open hold is reported", async () => {
  const lost = await verifyAfter("DELETE FROM hold");
  assert.deepEqual(
    [lost.ok, lost.drift],
    [false, [{ counter: "hold c", kept: "nothing", journal: "open" }]],
  );
});

test("an hour that no longer covers its calls is reported", async () => {
  for (const change of [
    "DELETE FROM hour_rows",
    "UPDATE hour_rows SET last_seq = last_seq - 1",
    "UPDATE hour_rows SET first_seq = first_seq + 1",
  ]) {
    const { ok, rollupDrift } = await verifyAfter(change);
    assert.deepEqual(
      [ok, rollupDrift.map(({ hour }) => hour)],
      [false, ["2026-03-10T10:00:00.000Z"]],
      change,
    );
  }
});
