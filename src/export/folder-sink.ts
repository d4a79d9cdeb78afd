/** Keeps exported files in a folder: each appears when it is complete. */

import { createWriteStream } from "node:fs";
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { ExportSink, FileToKeep } from "../app/port/export-schedule.ts";

export class FolderSink implements ExportSink {
  readonly #folder: string;
  readonly #dataFolder: string;

  constructor(folder: string, dataFolder: string) {
    this.#folder = folder;
    this.#dataFolder = dataFolder;
  }

  /** After a crash, the part that is left has the same name, and is replaced. */
  async keep({ name, parts }: FileToKeep, signal: AbortSignal): Promise<number> {
    const folder = await this.#realFolder();
    const file = path.join(folder, name);
    const known = await sizeOfKept(file);
    if (known !== null) return known;
    const partial = path.join(folder, `.${name}.part`);
    await rm(partial, { force: true });
    try {
      await pipeline(parts, createWriteStream(partial, { mode: 0o600, flush: true }), { signal });
      const { size } = await stat(partial);
      await rename(partial, file);
      await sync(folder);
      return size;
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }

  /** Links are followed, so that none leads into the data folder. */
  async #realFolder(): Promise<string> {
    const folder = await realpath(this.#folder).catch((cause: unknown) => {
      throw new Error(`there is no folder ${this.#folder}: create it`, { cause });
    });
    if (isInside(folder, await realpath(this.#dataFolder)))
      throw new Error(`the folder ${this.#folder} is inside the data folder: choose another one`);
    return folder;
  }
}

/** Whether a path is a folder or in it. */
export function isInside(inner: string, folder: string): boolean {
  const way = path.relative(folder, inner);
  return way === "" || (!way.startsWith("..") && !path.isAbsolute(way));
}

/**
 * @returns Null if there is none.
 * @throws Error for what is no whole file: no format has empty ones.
 */
async function sizeOfKept(file: string): Promise<number | null> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (found === null) return null;
  if (found.isFile() && found.size > 0) return found.size;
  throw new Error(`${file} is ${found.isFile() ? "empty" : "no regular file"}: move it away`);
}

/** So that the new name survives a crash of the machine, where folders can be synced. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
