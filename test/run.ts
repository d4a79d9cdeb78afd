/**
 * Runs all tests, or the files given as arguments: `npm test -- src/domain/price/sheet.test.ts`.
 */

import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

const patterns = process.argv.slice(2);
// The installed clients contain test files of their own.
const all = (): string[] =>
  globSync(["src/**/*.test.ts", "test/**/*.test.ts", "bench/**/*.test.ts"], {
    exclude: (name) => name === "node_modules" || name.endsWith("/node_modules"),
  });
const files = patterns.length > 0 ? patterns : all();
const run = spawnSync(
  process.execPath,
  ["--test", "--test-reporter=spec", "--test-timeout=600000", ...files],
  { stdio: "inherit" },
);
process.exitCode = run.status ?? 1;
