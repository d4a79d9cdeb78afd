/** A thread that reads one published list: a large one takes half a second. */

import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import type { ReadList } from "../../app/port/price-lists.ts";
import { assert } from "../../domain/assert.ts";
import { PurserError } from "../../domain/error.ts";
import type { CatalogueRow } from "../../domain/price/row/row.ts";
import { openBuiltInList } from "../built-in-list.ts";
import { correctList } from "../correct-list.ts";
import { readPublished } from "./source.ts";

export interface ListToRead {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * First the list, without its rows, and their number; then, for each message, some of the rows. The
 * class of an error is lost between threads, so its parts are sent.
 */
export type ReadMessage =
  | { readonly list: Omit<ReadList, "rows">; readonly rows: number }
  | { readonly part: readonly CatalogueRow[] }
  | { readonly problem: string; readonly detail: PurserError["detail"] };

const rowsAtOnce = 500;

const port = parentPort;
assert(port !== null, "a list is read in a worker thread");
const { text, at } = workerData as ListToRead;
try {
  const published = readPublished(text, { at });
  const { rows, ...list } = correctList(published, { at, builtIn: openBuiltInList() });
  const sha256 = createHash("sha256").update(text).digest("hex");
  let sent = 0;
  port.on("message", () => {
    port.postMessage({ part: rows.slice(sent, sent + rowsAtOnce) } satisfies ReadMessage);
    sent += rowsAtOnce;
  });
  port.postMessage({ list: { ...list, sha256 }, rows: rows.length } satisfies ReadMessage);
} catch (error) {
  if (!(error instanceof PurserError)) throw error;
  const { field, remedy } = error.detail;
  const detail = {
    ...(field !== undefined && { field }),
    ...(remedy !== undefined && { remedy }),
  };
  port.postMessage({ problem: error.message, detail } satisfies ReadMessage);
}
