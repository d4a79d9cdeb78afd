/** The machine and versions of a run. */

import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { version } from "../../src/version.ts";

export interface Machine {
  readonly at: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memory_bytes: number;
  readonly system: string;
  /**
   * Load average over the last minute when the benchmark began: other processes distort the
   * figures.
   */
  readonly load_before: number;
  readonly versions: Readonly<Record<string, string>>;
}

export function describeMachine(): Machine {
  return {
    at: new Date().toISOString(),
    cpu: os.cpus()[0]?.model ?? "unknown",
    cores: os.availableParallelism(),
    memory_bytes: os.totalmem(),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    load_before: os.loadavg()[0] ?? 0,
    versions: {
      purser: version,
      node: process.versions.node,
      v8: process.versions.v8,
      sqlite: process.versions["sqlite"] ?? "",
      ...peers(),
    },
  };
}

/** Versions of the peers installed in the cache. */
function peers(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const [name, folder] of [
    ["portkey", "portkey/node_modules/@portkey-ai/gateway"],
    ["tiktoken", "tiktoken/node_modules/tiktoken"],
  ] as const) {
    const found = versionIn(path.join(import.meta.dirname, "../.cache", folder, "package.json"));
    if (found !== undefined) versions[name] = found;
  }
  return versions;
}

function versionIn(file: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
