import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { SqliteBelongings } from "./belongings.ts";

function folder(t: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), "purser-belongings-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

const open = (directory: string): SqliteBelongings => new SqliteBelongings(directory, (error) => assert.fail(String(error)));

test("what was made is its maker's at once, and after a restart", (t) => {
  const directory = folder(t);
  const first = open(directory);
  first.keep({ provider: "openai", id: "resp_1", owner: "key_1" });
  assert.equal(first.ownerOf("openai", "resp_1"), "key_1");
  first.close();
  const second = open(directory);
  assert.deepEqual(
    [second.ownerOf("openai", "resp_1"), second.ownerOf("openai", "resp_2"), second.ownerOf("azure", "resp_1")],
    ["key_1", undefined, undefined],
  );
  second.close();
});

test("what has an owner keeps it, on file or not", (t) => {
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

test("the file is for its owner alone", (t) => {
  const directory = folder(t);
  open(directory).close();
  assert.equal(statSync(path.join(directory, "belongings.db")).mode & 0o777, 0o600);
});
