/** Stores results: one JSON file per benchmark, with the machine, the versions and every round. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { BenchOptions, BenchResult } from "../bench.ts";
import type { Machine } from "./machine.ts";

const folder = path.join(import.meta.dirname, "../results");

export interface StoredResult extends BenchResult {
  readonly name: string;
  readonly title: string;
  readonly valid: boolean;
  readonly machine: Machine;
  readonly options: BenchOptions;
}

export function storeResult(result: StoredResult): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${result.name}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return file;
}

/** Sorted by name. */
export function storedResults(): readonly StoredResult[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), "utf8")) as StoredResult);
}
