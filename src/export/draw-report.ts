/** Has printed reports drawn in a thread of their own, so that calls are not delayed. */

import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { ReportFigures } from "../app/port/file-writer.ts";

/** @returns The PDF. */
export function drawReport(figures: ReportFigures): Promise<Uint8Array> {
  // In the build, the file is named .js.
  const file = new URL(`./report-thread${extname(import.meta.url)}`, import.meta.url);
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData: figures });
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the thread that draws a report ended early")));
  });
}
