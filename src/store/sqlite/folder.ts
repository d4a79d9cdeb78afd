/** The data folder on disk, made for its owner alone. */

import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { PurserError } from "../../domain/error.ts";

/**
 * Makes the folder, and those above it that are missing; one that is there stays as it is.
 *
 * @throws PurserError `store_unavailable` when it cannot be made, or is no folder.
 */
export function makeFolder(directory: string): void {
  try {
    makeWithParents(directory);
  } catch (cause) {
    throw new PurserError("store_unavailable", `the data folder ${directory} cannot be made: ${reasonOf(cause)}`, {
      field: "data",
      remedy: "Name a folder that this user may write, with --data or as `data` in the configuration.",
      cause,
    });
  }
}

/** Step by step: Node's own `recursive` never ends where a folder can be neither found nor made, as under /proc. */
function makeWithParents(directory: string): void {
  if (isFolder(directory)) return;
  const parent = path.dirname(directory);
  if (parent !== directory) makeWithParents(parent);
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isFolder(directory)) throw error;
  }
}

function isFolder(directory: string): boolean {
  return statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
}

const reasons: Readonly<Record<string, string>> = {
  EEXIST: "there is a file in its place",
  ENOTDIR: "there is a file in its place",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the disk is read-only",
  ENOENT: "the file system takes no folder there",
};

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return reasons[code] ?? String(cause);
}
