/** `server.json` in the data folder: how the command line finds the server that runs on it. */

import { rm, writeFile } from "node:fs/promises";
import path from "node:path";

/**
 * @param token Grants administrator access while the server runs: anyone who can read the folder
 *   already has full access.
 */
export async function writeServerFile(
  dataDirectory: string,
  note: { readonly url: string; readonly token: string },
): Promise<void> {
  const text = JSON.stringify({ pid: process.pid, ...note });
  await writeFile(fileIn(dataDirectory), text, { mode: 0o600 });
}

export async function removeServerFile(dataDirectory: string): Promise<void> {
  await rm(fileIn(dataDirectory), { force: true });
}

function fileIn(dataDirectory: string): string {
  return path.join(dataDirectory, "server.json");
}
