/** Reads a file given on the command line. A missing file is a usage error (exit code 2). */

import { readFile } from "node:fs/promises";
import { PurserError } from "../domain/error.ts";

/**
 * @param field The option or argument that names the file.
 * @throws PurserError `invalid_request` if the path is not a file; the system error if it cannot be
 *   read.
 */
export async function readNamedFile(
  file: string,
  field: string,
  remedy = "Give the path of a file.",
): Promise<string> {
  return readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const problem = problems[cause.code ?? ""];
    if (problem === undefined) throw cause;
    throw new PurserError("invalid_request", `${field}: ${file} ${problem}`, {
      field,
      remedy,
      cause,
    });
  });
}

const problems: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist",
  EISDIR: "is a folder",
};
