/** Runs the tests: all of them, or the files given as arguments. `npm test -- src/domain/price/sheet.test.ts` */

import { spawnSync } from "node:child_process";

const files = process.argv.slice(2);
const patterns = files.length > 0 ? files : ["src/**/*.test.ts", "test/**/*.test.ts", "bench/**/*.test.ts"];
const run = spawnSync(process.execPath, ["--test", "--test-reporter=spec", "--test-timeout=600000", ...patterns], { stdio: "inherit" });
process.exitCode = run.status ?? 1;
