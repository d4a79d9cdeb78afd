/** A reader thread: answers one question after another on its own connection. */

import { setPriority } from "node:os";
import { platform } from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../../domain/assert.ts";
import { FileHistory } from "../journal/file-history.ts";
import { findDamage } from "../integrity.ts";
import { damageRemedyFor, openForReading } from "../schema.ts";
import { readAlerts, readCalls } from "./calls.ts";
import { countSpent } from "./count-spent.ts";
import { readCorrections } from "./corrections.ts";
import { readKeyUses } from "./key-uses.ts";
import { NameIndex } from "./name-index.ts";
import { EntryReader } from "./entries.ts";
import { buffersOf, pack } from "./packed-rows.ts";
import type { CountQuery, FeedQuery, Query, Question, ReaderData, ReaderMessage } from "./query.ts";
import { readRefusals } from "./refusals.ts";
import { readRequestLines } from "./request-lines.ts";
import { readDistinct, readLatencies, readTotals } from "./totals.ts";
import { verify } from "./verify.ts";

/** A third of the processor time of a thread that serves calls, while both want it. */
const niceness = 5;

assert(parentPort !== null, "a reader runs as a worker thread");
const port = parentPort;
const { directory, yieldsToCalls } = workerData as ReaderData;
// On Linux, the priority is that of this thread; elsewhere it would be that of the whole process.
if (yieldsToCalls && platform === "linux") setPriority(niceness);
const database = openForReading(directory);
const source = { database, file: new FileHistory(database), names: new NameIndex(database) };
const entries = new EntryReader(source);

port.on("message", (question: Question | "close") => {
  if (question === "close") {
    database.close();
    port.close();
    return;
  }
  say(respond(question));
});

function respond({ number, query }: Question): ReaderMessage {
  try {
    if (query.method === "verify")
      return {
        kind: "answer",
        number,
        answer: verify(database, (share) => say({ kind: "progress", number, share })),
      };
    if (query.method === "check")
      return { kind: "answer", number, answer: findDamage(database, "quick_check") };
    database.exec("BEGIN");
    try {
      return answerOf(query, number);
    } finally {
      database.exec("COMMIT");
    }
  } catch (error) {
    // The class of an error is lost between threads, so the remedy is sent with it.
    const remedy = damageRemedyFor(error);
    const failed = {
      kind: "failed",
      number,
      error: error instanceof Error ? error : new Error(String(error)),
    } as const;
    return remedy === undefined ? failed : { ...failed, remedy };
  }
}

function answerOf(query: Query | CountQuery | FeedQuery, number: number): ReaderMessage {
  const found = answer(query, number);
  if (!Array.isArray(found)) return { kind: "answer", number, answer: found };
  return { kind: "rows", number, parts: pack(query.method, found) };
}

function answer(query: Query | CountQuery | FeedQuery, number: number): unknown {
  if (query.method === "count")
    return countSpent(source, query, (share) => say({ kind: "progress", number, share }));
  if (query.method === "entries") return entries.after(query);
  if (query.method === "last") return entries.last();
  if (query.method === "calls") return readCalls(source, ...query.input);
  if (query.method === "requestLines") return readRequestLines(source, ...query.input);
  if (query.method === "keyUses") return readKeyUses(source);
  if (query.method === "corrections") return readCorrections(source, ...query.input);
  if (query.method === "refusals") return readRefusals(source, ...query.input);
  if (query.method === "alerts") return readAlerts(source, ...query.input);
  if (query.method === "distinct") return readDistinct(source, ...query.input);
  const [filter, by, buckets] = query.input;
  const read = query.method === "latencies" ? readLatencies : readTotals;
  return read(source, { filter, by, buckets });
}

function say(message: ReaderMessage): void {
  port.postMessage(message, message.kind === "rows" ? buffersOf(message.parts) : []);
}
