/** The program `purser`: the one file of the command line that knows which implementations are used. */

import { runProgram } from "./program.ts";
import { makeParts } from "./parts.ts";
import { screenOn } from "./terminal/screen.ts";

/** A reader that has seen enough (`purser report | head`) is no error. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

process.exitCode = await runProgram(process.argv.slice(2), {
  screen: screenOn(process, process.env),
  environment: process.env,
  parts: makeParts(process.env),
});

// What is left open by now is only waiting: it must not keep the shell waiting, too.
setTimeout(() => process.exit(), 1000).unref();
