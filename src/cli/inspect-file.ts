/** Whether the configuration file changed after the server that reads it at its start. */

import { stat } from "node:fs/promises";
import path from "node:path";
import type { StatusJson } from "../contract/status.ts";
import { type Finding, warning } from "./finding.ts";

/** @param file The file of this shell, in case that the server was started without one. */
export async function inspectFileAge(
  { configuration, started_at: started }: Pick<StatusJson, "configuration" | "started_at">,
  file = "purser.yaml",
): Promise<readonly Finding[]> {
  // A server of an earlier version does not report its file.
  const read = configuration ?? path.resolve(file);
  const facts = await stat(read).catch(() => undefined);
  if (!facts || facts.mtimeMs <= Date.parse(started)) return [];
  const changed = facts.mtime.toISOString();
  const without = configuration === null ? ", without a configuration file" : "";
  return [
    warning("configuration", {
      message: `${read} was changed at ${changed}, after the server started at ${started}${without}`,
      remedy: "Restart the server: it reads the file only when it starts.",
    }),
  ];
}
