/** The benchmark's end of the process with the ledger: a fresh one for each piece of work. */

import path from "node:path";
import { Child } from "../child.ts";
import type { Done, Work } from "./work.ts";

/** @param end How the process ends when the work is done: in order, or as in a crash. */
export async function doWork(work: Work, end: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<Done> {
  const child = Child.fork(path.join(import.meta.dirname, "main.ts"));
  const done = await child.ask<Done>(work);
  child.kill(end);
  await child.exited();
  return done;
}
