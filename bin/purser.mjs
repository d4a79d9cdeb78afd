#!/usr/bin/env node
/** The command `purser`: runs the built package, or the sources of a checkout without a build. */

import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runWithPinnedNode } from "./runtime.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const built = path.join(root, "dist", "cli", "main.js");
const source = path.join(root, "src", "cli", "main.ts");

if (existsSync(built)) {
  runWithPinnedNode([built, ...process.argv.slice(2)]);
} else if (existsSync(source)) {
  process.argv.splice(2, 0, source);
  await import("./launch.mjs");
} else {
  process.stderr.write(
    `This copy of Purser is incomplete: ${built} is missing. Install it again, or run \`npm run build\` in a checkout.\n`,
  );
  process.exitCode = 1;
}
