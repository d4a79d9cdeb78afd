/** Creates the data folder, readable only by its owner. */

import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { PurserError } from "../../domain/error.ts";

/**
 * Creates the folder and its missing parents; an existing folder is left unchanged.
 *
 * @throws PurserError `store_unavailable` if it cannot be created or is not a folder.
 */
export function makeFolder(directory: string): void {
  try {
    makeWithParents(directory);
  } catch (cause) {
    throw new PurserError(
      "store_unavailable",
      `the data folder ${directory} cannot be created: ${reasonOf(cause)}`,
      {
        field: "data",
        remedy:
          "Choose a folder that this user can write, with --data or `data` in the configuration.",
        cause,
      },
    );
  }
}

/**
 * Step by step: Node's `recursive` never returns where a folder can be neither found nor created,
 * as in /proc.
 */
function makeWithParents(directory: string): void {
  if (isFolder(directory)) return;
  const parent = path.dirname(directory);
  if (parent !== directory) makeWithParents(parent);
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Another process may have created it meanwhile.
    if (!isFolder(directory)) throw error;
  }
}

function isFolder(directory: string): boolean {
  return statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
}

const reasons: Readonly<Record<string, string>> = {
  EEXIST: "a file is in its place",
  ENOTDIR: "a file is in its place",
  EACCES: "this user has no write permission there",
  EPERM: "this user has no write permission there",
  EROFS: "the disk is read-only",
  ENOENT: "the file system does not allow a folder there",
};

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return reasons[code] ?? String(cause);
}
