/** The file by which the command line finds a running server. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { removeServerFile, writeServerFile } from "./server-file.ts";

const directory = mkdtempSync(join(tmpdir(), "purser-server-file-"));
after(() => rmSync(directory, { recursive: true }));
const file = join(directory, "server.json");

test("the file has the server's URL and token, is readable by its owner only, and is removed at the end", async () => {
  await writeServerFile(directory, { url: "http://127.0.0.1:1", token: "t" });
  assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), {
    pid: process.pid,
    url: "http://127.0.0.1:1",
    token: "t",
  });
  if (process.platform !== "win32") assert.equal(statSync(file).mode & 0o777, 0o600);
  await removeServerFile(directory);
  assert.equal(existsSync(file), false);
  await removeServerFile(directory);
});
