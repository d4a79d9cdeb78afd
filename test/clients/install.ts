/**
 * Installs the clients of this folder, once per lock file, separately from the product's
 * dependencies.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

export const clientFolder = import.meta.dirname;

/** @throws if npm fails. */
export function installClients(): void {
  const stamp = path.join(clientFolder, "node_modules", ".purser-installed");
  const lock = createHash("sha256")
    .update(readFileSync(path.join(clientFolder, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  process.stderr.write(
    "Installing the clients that the tests drive (once for this checkout) ...\n",
  );
  const npm = process.env["npm_execpath"];
  const words = ["ci", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"];
  const [command, first] = npm === undefined ? ["npm", words] : [process.execPath, [npm, ...words]];
  const done = spawnSync(command, first, { cwd: clientFolder, stdio: ["ignore", 2, 2] });
  if (done.status !== 0) throw new Error("`npm ci` failed in test/clients; its message is above");
  writeFileSync(stamp, lock);
}
