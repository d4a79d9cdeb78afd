/** A ledger written by an old version has the same figures after it is upgraded, and goes on. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import type { Ledger } from "../../../app/port/ledger.ts";
import type { LedgerReader } from "../../../app/port/reader.ts";
import { openMeter } from "../../../domain/usage/open-meter.ts";
import { hold, outcome, settle, usd } from "../../conformance/fixture.ts";
import { openLedger } from "../open.ts";
import { SqliteReader } from "../read/ledger-reader.ts";
import { ledgerFile, schemaVersion, versionOf } from "../schema.ts";
import { figuresOf, later } from "./old-ledger.test-kit.ts";

/** The file of version 4, and what the code of that version answered (commit 46f1984). */
const oldVersion = 4;

/** The file of the last version that could not look up charges by request (commit 8a39a574). */
const chargesVersion = 8;

interface Opened {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
}

function oldFolder(t: TestContext, version = oldVersion): string {
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

function figuresOfVersion(version: number): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, `schema-${version}.json`), "utf8"));
}

const oldFigures = figuresOfVersion(oldVersion);

/** Leaves out fields of balances that the old version did not have, if they are as before. */
function withoutNewer(name: string, value: unknown): unknown {
  const isUnused = (name === "granted" && value === "0") || (name === "paused" && value === null);
  return isUnused ? undefined : value;
}

for (const version of [oldVersion, chargesVersion])
  test(`an upgraded ledger of version ${version} has the balances, calls, sums and holds that it had`, async (t) => {
    const directory = oldFolder(t, version);
    const figuresBefore = JSON.parse(
      JSON.stringify(figuresOfVersion(version)),
      withoutNewer,
    ) as unknown;
    assert.equal(versionOf(directory), version);
    // Once while it is upgraded, with its staged batch; once more from the upgraded file.
    for (let time = 0; time < 2; time++) {
      await opened(directory, async ({ ledger, reader }) => {
        const figures: unknown = JSON.parse(await figuresOf(ledger, reader), withoutNewer);
        assert.deepEqual(figures, figuresBefore);
      });
      assert.equal(versionOf(directory), schemaVersion);
    }
  });

test("the charges of an upgraded ledger are found by the requests that they name", async (t) => {
  const directory = oldFolder(t, chargesVersion);
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

test("the file of an old version is verified as it is, without an upgrade", async (t) => {
  const directory = oldFolder(t);
  const reader = new SqliteReader({ directory, settled: async () => undefined });
  const report = await reader.verify();
  await reader.close();
  assert.deepEqual([report.ok, report.entries, report.staged], [true, 45, 5]);
  assert.equal(versionOf(directory), oldVersion);
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
      ...(oldFigures as { verify: object }).verify,
      entries: 53,
    });
  });
});
