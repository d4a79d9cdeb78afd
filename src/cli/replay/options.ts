/** The options of a replay. */

import type { JsonOption } from "../option.ts";

export interface ReplayOptions extends JsonOption {
  readonly speed: "1" | "10" | "max";
  readonly teams: number;
  readonly agents: number;
  readonly users: number;
  readonly limit?: number;
  readonly concurrency: number;
  readonly streamShare: number;
  readonly seed: number;
  readonly teamBudget?: string;
  readonly url?: string;
  readonly key?: string;
  readonly adminKey?: string;
  readonly simulator?: string;
  readonly data?: string;
}
