/** Starts and controls the upstream process. */

import path from "node:path";
import { Child } from "../child.ts";
import type { UpstreamCount, UpstreamSetting } from "./setting.ts";

export interface BenchUpstream {
  readonly port: number;
  /** Applies to calls that arrive from now on. @returns The counts since the last call. */
  set(setting: UpstreamSetting): Promise<UpstreamCount>;
  close(): Promise<void>;
}

export async function startUpstream(): Promise<BenchUpstream> {
  const child = Child.fork(path.join(import.meta.dirname, "main.ts"));
  const { port } = await child.ask<{ readonly port: number }>({ port: true });
  return { port, set: (setting) => child.ask<UpstreamCount>(setting), close: () => child.end() };
}
