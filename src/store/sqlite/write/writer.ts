/**
 * The writer thread: stores one batch after another, reports each when it is on disk, and books
 * them when idle.
 */

import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../../domain/assert.ts";
import { openForWriting } from "../schema.ts";
import type { WriterData, WriterMessage, WriterRequest } from "./batch.ts";
import { BatchWriter } from "./batch-writer.ts";
import { Staging } from "./staging.ts";

/** The longest that a batch waits for others to be booked with it. */
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

/** Batches that cannot be booked stay staged, and must be booked before another is accepted. */
function book(): void {
  clearTimeout(idle);
  idle = undefined;
  try {
    staging.book();
    report({ kind: "booked", number: lastNumber });
  } catch {
    // The next batch fails for the same reason and reports it.
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

/** Batches still staged are booked by the next process. */
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

/**
 * Free pages hold no data, and damage to them would go unnoticed. A file made by an older version
 * keeps them.
 */
function giveFreePagesBack(): void {
  database.exec("PRAGMA incremental_vacuum");
}

function failed(number: number, error: unknown): WriterMessage {
  return {
    kind: "failed",
    number,
    message: error instanceof Error ? error.message : String(error),
  };
}

function report(message: WriterMessage): void {
  port.postMessage(message);
}

report({ kind: "ready" });
