/** Peers are installed when they are first measured, into a folder that is not part of the repository. */

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
 * Without install scripts: nothing of a peer is run but what is measured.
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
  const done = spawnSync("npm", words, { cwd: folder, encoding: "utf8", shell: process.platform === "win32" });
  if (done.status !== 0)
    throw new Error(`npm could not install ${name}: ${done.error?.message ?? done.stderr}. \`--without ${name}\` leaves it out.`);
  writeFileSync(stamp, "");
  return folder;
}

/** A fresh folder for data, on the same disk as the repository, so that a sync is a sync. */
export function freshFolder(name: string): string {
  const folder = path.join(cacheFolder, "data", `${name}-${process.pid}-${Date.now().toString(36)}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
