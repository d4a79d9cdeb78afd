/** A thread that reads one published list: a large one takes half a second. */

import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../domain/assert.ts";
import { PurserError } from "../../domain/error.ts";
import type { StatedList } from "../../domain/price/update/list-change.ts";
import { readPublished } from "./source.ts";

export interface ListToRead {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The class of an error is lost between threads, so its parts are sent. */
export type ReadMessage =
  | { readonly list: StatedList }
  | { readonly problem: string; readonly detail: PurserError["detail"] };

assert(parentPort !== null, "a list is read in a worker thread");
parentPort.postMessage(read(workerData as ListToRead));

function read({ text, at }: ListToRead): ReadMessage {
  try {
    return { list: readPublished(text, { at }) };
  } catch (error) {
    if (!(error instanceof PurserError)) throw error;
    const { field, remedy } = error.detail;
    const detail = {
      ...(field !== undefined && { field }),
      ...(remedy !== undefined && { remedy }),
    };
    return { problem: error.message, detail };
  }
}
