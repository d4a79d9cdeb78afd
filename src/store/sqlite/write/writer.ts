/** The writer thread: takes one batch after another, says of each when it is on file, and books them when there is time. */

import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../../domain/assert.ts";
import { openForWriting } from "../schema.ts";
import type { WriterData, WriterMessage, WriterRequest } from "./batch.ts";
import { BatchWriter } from "./batch-writer.ts";
import { Staging } from "./staging.ts";

/** A batch waits so long at most for others to be booked with it. */
const idleMs = 20;

assert(parentPort !== null, "the writer runs as a worker thread");
const port = parentPort;
const { directory, durability } = workerData as WriterData;
const database = openForWriting(directory, durability);
const staging = new Staging(database, new BatchWriter(database), durability);
giveFreePagesBack();
let lastNumber = 0;
let idle: NodeJS.Timeout | undefined;

port.on("message", (request: WriterRequest) => {
  switch (request.kind) {
    case "batch":
      return write(request);
    case "book":
      return bookFor(request.number);
    case "close":
      return close();
  }
});

function write({ number, text, entries }: Extract<WriterRequest, { kind: "batch" }>): void {
  try {
    staging.add(text, entries);
  } catch (error) {
    return report(failed(number, error));
  }
  lastNumber = number;
  report({ kind: "written", number });
  if (staging.isEmpty) report({ kind: "booked", number });
  else if (staging.isFull) book();
  else idle ??= setTimeout(book, idleMs);
}

/** What cannot be booked stays staged, and has to be booked before another batch is taken. */
function book(): void {
  clearTimeout(idle);
  idle = undefined;
  try {
    staging.book();
    report({ kind: "booked", number: lastNumber });
  } catch {
    // By the same cause the next batch fails, which says what it is.
    report({ kind: "stuck" });
  }
}

function bookFor(number: number): void {
  try {
    staging.book();
  } catch (error) {
    return report(failed(number, error));
  }
  report({ kind: "booked", number: lastNumber });
  report({ kind: "written", number });
}

/** What is still staged then is booked by the next process. */
function close(): void {
  clearTimeout(idle);
  try {
    staging.book();
    giveFreePagesBack();
  } finally {
    database.close();
    port.close();
  }
}

/** They hold nothing, and damage to them would not show. Of a file that an older version made, they stay. */
function giveFreePagesBack(): void {
  database.exec("PRAGMA incremental_vacuum");
}

function failed(number: number, error: unknown): WriterMessage {
  return { kind: "failed", number, message: error instanceof Error ? error.message : String(error) };
}

function report(message: WriterMessage): void {
  port.postMessage(message);
}

report({ kind: "ready" });
