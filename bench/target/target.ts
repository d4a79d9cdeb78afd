/**
 * A target under test: the gateway or proxy between the load generator and the upstream, or none.
 */

import type { Table } from "../bench.ts";

export interface Target {
  readonly name: TargetName;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
  /** Null if there is no process in between. */
  readonly pid: number | null;
  close(): Promise<void>;
}

export const targetNames = [
  "direct",
  "proxy",
  "purser-bare",
  "purser",
  "purser-other",
  "portkey",
] as const;

export type TargetName = (typeof targetNames)[number];

/** Table notes that explain each target. */
export const targetNotes: Table["notes"] = [
  "direct: the load generator calls the upstream itself.",
  "proxy: node:http with an undici pool that passes bytes on: no parsing, no keys, no ledger.",
  "purser-bare: Purser with a key and no budgets, ledger not synced to disk (`durability: process`).",
  "purser: Purser with four levels of hard budgets and a durable ledger (`durability: full`): a call is forwarded after its hold is on disk.",
  "purser-other: the same settings, with the code of another checkout (`--other`).",
  "portkey: Portkey's open-source gateway: no keys, no metering, no budgets, no ledger.",
];
