/**
 * Memory and CPU time of another process, from the operating system. Linux only; null elsewhere.
 */

import { readFileSync } from "node:fs";

export interface ProcessFigures {
  readonly memoryBytes: number | null;
  /** CPU time of all threads since the process started, in steps of 10 ms. */
  readonly cpuSeconds: number | null;
}

const ticksPerSecond = 100;

export function processFigures(pid: number | null): ProcessFigures {
  if (pid === null || process.platform !== "linux") return { memoryBytes: null, cpuSeconds: null };
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program name in parentheses and may contain spaces; fields after it
  // count from 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    memoryBytes: kilobytes === undefined ? null : Number(kilobytes) * 1024,
    cpuSeconds: ticks / ticksPerSecond,
  };
}

/** The highest resident size since the process started. Linux only; null elsewhere. */
export function peakMemory(pid: number | null): number | null {
  if (pid === null || process.platform !== "linux") return null;
  const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
