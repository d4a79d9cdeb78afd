/** What stands between the load generator and the upstream. Contract of this folder. */

import type { Table } from "../bench.ts";

export interface Target {
  readonly name: TargetName;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
  /** Null where there is no process in between. */
  readonly pid: number | null;
  close(): Promise<void>;
}

export const targetNames = ["direct", "proxy", "purser-bare", "purser", "portkey"] as const;

export type TargetName = (typeof targetNames)[number];

/** What each is, for the reader of a table. */
export const targetNotes: Table["notes"] = [
  "direct: the load generator calls the upstream itself.",
  "proxy: node:http in front of an undici pool, which passes bytes on: no parsing, no keys, no books.",
  "purser-bare: Purser with a key and no budgets, ledger not synced to disk (`durability: process`).",
  "purser: Purser with four levels of hard budgets and a durable ledger (`durability: full`): a call is forwarded after its hold is on disk.",
  "portkey: Portkey's open-source gateway: no keys, no metering, no budgets, no ledger.",
];
