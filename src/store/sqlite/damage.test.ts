/** Damage anywhere in a data folder is found, and a lost ledger is not mistaken for a new one. */

import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import { hold, settle, start, tree, usd, usualOutcome } from "../conformance/fixture.ts";
import { checkLedgerFile } from "./check.ts";
import { openLedger } from "./open.ts";
import { SqliteReader } from "./read/ledger-reader.ts";
import { ledgerFile } from "./schema.ts";

const clock = { now: () => start, monotonic: () => start };
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function makeFolder(): string {
  const directory = mkdtempSync(join(tmpdir(), "purser-damage-"));
  folders.push(directory);
  return directory;
}

/** A cleanly closed folder with about a hundred calls, a few of them still open. */
async function usedFolder(): Promise<string> {
  const directory = makeFolder();
  const { ledger } = await openLedger({ directory, durability: "process", clock });
  for (const command of tree([usd(100), usd(100), usd(100), usd(100)]))
    await ledger.commit(command);
  for (let n = 0; n < 150; n++) {
    await ledger.commit(
      hold(`op-${n}`, usd(0.1), { attribution: { project: `project-${n % 7}` } }),
    );
    if (n % 10 > 0)
      await ledger.commit(settle(`op-${n}`, usd(0), { outcome: usualOutcome(800 + n, 300) }));
  }
  await ledger.close();
  return directory;
}

/** Checks a folder as `purser verify` does. @returns Whether damage was found. */
async function isFound(directory: string): Promise<boolean> {
  const reader = new SqliteReader({ directory, settled: async () => undefined });
  try {
    checkLedgerFile(directory, { isHeld: false });
    return !(await reader.verify()).ok;
  } catch (error) {
    assert.ok(error instanceof PurserError && error.code === "store_unavailable", String(error));
    return true;
  } finally {
    await reader.close();
  }
}

/** Only the verification, as a running server runs it on its own file. */
async function isFoundByVerification(directory: string): Promise<boolean> {
  const reader = new SqliteReader({ directory, settled: async () => undefined });
  return reader.verify().then(
    ({ ok, damage }) => !ok && damage.length > 0,
    (error: unknown) => error instanceof PurserError,
  );
}

const used = await usedFolder();
const whole = readFileSync(ledgerFile(used));
const pageBytes = whole.readUInt16BE(16);
const pages = whole.length / pageBytes;

test("a cleanly closed folder is intact and has no free pages", async () => {
  assert.equal(await isFound(used), false);
  const database = new DatabaseSync(ledgerFile(used), { readOnly: true });
  assert.equal(database.prepare("PRAGMA freelist_count").get()?.["freelist_count"], 0);
  database.close();
  assert.ok(pages > 20, String(pages));
});

test("any zeroed page is found: by the command, by a verification alone, and at start", async () => {
  for (let page = 0; page < pages; page++) {
    const directory = makeFolder();
    const damaged = Buffer.from(whole);
    damaged.fill(0, page * pageBytes, (page + 1) * pageBytes);
    writeFileSync(ledgerFile(directory), damaged);
    assert.ok(await isFound(directory), `page ${page + 1} of ${pages}`);
    assert.ok(await isFoundByVerification(directory), `page ${page + 1} of ${pages}`);
    await assert.rejects(openLedger({ directory, durability: "process", clock }), (error) => {
      assert.ok(
        error instanceof PurserError && error.code === "store_unavailable",
        `page ${page + 1}: ${String(error)}`,
      );
      assert.match(error.detail.remedy ?? "", /backup/);
      return true;
    });
  }
});

test("a truncated file is found, whatever the page", async () => {
  for (let length = pageBytes; length < whole.length; length += pageBytes * 3) {
    const directory = makeFolder();
    writeFileSync(ledgerFile(directory), whole.subarray(0, length));
    assert.ok(await isFound(directory), `${length} of ${whole.length} bytes`);
  }
  const directory = makeFolder();
  writeFileSync(ledgerFile(directory), whole.subarray(0, whole.length - 1000));
  assert.ok(await isFound(directory));
});

for (const [what, lose] of Object.entries({
  missing: (file: string) => unlinkSync(file),
  empty: (file: string) => truncateSync(file, 0),
  "without tables": (file: string) => {
    unlinkSync(file);
    const database = new DatabaseSync(file);
    database.exec("CREATE TABLE a (b); DROP TABLE a");
    database.close();
  },
})) {
  test(`a used folder whose ledger is ${what} is refused with a remedy and left unchanged`, async () => {
    const directory = makeFolder();
    cpSync(used, directory, { recursive: true });
    lose(ledgerFile(directory));
    const refused = (error: unknown): boolean => {
      assert.ok(error instanceof PurserError && error.code === "store_unavailable");
      assert.match(error.message, /although a ledger was made in this folder/);
      assert.match(error.detail.remedy ?? "", /backup.*--data/s);
      return true;
    };
    assert.throws(() => checkLedgerFile(directory, { isHeld: false }), refused);
    await assert.rejects(openLedger({ directory, durability: "process", clock }), refused);
    assert.equal(existsSync(ledgerFile(directory)), what !== "missing");
  });
}

test("a folder of an older version opens and is marked as used from then on", async () => {
  const directory = makeFolder();
  cpSync(used, directory, { recursive: true });
  unlinkSync(join(directory, "manifest.json"));
  await (await openLedger({ directory, durability: "process", clock })).ledger.close();
  truncateSync(ledgerFile(directory), 0);
  await assert.rejects(
    openLedger({ directory, durability: "process", clock }),
    /although a ledger was made/,
  );
});

test("a first start that ended before the ledger existed does not mark the folder as used", async () => {
  const directory = makeFolder();
  writeFileSync(join(directory, "lock.db"), "");
  writeFileSync(ledgerFile(directory), "");
  const { ledger } = await openLedger({ directory, durability: "process", clock });
  assert.deepEqual(ledger.budgets(), []);
  await ledger.close();
});

/** The folder of a killed process: everything it wrote is in the log. */
async function folderWithLog(): Promise<string> {
  const directory = makeFolder();
  const running = makeFolder();
  const { ledger } = await openLedger({ directory: running, durability: "process", clock });
  for (const command of tree([usd(100), usd(100), usd(100), usd(100)]))
    await ledger.commit(command);
  for (let n = 0; n < 20; n++) await ledger.commit(hold(`op-${n}`, usd(0.1)));
  for (const name of ["ledger.db", "ledger.db-wal", "manifest.json"])
    cpSync(join(running, name), join(directory, name));
  await ledger.close();
  return directory;
}

test("the log of a killed process is intact, even with its last page torn", async () => {
  for (const torn of [0, 100, 2000]) {
    const directory = await folderWithLog();
    const log = `${ledgerFile(directory)}-wal`;
    truncateSync(log, readFileSync(log).length - torn);
    const { ledger } = await openLedger({ directory, durability: "process", clock });
    const lost = 20 - (await ledger.openHolds()).length;
    assert.ok(torn === 0 ? lost === 0 : lost <= 1, `${lost} holds lost with ${torn} bytes`);
    await ledger.close();
  }
});

test("a partly zeroed log is refused instead of being truncated silently", async () => {
  const directory = await folderWithLog();
  const log = readFileSync(`${ledgerFile(directory)}-wal`);
  const frameBytes = 24 + pageBytes;
  // The rows of a page are at its end; what is between them and its header is zero.
  const places = [0, 32, 32 + 24, 32 + 5 * frameBytes, 32 + 6 * frameBytes - 512];
  for (const place of places) {
    const zeroed = Buffer.from(log);
    zeroed.fill(0, place, place + 512);
    const copy = makeFolder();
    cpSync(directory, copy, { recursive: true });
    writeFileSync(`${ledgerFile(copy)}-wal`, zeroed);
    assert.ok(await isFound(copy), `from byte ${place}`);
    const opened = openLedger({ directory: copy, durability: "process", clock }).then(
      ({ ledger }) => ledger.close(),
    );
    await assert.rejects(opened, /write-ahead log/, `from byte ${place}`);
  }
});
