/** Runs test files and writes what becomes of them, a line of JSON for each test as it ends. A process of its own, so that it can be killed. */

import { run } from "node:test";
import type { TestEnd } from "./trial.ts";

const stream = run({ files: process.argv.slice(2), concurrency: true });
stream.on("test:complete", ({ name, file, details }) => {
  const { passed, duration_ms: durationMs } = details;
  const end: TestEnd = { file: file ?? name, name, passed, durationMs };
  process.stdout.write(`${JSON.stringify(end)}\n`);
});
stream.resume();
