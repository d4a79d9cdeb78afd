/** Measures one table cell: a target under a load, with the resources its process used. */

import type { Load } from "./load/load.ts";
import type { GroupResult, LoadGroup, RequestSpec } from "./load/job.ts";
import { processFigures } from "./report/process.ts";
import type { Target } from "./target/target.ts";
import type { BenchUpstream } from "./upstream/upstream.ts";

export interface CellGroup extends Omit<LoadGroup, "request"> {
  readonly request: Omit<RequestSpec, "path" | "headers" | "model">;
}

export interface CellOptions {
  readonly warmupMs: number;
  readonly measureMs: number | null;
  readonly groups: readonly CellGroup[];
}

export interface Cell {
  readonly groups: readonly GroupResult[];
  readonly memoryBytes: number | null;
  /** CPU of the target's process, all threads, per ended call, including warm-up. */
  readonly cpuMicroseconds: number | null;
}

export const smallRequest: CellGroup["request"] = {
  promptBytes: 400,
  maxTokens: 32,
  stream: false,
};

export async function measureCell(
  load: Load,
  target: Target,
  { warmupMs, measureMs, groups }: CellOptions,
): Promise<Cell> {
  const { path, headers, model, port, pid } = target;
  const before = processFigures(pid);
  const whole = groups.map((group) => ({
    ...group,
    request: { ...group.request, path, headers, model },
  }));
  const result = await load.run({ port, warmupMs, measureMs, groups: whole });
  const after = processFigures(pid);
  const ended = result.groups.reduce((sum, group) => sum + group.ended, 0);
  const isKnown = before.cpuSeconds !== null && after.cpuSeconds !== null && ended > 0;
  const cpuMicroseconds = isKnown ? ((after.cpuSeconds - before.cpuSeconds) * 1e6) / ended : null;
  return { groups: result.groups, memoryBytes: after.memoryBytes, cpuMicroseconds };
}

/** Warms up each target under full load with a zero-latency upstream, so its code is compiled. */
export async function warmUp(
  {
    load,
    upstream,
    targets,
  }: { readonly load: Load; readonly upstream: BenchUpstream; readonly targets: readonly Target[] },
  measureMs: number,
): Promise<void> {
  await upstream.set({ delayMs: 0, streamTokens: 20, gapMs: 0 });
  for (const target of targets) {
    for (const stream of [false, true]) {
      const group = {
        name: "warm-up",
        clients: 16,
        ratePerSecond: null,
        request: { ...smallRequest, stream },
      };
      await measureCell(load, target, { warmupMs: 0, measureMs, groups: [group] });
    }
  }
}

/** The only group of a cell. */
export function onlyGroup({ groups }: Cell): GroupResult {
  const [group] = groups;
  if (!group) throw new Error("a cell has a group");
  return group;
}

/** Reasons to reject a cell: errors, or too few calls for its percentiles. */
export function doubts(
  cell: Cell,
  { label, leastCalls }: { readonly label: string; readonly leastCalls: number },
): readonly string[] {
  return cell.groups.flatMap((group) => {
    const errors = Object.entries(group.statuses).filter(([status]) => status !== "200");
    const count = errors.reduce((sum, [, calls]) => sum + calls, 0);
    return [
      ...(count > 0
        ? [`${label}: ${count} errors, the first: ${group.firstError ?? "unknown"}`]
        : []),
      ...(group.calls < leastCalls
        ? [`${label}: ${group.calls} samples of ${group.name}, but ${leastCalls} are needed`]
        : []),
    ];
  });
}
