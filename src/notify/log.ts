/** Writes each event as a line of JSON, to standard output or to a file. */

import { appendFile } from "node:fs/promises";
import type { Notifier } from "../app/port/notifier.ts";
import type { LogTarget } from "../app/port/notifier-settings.ts";

export function makeLogNotifier(
  { path }: LogTarget,
  { name, write }: { readonly name: string; readonly write: (line: string) => void },
): Notifier {
  return {
    name,
    kind: "log",
    send: async (event) => {
      const line = `${JSON.stringify(event)}\n`;
      if (path === null) write(line);
      else await appendFile(path, line, { mode: 0o600, flush: true });
    },
  };
}
