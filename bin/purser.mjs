#!/usr/bin/env node
/** The command of the installed package. */

import path from "node:path";
import { fileURLToPath } from "node:url";
import { runWithPinnedNode } from "./runtime.mjs";

const main = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), "dist", "cli", "main.js");

runWithPinnedNode([main, ...process.argv.slice(2)]);
