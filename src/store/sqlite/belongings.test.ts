/** Owners of stored objects survive a restart, and damage to their file is found. */

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { PurserError } from "../../domain/error.ts";
import { checkBelongings, SqliteBelongings } from "./belongings.ts";

function folder(t: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), "purser-belongings-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

const open = (directory: string, isUsed = false): SqliteBelongings =>
  new SqliteBelongings({ directory, isUsed, onFailure: (error) => assert.fail(String(error)) });

test("a new object belongs to its maker at once and after a restart", (t) => {
  const directory = folder(t);
  const first = open(directory);
  first.keep({ provider: "openai", id: "resp_1", owner: "key_1" });
  assert.equal(first.ownerOf("openai", "resp_1"), "key_1");
  first.close();
  const second = open(directory);
  assert.deepEqual(
    [
      second.ownerOf("openai", "resp_1"),
      second.ownerOf("openai", "resp_2"),
      second.ownerOf("azure", "resp_1"),
    ],
    ["key_1", undefined, undefined],
  );
  second.close();
});

test("the first owner of an object remains its owner, on disk or not", (t) => {
  const directory = folder(t);
  const first = open(directory);
  first.keep({ provider: "openai", id: "resp_1", owner: "key_1" });
  first.keep({ provider: "openai", id: "resp_1", owner: "key_2" });
  first.close();
  const second = open(directory);
  second.keep({ provider: "openai", id: "resp_1", owner: "key_2" });
  assert.equal(second.ownerOf("openai", "resp_1"), "key_1");
  second.close();
});

test("a lost file is remembered as lost, in a folder where objects may have been created", (t) => {
  const directory = folder(t);
  const file = path.join(directory, "belongings.db");
  const hasLost = (isUsed: boolean): boolean => {
    const belongings = open(directory, isUsed);
    belongings.close();
    return belongings.hasLost;
  };
  assert.deepEqual([hasLost(false), hasLost(true)], [false, false]);
  rmSync(file);
  assert.deepEqual([hasLost(true), hasLost(true), hasLost(false)], [true, true, true]);
  writeFileSync(file, "");
  assert.equal(hasLost(true), true);
  rmSync(file);
  assert.equal(hasLost(false), false);
});

test("only the file's owner can access it", (t) => {
  const directory = folder(t);
  open(directory).close();
  assert.equal(statSync(path.join(directory, "belongings.db")).mode & 0o777, 0o600);
});

/** A file of several pages. */
function filled(t: TestContext): {
  readonly directory: string;
  readonly file: string;
  readonly whole: Buffer;
  readonly pageBytes: number;
} {
  const directory = folder(t);
  const belongings = open(directory);
  for (let n = 0; n < 1000; n++)
    belongings.keep({ provider: "openai", id: `resp_${n}`, owner: `key_${n % 300}` });
  belongings.close();
  const file = path.join(directory, "belongings.db");
  const whole = readFileSync(file);
  return { directory, file, whole, pageBytes: whole.readUInt16BE(16) };
}

function isDamage(error: unknown): boolean {
  assert.ok(error instanceof PurserError && error.code === "store_unavailable", String(error));
  assert.match(error.message, /belongings\.db, which records who owns stored objects, is damaged/);
  assert.match(error.detail.remedy ?? "", /backup/);
  return true;
}

test("a check finds any zeroed page of the file, and nothing starts on it", (t) => {
  const { directory, file, whole, pageBytes } = filled(t);
  checkBelongings(directory);
  const pages = whole.length / pageBytes;
  assert.ok(pages > 10, String(pages));
  for (let page = 0; page < pages; page++) {
    writeFileSync(file, Buffer.from(whole).fill(0, page * pageBytes, (page + 1) * pageBytes));
    assert.throws(() => checkBelongings(directory), isDamage, `page ${page + 1}`);
    assert.throws(() => open(directory), isDamage, `page ${page + 1}`);
  }
});

test("damage found while a server runs fails only the requests that need the file, and names it", (t) => {
  const { directory, file, whole, pageBytes } = filled(t);
  const reported: unknown[] = [];
  const belongings = new SqliteBelongings({
    directory,
    isUsed: true,
    onFailure: (error) => reported.push(error),
  });
  assert.equal(belongings.problem(), null);
  writeFileSync(
    file,
    Buffer.concat([whole.subarray(0, pageBytes), Buffer.alloc(whole.length - pageBytes)]),
  );
  assert.throws(() => belongings.ownerOf("openai", "resp_1"), isDamage);
  assert.ok(isDamage(belongings.problem()));
  belongings.keep({ provider: "openai", id: "resp_new", owner: "key_1" });
  belongings.close();
  copyFileSync(file, `${file}.away`);
  rmSync(file);
  const reopened = open(directory);
  assert.equal(reopened.ownerOf("openai", "resp_1"), undefined);
  reopened.close();
});
