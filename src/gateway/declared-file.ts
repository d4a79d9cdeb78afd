/** `declared.json` in the data folder: what the last configuration named, so that the next start can report the differences. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DeclarationMemory, DeclaredNames } from "../app/declared.ts";

export function declaredFile(directory: string): DeclarationMemory {
  const file = join(directory, "declared.json");
  return {
    read: async () => {
      const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return null;
        throw error;
      });
      return text === null ? null : parse(text);
    },
    write: (names) => writeFile(file, `${JSON.stringify(names)}\n`, { mode: 0o600 }),
  };
}

/** @returns null for a file that a crash left incomplete: everything is then reported as new. */
function parse(text: string): DeclaredNames | null {
  try {
    const { budgets, keys, prices } = JSON.parse(text) as Partial<DeclaredNames>;
    return { budgets: budgets ?? [], keys: keys ?? [], prices: prices ?? {} };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
