/** Runs each piece of ledger work in a new process. */

import path from "node:path";
import { Child } from "../child.ts";
import type { Done, Work } from "./work.ts";

/** @param end How the process ends when the work is done: an orderly exit or a crash. */
export async function doWork(work: Work, end: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<Done> {
  const child = Child.fork(path.join(import.meta.dirname, "main.ts"));
  const done = await child.ask<Done>(work);
  child.kill(end);
  await child.exited();
  return done;
}
