/** Tests the turns of exports: two at once, in order, and a reader that leaves frees its place. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { PurserError } from "../../domain/error.ts";
import type { Exporter, ExportJob } from "../port/exporter.ts";
import { ExportQueue, usualLimits } from "./export-queue.ts";

const job: ExportJob = {
  format: "csv",
  rows: "calls",
  filter: {},
  scope: {},
  adminKeys: new Set<string>(),
};
const { signal } = new AbortController();

/** A file without end, so that its reader decides when it is over. */
function endless(): Exporter & { readonly open: () => number } {
  let open = 0;
  return {
    open: () => open,
    async *run() {
      open += 1;
      try {
        for (;;) yield new Uint8Array([1]);
      } finally {
        open -= 1;
      }
    },
  };
}

function begin(turns: ExportQueue, by = signal): AsyncIterator<Uint8Array> {
  return turns.run(job, by)[Symbol.asyncIterator]();
}

test("two files are made at once; the next begins when one ends", async () => {
  const exporter = endless();
  const turns = new ExportQueue(exporter);
  const [first, second, third] = [begin(turns), begin(turns), begin(turns)];
  await first.next();
  await second.next();
  const waiting = third.next();
  assert.equal(exporter.open(), 2);
  await first.return?.();
  assert.equal((await waiting).done, false);
  assert.equal(exporter.open(), 2);
  await second.return?.();
  await third.return?.();
  assert.equal(exporter.open(), 0);
});

test("a request that arrives while a turn passes on does not take it", async () => {
  for (let steps = 0; steps < 10; steps++) {
    const exporter = endless();
    const turns = new ExportQueue(exporter, { ...usualLimits, atOnce: 1 });
    const [first, second, third] = [begin(turns), begin(turns), begin(turns)];
    await first.next();
    const waiting = second.next();
    const ended = first.return?.();
    for (let step = 0; step < steps; step++) await Promise.resolve();
    const late = third.next();
    await Promise.all([ended, waiting]);
    await setImmediate();
    assert.equal(exporter.open(), 1, `after ${steps} steps`);
    await second.return?.();
    await late;
    await third.return?.();
  }
});

test("a reader that leaves while it waits does not take a turn", async () => {
  const exporter = endless();
  const turns = new ExportQueue(exporter, { ...usualLimits, atOnce: 1 });
  const leaving = new AbortController();
  const [first, second, third] = [begin(turns), begin(turns, leaving.signal), begin(turns)];
  await first.next();
  const left = second.next();
  const waiting = third.next();
  leaving.abort(new Error("gone"));
  await assert.rejects(left, /gone/);
  await first.return?.();
  assert.equal((await waiting).done, false);
  await third.return?.();
  assert.equal(exporter.open(), 0);
});

test("a queue that is full refuses", async () => {
  const turns = new ExportQueue(endless(), { ...usualLimits, atOnce: 1, mostWaiting: 1 });
  const [first, second, third] = [begin(turns), begin(turns), begin(turns)];
  await first.next();
  const waiting = second.next();
  await assert.rejects(
    third.next(),
    (error) => error instanceof PurserError && error.code === "too_many",
  );
  await first.return?.();
  await waiting;
});

test("a reader that takes nothing gives up its turn, and can read on", async () => {
  const exporter = endless();
  const turns = new ExportQueue(exporter, { ...usualLimits, atOnce: 1, idleMs: 1 });
  const [idle, next] = [begin(turns), begin(turns)];
  await idle.next();
  assert.equal((await next.next()).done, false);
  assert.equal((await idle.next()).done, false);
  await idle.return?.();
  await next.return?.();
  assert.equal(exporter.open(), 0);
  const again = begin(turns);
  assert.equal((await again.next()).done, false);
  await again.return?.();
});
