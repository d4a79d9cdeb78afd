/** The writer thread: takes one batch after another, and says of each whether it is on file. */

import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../../domain/assert.ts";
import { openForWriting } from "../schema.ts";
import type { Batch, WriterData, WriterMessage } from "./batch.ts";
import { BatchWriter } from "./batch-writer.ts";

assert(parentPort !== null, "the writer runs as a worker thread");
const port = parentPort;
const { directory, durability } = workerData as WriterData;
const database = openForWriting(directory, durability);
const writer = new BatchWriter(database);

port.on("message", (batch: Batch | "close") => {
  if (batch === "close") {
    database.close();
    port.close();
    return;
  }
  report(write(batch));
});

function write(batch: Batch): WriterMessage {
  try {
    writer.write(batch);
    return { kind: "written", number: batch.number };
  } catch (error) {
    return { kind: "failed", number: batch.number, message: error instanceof Error ? error.message : String(error) };
  }
}

function report(message: WriterMessage): void {
  port.postMessage(message);
}

report({ kind: "ready" });
