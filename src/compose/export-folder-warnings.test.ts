/** A scheduled export to a folder that is missing is reported; one to a folder that is there is not. */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { loadConfiguration } from "../config/load.ts";
import { exportFolderWarnings } from "./export-folder-warnings.ts";

test("a missing folder, and a file in its place, are named with their field", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "purser-folders-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = path.join(folder, "file");
  const later = path.join(folder, "later");
  await writeFile(file, "");
  const schedules = [folder, later, file].map((to, index) => ({
    name: `e${index}`,
    format: "csv",
    every: "day",
    to: { folder: to },
  }));
  const configuration = loadConfiguration(`exports: ${JSON.stringify(schedules)}`, {
    environment: {},
    file: "purser.yaml",
  });
  const found = await exportFolderWarnings(configuration);
  assert.deepEqual(
    found.map(({ message }) => message),
    [
      `purser.yaml: exports[1].to.folder: there is no folder ${later}`,
      `purser.yaml: exports[2].to.folder: ${file} is no folder`,
    ],
  );
});
