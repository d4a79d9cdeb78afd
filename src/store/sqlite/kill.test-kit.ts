/** Test kit: a process that writes to a ledger until it is killed. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const asChild = "writes-until-killed";

/** The folder to write to, in the process that is killed; undefined in the test itself. */
export function folderOfChild(): string | undefined {
  const [, , mode, folder] = process.argv;
  return mode === asChild ? folder : undefined;
}

/** The process reports that it has begun, or goes on. */
export function reportBegun(): void {
  process.stdout.write("begins\n");
}

/**
 * Runs a test file as the process, and kills it.
 *
 * @param file `import.meta.url` of the test file.
 * @param delayMs From the first report on.
 */
export async function killAfter(file: string, folder: string, delayMs: number): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(file), asChild, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  await Promise.race([once(child.stdout, "data"), closed]);
  await pause(delayMs);
  assert.equal(child.exitCode, null, "the process did not exit on its own");
  child.kill("SIGKILL");
  await closed;
}

/** Writes what was acknowledged, a line each: the kernel keeps the output after a kill. */
export function acknowledger(folder: string): (line: string) => void {
  const file = openSync(fileIn(folder), "a");
  return (line) => void writeSync(file, `${line}\n`);
}

/** All lines acknowledged so far. */
export function acknowledgedIn(folder: string): readonly string[] {
  return readFileSync(fileIn(folder), "utf8").split("\n").slice(0, -1);
}

function fileIn(folder: string): string {
  return join(folder, "acknowledged");
}
