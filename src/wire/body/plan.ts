/** Compiles once what a wire format reads from every body. */

import { KeyTable } from "./key-table.ts";
import { mediaKeys } from "./media.ts";

export interface ScanPlan {
  /**
   * Nested objects whose fields are recorded too, as dotted paths: `stream_options`,
   * `generationConfig.thinkingConfig`.
   */
  readonly nested?: readonly string[];
  /** Keys counted at any depth: `inlineData`, `cache_control`. */
  readonly keys?: readonly string[];
  /**
   * Keys whose short string values are counted at any depth, such as `ttl`. Always includes `type`.
   */
  readonly values?: readonly string[];
}

export interface PathPlan {
  readonly children: ReadonlyMap<string, PathPlan>;
}

export interface CompiledPlan {
  readonly paths: PathPlan;
  readonly keys: KeyTable;
  /** By index of a key: 1 if its string values are counted. */
  readonly valued: Uint8Array;
}

export function compilePlan(plan: ScanPlan): CompiledPlan {
  const valued = new Set(["type", ...(plan.values ?? [])]);
  const keys = new KeyTable([...mediaKeys, ...(plan.keys ?? []), ...valued]);
  return {
    paths: compilePaths(plan.nested ?? []),
    keys,
    valued: Uint8Array.from(keys.names, (name) => (valued.has(name) ? 1 : 0)),
  };
}

function compilePaths(paths: readonly string[]): PathPlan {
  const heads = new Map<string, string[]>();
  for (const path of paths) {
    const [head = "", ...tail] = path.split(".");
    const tails = heads.get(head) ?? [];
    if (tail.length > 0) tails.push(tail.join("."));
    heads.set(head, tails);
  }
  return { children: new Map([...heads].map(([head, tails]) => [head, compilePaths(tails)])) };
}
