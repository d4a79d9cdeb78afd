/** The published price lists that Purser can read, and download when asked. */

import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { PriceLists } from "../../app/port/price-lists.ts";
import { PurserError } from "../../domain/error.ts";
import type { StatedList } from "../../domain/price/update/list-change.ts";
import { downloadList } from "./download.ts";
import type { ListToRead, ReadMessage } from "./read-list.ts";

export const priceLists: PriceLists = {
  read: readInThread,
  download: downloadList,
};

async function readInThread(text: string, at: number): Promise<StatedList> {
  // In the build, the file is named .js.
  const file = new URL(`./read-list${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, { workerData: { text, at } satisfies ListToRead });
  const [message] = (await once(worker, "message")) as [ReadMessage];
  if ("list" in message) return message.list;
  throw new PurserError("invalid_request", message.problem, message.detail);
}
