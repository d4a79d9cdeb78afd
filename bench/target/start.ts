/** Starts the targets to compare, all with the same upstream. */

import type { BenchOptions } from "../bench.ts";
import { direct } from "./direct.ts";
import { startPortkey } from "./portkey.ts";
import { startProxy } from "./proxy.ts";
import { fourLevels, startPurser } from "./purser.ts";
import { targetNames, type Target, type TargetName } from "./target.ts";

export type TargetOptions = Pick<BenchOptions, "without" | "other">;

export interface Targets {
  readonly all: readonly Target[];
  close(): Promise<void>;
}

export async function startTargets(
  upstreamPort: number,
  { without, other }: TargetOptions,
): Promise<Targets> {
  const names = targetNames.filter(
    (name) => !without.includes(name) && (name !== "purser-other" || other !== null),
  );
  const all: Target[] = [];
  const close = async (): Promise<void> => {
    for (const target of all) await target.close();
  };
  try {
    for (const name of names) all.push(await start(name, upstreamPort, other));
  } catch (error) {
    await close();
    throw error;
  }
  return { all, close };
}

function start(
  name: TargetName,
  upstreamPort: number,
  other: TargetOptions["other"],
): Promise<Target> {
  const upstream = `http://127.0.0.1:${upstreamPort}/v1`;
  const starters: Readonly<Record<TargetName, () => Promise<Target>>> = {
    direct: async () => direct(upstreamPort),
    proxy: () => startProxy(upstreamPort),
    "purser-bare": () => startPurser({ name, upstream, durability: "process", budgets: [] }),
    purser: () => startPurser({ name, upstream, durability: "full", budgets: fourLevels }),
    "purser-other": () =>
      startPurser({
        name,
        upstream,
        durability: "full",
        budgets: fourLevels,
        ...(other === null ? {} : { root: other }),
      }),
    portkey: () => startPortkey(upstreamPort),
  };
  return starters[name]();
}
