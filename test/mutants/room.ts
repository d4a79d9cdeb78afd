/** Rooms: the parts of the sources that the report covers. */

import { globSync } from "node:fs";
import path from "node:path";

export interface Room {
  /** The name given on the command line, such as `domain/price` or `app/hold`. */
  readonly name: string;
  /** Relative to the checkout, with `/`. */
  readonly files: readonly string[];
}

/** The rooms that make decisions about money. */
export const usualRooms: readonly string[] = [
  "domain",
  "domain/price",
  "domain/ledger",
  "app/hold",
  "app/settle",
  "app/desk",
  "gateway",
];

/**
 * @param names Folders or patterns of files in `src`. A file that matches several belongs to the
 *   longest name.
 * @throws Error for a name that matches no source.
 */
export function findRooms(root: string, names: readonly string[]): readonly Room[] {
  const taken = new Set<string>();
  const byLength = names.toSorted((a, b) => b.length - a.length);
  const files = new Map(byLength.map((name) => [name, take(sourcesOf(root, name), taken)]));
  return names.map((name) => ({ name, files: files.get(name) ?? [] }));
}

function sourcesOf(root: string, name: string): readonly string[] {
  const files = globSync([`src/${name}/**/*.ts`, `src/${name}.ts`, `src/${name}`], { cwd: root })
    .map((file) => file.split(path.sep).join("/"))
    .filter((file) => file.endsWith(".ts") && !file.includes(".test"));
  if (files.length === 0)
    throw new Error(
      `No source is in src/${name}. Name a folder of src, such as domain/price, or files, such as app/hold/slices*`,
    );
  return files.toSorted();
}

function take(files: readonly string[], taken: Set<string>): readonly string[] {
  const fresh = files.filter((file) => !taken.has(file));
  for (const file of fresh) taken.add(file);
  return fresh;
}
