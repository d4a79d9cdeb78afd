/** Starts the load generator process and gives it jobs. */

import path from "node:path";
import { Child } from "../child.ts";
import type { LoadJob, LoadResult } from "./job.ts";

export interface Load {
  run(job: LoadJob): Promise<LoadResult>;
  close(): Promise<void>;
}

export function startLoad(): Load {
  const child = Child.fork(path.join(import.meta.dirname, "main.ts"));
  return { run: (job) => child.ask<LoadResult>(job), close: () => child.end() };
}
