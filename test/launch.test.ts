/** Starting from a checkout whose packages are linked from another one installs nothing there. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

test("linked packages of another lock file are refused, and left as they are", (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "purser-launch-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [checkout, packages] = [path.join(folder, "checkout"), path.join(folder, "packages")];
  mkdirSync(checkout);
  mkdirSync(packages);
  writeFileSync(path.join(packages, ".purser-installed"), "another lock");
  cpSync(path.join(import.meta.dirname, "../bin"), path.join(checkout, "bin"), { recursive: true });
  writeFileSync(path.join(checkout, "package-lock.json"), "{}");
  symlinkSync(packages, path.join(checkout, "node_modules"));

  // Without npm on the path, nothing is installed even if the rule is broken.
  const run = spawnSync(process.execPath, ["bin/launch.mjs", "none.ts"], {
    cwd: checkout,
    encoding: "utf8",
    env: { PATH: "" },
  });
  assert.equal(run.status, 1);
  assert.match(run.stderr, /^node_modules is a symbolic link .* Remove the link/);
  assert.deepEqual(readdirSync(packages), [".purser-installed"]);
});
