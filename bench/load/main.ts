/** The load generator process: runs one job after another for its parent. */

import type { LoadJob, LoadResult } from "./job.ts";
import { runGroup } from "./run-group.ts";

process.on("message", (job: LoadJob) => {
  Promise.all(job.groups.map((group) => runGroup(job, group))).then(
    (groups) => process.send?.({ groups } satisfies LoadResult),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});
