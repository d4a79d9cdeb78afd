/** Tests that only a whole file counts as one that was kept before. */

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { FolderSink } from "./folder-sink.ts";

const { signal } = new AbortController();

async function* parts(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode("a,b\r\n");
}

test("an existing file is kept; a folder or an empty file of its name is an error", async (t) => {
  const root = await mkdtemp(path.join(tmpdir(), "purser-sink-"));
  t.after(() => rm(root, { recursive: true }));
  const [folder, data] = [path.join(root, "out"), path.join(root, "data")];
  await mkdir(folder);
  await mkdir(data);
  const sink = new FolderSink(folder, data);
  const keep = (name: string): Promise<number> =>
    sink.keep({ name, mediaType: "text/csv", parts: parts() }, signal);
  assert.equal(await keep("new.csv"), 5);
  await writeFile(path.join(folder, "old.csv"), "older");
  assert.equal(await keep("old.csv"), 5);
  assert.equal(await readFile(path.join(folder, "old.csv"), "utf8"), "older");
  await mkdir(path.join(folder, "folder.csv"));
  await assert.rejects(keep("folder.csv"), /folder\.csv is no regular file: move it away/);
  await writeFile(path.join(folder, "empty.csv"), "");
  await assert.rejects(keep("empty.csv"), /empty\.csv is empty: move it away/);
  assert.deepEqual((await readdir(folder)).toSorted(), [
    "empty.csv",
    "folder.csv",
    "new.csv",
    "old.csv",
  ]);
});
