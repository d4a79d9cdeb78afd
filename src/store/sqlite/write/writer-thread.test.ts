/** There is at most one writer thread, however many callers ask for it. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { migrate } from "../schema.ts";
import { WriterThread } from "./writer-thread.ts";

const empty = {
  firstSeq: 1,
  entries: [],
  names: [],
  counters: [],
  closings: [],
  opened: [],
  ended: [],
};

async function withThread(check: (writer: WriterThread) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "purser-writer-"));
  try {
    migrate(directory);
    const writer = new WriterThread({ directory, durability: "process" });
    try {
      await check(writer);
    } finally {
      await writer.close();
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Counts the threads started during the work. */
async function countThreads(work: () => Promise<unknown>): Promise<number> {
  let threads = 0;
  const count = (): number => (threads += 1);
  process.on("worker", count);
  try {
    await work();
  } finally {
    process.off("worker", count);
  }
  return threads;
}

test("callers that ask while there is no thread share one", () =>
  withThread(async (writer) => {
    const threads = await countThreads(() =>
      Promise.all([writer.book(), writer.write(empty, () => undefined), writer.book()]),
    );
    assert.equal(threads, 1);
  }));

test("a closed writer accepts no batches and starts no thread", () =>
  withThread(async (writer) => {
    await writer.start();
    await writer.close();
    const threads = await countThreads(async () => {
      await assert.rejects(writer.book(), /closed/);
      await assert.rejects(
        writer.write(empty, () => undefined),
        /closed/,
      );
    });
    assert.equal(threads, 0);
  }));

test("a batch is reported when it is booked", () =>
  withThread(async (writer) => {
    let booked = 0;
    await writer.write(empty, () => (booked += 1));
    await writer.book();
    assert.equal(booked, 1);
  }));

test("each batch is reported once, including those on disk before, however much is booked later", () =>
  withThread(async (writer) => {
    const reported: string[] = [];
    await writer.start();
    writer.expectBooked(() => reported.push("before"));
    await writer.write(empty, () => reported.push("first"));
    await writer.book();
    await writer.write(empty, () => reported.push("second"));
    await writer.book();
    await writer.book();
    assert.deepEqual(reported, ["before", "first", "second"]);
  }));

/** Books this many batches. @returns How many of their callbacks are still in memory. */
async function keptAfter(writer: WriterThread, batches: number): Promise<number> {
  const callbacks: WeakRef<() => void>[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const booked = (): void => void callbacks.length;
    callbacks.push(new WeakRef(booked));
    await writer.write(empty, booked);
  }
  await writer.book();
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // Objects used in a turn of the event loop stay in memory until its end.
  await new Promise(setImmediate);
  collect();
  return callbacks.filter((callback) => callback.deref() !== undefined).length;
}

test("requests and reports take no memory afterwards", () =>
  withThread(async (writer) => {
    const kept = await keptAfter(writer, 50);
    assert.ok(kept <= 1, `${kept} of 50 booked batches are still in memory`);
  }));
