/**
 * Installs missing dependencies and runs a source file: `node bin/launch.mjs FILE [ARGUMENT...]`.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runWithPinnedNode } from "./runtime.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Installs the locked dependencies if they are missing or the lock file has changed. */
function installWhatIsMissing() {
  const stamp = path.join(root, "node_modules", ".purser-installed");
  const lock = createHash("sha256")
    .update(readFileSync(path.join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;

  refuseLinkedModules();
  process.stderr.write("Installing dependencies (once for this checkout) ...\n");
  const npm = process.env.npm_execpath;
  const words = [
    "ci",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--include=optional",
    "--include=dev",
  ];
  const [command, ...args] = npm ? [process.execPath, npm, ...words] : ["npm", ...words];
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: !npm && process.platform === "win32",
  });
  if (done.status !== 0) {
    process.stderr.write(
      "`npm ci` failed; its message is above. Check that the npm registry is reachable, then run this again.\n",
    );
    process.exit(1);
  }
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

/** `npm ci` would replace the packages of the checkout that the link leads to. */
function refuseLinkedModules() {
  const modules = lstatSync(path.join(root, "node_modules"), { throwIfNoEntry: false });
  if (!modules?.isSymbolicLink()) return;
  process.stderr.write(
    "node_modules is a symbolic link to packages that were installed for another package-lock.json. Remove the link, or install the packages where it leads, with the same package-lock.json.\n",
  );
  process.exit(1);
}

installWhatIsMissing();
runWithPinnedNode(process.argv.slice(2));
