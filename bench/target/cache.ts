/** Installs other gateways when they are first measured, into a folder outside version control. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

export const cacheFolder = path.join(import.meta.dirname, "../.cache");

export interface PeerPackage {
  readonly name: string;
  readonly manifest: {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly overrides?: Readonly<Record<string, string>>;
  };
}

/**
 * Installs without install scripts, so only the measured code of a peer runs.
 *
 * @returns The folder with its `node_modules`.
 * @throws Error with npm's message when the registry cannot be reached.
 */
export function installPeer({ name, manifest }: PeerPackage): string {
  const folder = path.join(cacheFolder, name);
  const stamp = path.join(folder, ".installed");
  if (existsSync(stamp)) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ private: true, ...manifest }));
  const words = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const done = spawnSync("npm", words, {
    cwd: folder,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (done.status !== 0)
    throw new Error(
      `npm could not install ${name}: ${done.error?.message ?? done.stderr}. Use \`--without ${name}\` to skip it.`,
    );
  writeFileSync(stamp, "");
  return folder;
}

/** A new data folder on the repository's disk, so that syncs are real. */
export function freshFolder(name: string): string {
  const folder = path.join(
    cacheFolder,
    "data",
    `${name}-${process.pid}-${Date.now().toString(36)}`,
  );
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
