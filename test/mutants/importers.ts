/** Finds the tests that run a source: those that import it, directly or indirectly. */

import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";

/**
 * Maps each source to its importers. Tests that start whole processes are excluded: they are too
 * slow to run for each mutant.
 */
export type Importers = ReadonlyMap<string, readonly string[]>;

export function readImporters(root: string): Importers {
  const importers = new Map<string, string[]>();
  for (const file of globSync("src/**/*.ts", { cwd: root })) {
    const name = file.split(path.sep).join("/");
    for (const target of importsOf(root, name))
      importers.set(target, [...(importers.get(target) ?? []), name]);
  }
  return importers;
}

/** Sorted by distance, then by name. */
export function testsOf(file: string, importers: Importers): readonly string[] {
  const reached = new Set([file]);
  for (let ring: readonly string[] = [file]; ring.length > 0;) {
    ring = ring
      .flatMap((name) => importers.get(name) ?? [])
      .filter((name) => !reached.has(name))
      .toSorted();
    for (const name of ring) reached.add(name);
  }
  return [...reached].filter((name) => name.endsWith(".test.ts"));
}

/** Finds imports, and files started as threads by URL. Type-only imports do not run. */
function importsOf(root: string, name: string): readonly string[] {
  const text = readFileSync(path.join(root, name), "utf8").replaceAll(
    /^(?:im|ex)port type [^"]*"[^"]*";/gm,
    "",
  );
  const targets = [...text.matchAll(/"(\.\.?\/[^"\n]*\.ts)"/g)].map(([, target = ""]) =>
    path.posix.join(path.posix.dirname(name), target),
  );
  return targets.filter((target) => existsSync(path.join(root, target)));
}
