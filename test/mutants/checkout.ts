/** A copy of the checkout for running mutants. The working tree is never touched. */

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

export interface Checkout {
  readonly folder: string;
  /** Runs `work` while a file has a different text, then restores the file. */
  withText<Result>(
    change: { readonly file: string; readonly text: string },
    work: () => Promise<Result>,
  ): Promise<Result>;
  remove(): void;
}

const left: ReadonlySet<string> = new Set(["node_modules", ".git", "dist", ".cache", ".purser"]);

export function copyCheckout(root: string): Checkout {
  const folder = mkdtempSync(path.join(os.tmpdir(), "purser-mutants-"));
  cpSync(root, folder, { recursive: true, filter: (name) => !left.has(path.basename(name)) });
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"), "junction");
  return {
    folder,
    async withText({ file, text }, work) {
      const name = path.join(folder, file);
      const before = readFileSync(name);
      writeFileSync(name, text);
      try {
        return await work();
      } finally {
        writeFileSync(name, before);
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
