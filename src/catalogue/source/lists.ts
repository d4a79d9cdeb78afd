/** The published price lists that Purser can read, and download when asked. */

import { once } from "node:events";
import { extname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { PriceLists, ReadList } from "../../app/port/price-lists.ts";
import { PurserError } from "../../domain/error.ts";
import type { CatalogueRow } from "../../domain/price/row/row.ts";
import { downloadList } from "./download.ts";
import type { ListToRead, ReadMessage } from "./read-list.ts";

export const priceLists: PriceLists = {
  read: readInThread,
  download: downloadList,
};

/** The thread sends the rows in parts, as asked: each is copied at once. */
async function readInThread(text: string, at: number): Promise<ReadList> {
  // In the build, the file is named .js.
  const file = new URL(`./read-list${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, { workerData: { text, at } satisfies ListToRead });
  try {
    const first = await received(worker);
    if ("problem" in first) throw new PurserError("invalid_request", first.problem, first.detail);
    if (!("list" in first)) throw new Error("the thread sends the list first");
    const rows: CatalogueRow[] = [];
    while (rows.length < first.rows) {
      worker.postMessage("more");
      const next = await received(worker);
      if ("part" in next) rows.push(...next.part);
      await setImmediate();
    }
    return { ...first.list, rows };
  } finally {
    await worker.terminate();
  }
}

async function received(worker: Worker): Promise<ReadMessage> {
  const [message] = (await once(worker, "message")) as [ReadMessage];
  return message;
}
