/**
 * Runs test files and prints each test's result as a line of JSON. Runs as its own process, so it
 * can be killed.
 */

import { run } from "node:test";
import type { TestEnd } from "./trial.ts";

const stream = run({ files: process.argv.slice(2), concurrency: true });
stream.on("test:complete", ({ name, file, details }) => {
  const { passed, duration_ms: durationMs } = details;
  const end: TestEnd = { file: file ?? name, name, passed, durationMs };
  process.stdout.write(`${JSON.stringify(end)}\n`);
});
stream.resume();
