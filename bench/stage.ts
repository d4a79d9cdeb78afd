/**
 * Starts the upstream, the load generator and the targets, each as its own process, for one
 * benchmark.
 */

import { startLoad, type Load } from "./load/load.ts";
import { startTargets, type TargetOptions } from "./target/start.ts";
import type { Target } from "./target/target.ts";
import { startUpstream, type BenchUpstream } from "./upstream/upstream.ts";

export interface Stage {
  readonly upstream: BenchUpstream;
  readonly load: Load;
  readonly targets: readonly Target[];
}

export async function onStage<Result>(
  options: TargetOptions,
  work: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const upstream = await startUpstream();
  const load = startLoad();
  try {
    const targets = await startTargets(upstream.port, options);
    try {
      return await work({ upstream, load, targets: targets.all });
    } finally {
      await targets.close();
    }
  } finally {
    await load.close();
    await upstream.close();
  }
}
