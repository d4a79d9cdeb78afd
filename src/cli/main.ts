/** The program `purser`: the one file of the command line that knows which implementations are used. */

import { runProgram } from "./program.ts";
import { makeParts } from "../compose/command-parts.ts";
import { screenOn } from "./terminal/screen.ts";

/** A reader that has seen enough (`purser report | head`) is no error. */
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? 0 : 1),
);

const words = process.argv.slice(2);
const screen = screenOn(process, {
  environment: process.env,
  color: !words.includes("--no-color"),
  json: words.includes("--json"),
});

/** Log lines are text where a person reads them, and JSON for programs; `PURSER_LOG_FORMAT` decides otherwise. */
const isTextLog =
  (process.env["PURSER_LOG_FORMAT"] ||
    (screen.notes.tty && !words.includes("--json") ? "text" : "json")) === "text";

process.exitCode = await runProgram(words, {
  screen,
  environment: process.env,
  parts: makeParts(process.env, isTextLog ? (text) => screen.notes.write(text) : undefined),
});

// What is left open by now is only waiting: it must not keep the shell waiting, too.
setTimeout(() => process.exit(), 1000).unref();
