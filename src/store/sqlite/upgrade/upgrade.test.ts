/** A ledger written by an old version has the same figures after it is upgraded, and goes on. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import type { Ledger } from "../../../app/port/ledger.ts";
import type { Figures, LedgerReader } from "../../../app/port/reader.ts";
import { openMeter } from "../../../domain/usage/open-meter.ts";
import { hold, outcome, settle, start, usd } from "../../conformance/fixture.ts";
import { openLedger } from "../open.ts";
import { SqliteReader } from "../read/ledger-reader.ts";
import { ledgerFile, schemaVersion, versionOf } from "../schema.ts";
import { figuresOf, later } from "./old-ledger.test-kit.ts";
import { upgradeInThread } from "./upgrade-thread.ts";

/**
 * Files of old versions, and what the code of that version answered: commits 46f1984 (4) and
 * 8a39a57 (8).
 */
type OldVersion = 4 | 8;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

interface Opened {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
}

function oldFolder(t: TestContext, version: OldVersion = 4): string {
  const directory = mkdtempSync(join(tmpdir(), "purser-upgrade-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const database = new DatabaseSync(ledgerFile(directory));
  database.exec(readFileSync(join(import.meta.dirname, `schema-${version}.sql`), "utf8"));
  database.close();
  return directory;
}

async function opened(directory: string, run: (opened: Opened) => Promise<void>): Promise<void> {
  const clock = { now: () => later, monotonic: () => later };
  const { ledger, reader } = await openLedger({ directory, durability: "process", clock });
  try {
    await run({ ledger, reader });
  } finally {
    await reader.close();
    await ledger.close();
  }
}

function oldFigures(version: OldVersion): { readonly verify: object } {
  const file = join(import.meta.dirname, `schema-${version}.json`);
  return JSON.parse(readFileSync(file, "utf8")) as { readonly verify: object };
}

/** Leaves out what the version did not have: latencies, and new fields of balances as before. */
function withoutNewer(version: OldVersion): (name: string, value: unknown) => unknown {
  const zeros = version === 4 ? ["granted", "reserve"] : ["reserve"];
  const nulls = version === 4 ? ["paused", "question"] : ["question"];
  return (name, value) => {
    const isUnused =
      (zeros.includes(name) && value === "0") || (nulls.includes(name) && value === null);
    if (isUnused || (version === 4 && name === "latencies")) return undefined;
    return withChargesAsCalls(value);
  };
}

/** Both versions counted charges as calls, and divided latencies by their number. */
function withChargesAsCalls(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("timed" in value)) return value;
  const { charges, chargeCost, timed, ...sums } = value as Figures;
  assert.equal(timed, sums.calls + charges, "all latencies of the files are known");
  assert.equal(BigInt(chargeCost) > 0n, charges > 0);
  return { ...sums, calls: sums.calls + charges };
}

for (const version of [4, 8] as const)
  test(`an upgraded ledger of version ${version} has the balances, calls, sums and holds that it had`, async (t) => {
    const directory = oldFolder(t, version);
    assert.equal(versionOf(directory), version);
    // Once while it is upgraded, with its staged batch; once more from the upgraded file.
    for (let time = 0; time < 2; time++) {
      await opened(directory, async ({ ledger, reader }) => {
        const text = await figuresOf(ledger, reader);
        const figures: unknown = JSON.parse(text, withoutNewer(version));
        assert.deepEqual(figures, oldFigures(version));
      });
      assert.equal(versionOf(directory), schemaVersion);
    }
  });

test("the charges of an upgraded ledger are found by the requests that they name", async (t) => {
  const directory = oldFolder(t, 8);
  const found = async (reader: LedgerReader, id: string): Promise<unknown> =>
    (await reader.requestLines({}, [id])).map(({ operationId }) => operationId);
  for (let time = 0; time < 2; time++)
    await opened(directory, async ({ reader }) => {
      assert.deepEqual(await found(reader, "tokens-0"), ["tokens-0", "charge-0", "charge-1"]);
      assert.deepEqual(await found(reader, "tokens-1"), ["tokens-1", "charge-2"]);
      assert.deepEqual(await found(reader, "charge-0"), []);
      assert.deepEqual(await found(reader, "charge-3"), ["charge-3"]);
      assert.deepEqual(await found(reader, "null"), []);
    });
});

test("parts of hours before and after the upgrade have the sums of their calls", async (t) => {
  const directory = oldFolder(t, 8);
  await opened(directory, async ({ ledger, reader }) => {
    for (const at of [later, later + 20 * minuteMs, later + 50 * minuteMs]) {
      await ledger.commit(hold(`new${at}`, usd(2), { at }));
      await ledger.commit(settle(`new${at}`, usd(1), { at: at + 1000 }));
    }
    // A late bill for a call of an hour that has no quarters.
    const end = outcome(usd(1), { latencyMs: 5 });
    await ledger.commit(
      settle("unresolved", usd(1), { at: start + 3 * hourMs, outcome: end, fingerprint: "bill" }),
    );
    const page = { limit: 1000, before: null };
    for (const from of [start, later])
      for (let minutes = 1; minutes < 120; minutes += 7) {
        const range = { from: from + minutes * minuteMs, to: from + (minutes + 33) * minuteMs };
        const calls = await reader.calls({ ...range, charged: true }, page);
        const [total] = await reader.totals({ ...range, charged: true }, [], null);
        const cost = calls.reduce((sum, call) => sum + call.cost, 0n);
        assert.deepEqual([total?.calls ?? 0, total?.cost ?? 0n], [calls.length, cost]);
      }
    assert.equal((await reader.verify()).ok, true);
  });
});

test("a large file is upgraded in a thread, whose error is passed on", async (t) => {
  const directory = oldFolder(t, 8);
  await upgradeInThread(directory);
  assert.equal(versionOf(directory), schemaVersion);
  await opened(directory, async ({ reader }) => {
    const lines = await reader.requestLines({}, ["tokens-1"]);
    assert.deepEqual(
      lines.map(({ operationId }) => operationId),
      ["tokens-1", "charge-2"],
    );
    assert.equal((await reader.verify()).ok, true);
  });
  await assert.rejects(upgradeInThread(join(directory, "missing")), /unable to open/);
});

test("the file of an old version is verified as it is, without an upgrade", async (t) => {
  const directory = oldFolder(t);
  const reader = new SqliteReader({ directory, settled: async () => undefined });
  const report = await reader.verify();
  await reader.close();
  assert.deepEqual([report.ok, report.entries, report.staged], [true, 45, 5]);
  assert.equal(versionOf(directory), 4);
});

test("an upgraded ledger counts the latencies of later calls, and verifies after corrections", async (t) => {
  const directory = oldFolder(t);
  const counted = async (reader: LedgerReader): Promise<unknown> =>
    (await reader.latencies({}, ["status"], null)).map(({ group, counts }) => [
      group["status"],
      Object.fromEntries(counts),
    ]);
  await opened(directory, async ({ ledger, reader }) => {
    // Of the old calls, only the staged one has a latency: the new version booked it.
    assert.deepEqual(await counted(reader), [["settled", { 57: 1 }]]);
    await ledger.commit(hold("new", usd(2), { at: later }));
    const end = outcome(usd(1), { latencyMs: 7 });
    await ledger.commit(settle("new", usd(1), { at: later, outcome: end }));
    assert.deepEqual(await counted(reader), [["settled", { 7: 1, 57: 1 }]]);
    const bill = outcome(usd(1), { latencyMs: 5 });
    await ledger.commit(
      settle("unresolved", usd(1), { at: later, outcome: bill, fingerprint: "bill" }),
    );
    assert.deepEqual(await counted(reader), [["settled", { 5: 1, 7: 1, 57: 1 }]]);
    assert.equal((await reader.verify()).ok, true);
  });
});

test("a meter that the old version did not have is booked in an upgraded ledger", async (t) => {
  const directory = oldFolder(t);
  const [ocr, pages] = [openMeter("tool:ocr"), openMeter("pages")];
  const usage = { input: 90, output: 10, [ocr]: 2, [pages]: 40 };
  await opened(directory, async ({ ledger, reader }) => {
    const [before] = await reader.totals({}, [], null);
    await ledger.commit(hold("new", usd(2), { at: later }));
    await ledger.commit(settle("new", usd(1), { at: later, outcome: outcome(usd(1), { usage }) }));
    const [total] = await reader.totals({}, [], null);
    assert.deepEqual(total?.usage, {
      ...before?.usage,
      input: (before?.usage.input ?? 0) + 90,
      output: (before?.usage.output ?? 0) + 10,
      [ocr]: 2,
      [pages]: 40,
    });
    // The hold of the old version ends as any other.
    await ledger.commit(settle("open", usd(1), { at: later, outcome: outcome(usd(1)) }));
  });
  await opened(directory, async ({ reader }) => {
    const [call] = await reader.calls({ operation: "new" }, { limit: 1, before: null });
    assert.deepEqual(call?.usage, usage);
    assert.deepEqual(await reader.verify(), {
      ...oldFigures(4).verify,
      entries: 53,
    });
  });
});
