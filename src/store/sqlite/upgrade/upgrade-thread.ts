/** Upgrades the file of an old version in a thread, so that the main thread can show that it waits. */

import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";

export interface UpgradeData {
  readonly directory: string;
}

/** @throws The SQLite error; the file is as it was. */
export async function upgradeInThread(directory: string): Promise<void> {
  // In the build, the file is named .js.
  const file = new URL(`./upgrade-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, { workerData: { directory } satisfies UpgradeData });
  // Rejects with the error of the thread, if it has one.
  await once(worker, "exit");
}
