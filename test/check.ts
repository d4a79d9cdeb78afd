/**
 * Checks types, lint rules and formatting: `npm run check`. `npm run check -- --fix` fixes the
 * formatting.
 */

import { spawnSync } from "node:child_process";

const fix = process.argv.includes("--fix");
const checks: readonly (readonly string[])[] = [
  ["node_modules/typescript/bin/tsc", "-p", "."],
  ["node_modules/oxlint/bin/oxlint", "--type-aware", "--deny-warnings", ...(fix ? ["--fix"] : [])],
  ["node_modules/oxfmt/bin/oxfmt", ...(fix ? [] : ["--check"])],
];

for (const command of checks) {
  const run = spawnSync(process.execPath, command, { stdio: "inherit" });
  if (run.status !== 0) process.exitCode = 1;
}
