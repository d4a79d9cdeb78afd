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
    const known = await sizeOf(file);
    if (known !== null) return known;
    const partial = path.join(folder, `.${name}.part`);
    await rm(partial, { force: true });
    try {
      await pipeline(parts, createWriteStream(partial, { mode: 0o600, flush: true }), { signal });
      const size = await sizeOf(partial);
      await rename(partial, file);
      await sync(folder);
      return size ?? 0;
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

async function sizeOf(file: string): Promise<number | null> {
  return stat(file).then(
    ({ size }) => size,
    () => null,
  );
}

/** So that the new name survives a crash of the machine, where folders can be synced. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
