/** Reads a file given on the command line. A missing or endless one is a usage error (exit code 2). */

import { createReadStream } from "node:fs";
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
  return readBounded(file).catch((cause: NodeJS.ErrnoException) => {
    const problem = cause instanceof TooLong ? cause.message : problems[cause.code ?? ""];
    if (problem === undefined) throw cause;
    throw new PurserError("invalid_request", `${field}: ${file} ${problem}`, {
      field,
      remedy,
      cause,
    });
  });
}

/** More than any file for a command. A device, such as `/dev/zero`, has no end. */
const mostBytes = 64 * 1024 * 1024;

class TooLong extends Error {}

async function readBounded(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > mostBytes) throw new TooLong(`is longer than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const problems: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist",
  EISDIR: "is a folder",
};
