/** The program `purser`: the only file of the command line that chooses implementations. */

import { runProgram } from "./program.ts";
import { makeParts } from "../compose/command-parts.ts";
import { screenOn } from "./terminal/screen.ts";

/** A reader that closes the pipe early (`purser report | head`) is not an error. */
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? 0 : 1),
);

const words = process.argv.slice(2);
const screen = screenOn(process, {
  environment: process.env,
  color: !words.includes("--no-color"),
  json: words.includes("--json"),
});

/** Logs are text on a terminal, and JSON otherwise; `PURSER_LOG_FORMAT` overrides this. */
const isTextLog =
  (process.env["PURSER_LOG_FORMAT"] ||
    (screen.notes.tty && !words.includes("--json") ? "text" : "json")) === "text";

process.exitCode = await runProgram(words, {
  screen,
  environment: process.env,
  parts: makeParts(process.env, isTextLog ? (text) => screen.notes.write(text) : undefined),
});

// Anything still open is only waiting, and must not keep the shell waiting, too.
setTimeout(() => process.exit(), 1000).unref();
