/** Tests in which order, and when, waiting calls are woken. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Waiting } from "./waiting.ts";

const ms = 60_000;

/** Lists the waiters woken so far, in order, after the event loop turns that waking takes. */
function watch(waiting: Waiting) {
  const woken: string[] = [];
  const wait = (
    name: string,
    options: { readonly queue?: string; readonly place?: number; readonly endings?: number } = {},
  ): void => {
    const { queue = "b", place = waiting.takePlace(), endings = waiting.endings } = options;
    void waiting.forRoom({ queue, place, endings, ms }).then(() => woken.push(name));
  };
  const settle = async (): Promise<readonly string[]> => {
    await turn();
    await turn();
    return woken.splice(0);
  };
  return { wait, settle };
}

test("a call that ends between a try and its wait is not missed", async () => {
  const waiting = new Waiting();
  const { wait, settle } = watch(waiting);
  const { endings } = waiting;
  waiting.roomMade();
  wait("late", { endings });
  assert.deepEqual(await settle(), ["late"]);
});

test("the first few of every queue are woken, and a waiter that returns in vain keeps its place", async () => {
  const waiting = new Waiting();
  const { wait, settle } = watch(waiting);
  const first = waiting.takePlace();
  for (const name of ["b2", "b3", "b4", "b5"]) wait(name);
  wait("b1", { place: first });
  wait("c1", { queue: "c" });
  waiting.roomMade();
  assert.deepEqual(await settle(), ["b1", "b2", "b3", "b4", "c1"]);
  waiting.roomMade();
  assert.deepEqual(await settle(), ["b5"]);
});

test("no one is woken before a call has ended", async () => {
  const waiting = new Waiting();
  const { wait, settle } = watch(waiting);
  wait("patient");
  assert.deepEqual(await settle(), []);
  waiting.roomMade();
  waiting.roomMade();
  assert.deepEqual(await settle(), ["patient"]);
});

test("nothing is scheduled if no one waits, and one wake-up covers all calls that end in the same turn", async (context) => {
  const scheduled = context.mock.method(globalThis, "setImmediate").mock;
  const waiting = new Waiting();
  waiting.roomMade();
  assert.equal(scheduled.callCount(), 0);
  const waits = ["a", "b", "c", "d", "e", "f"].map(() =>
    waiting.forRoom({ queue: "q", place: waiting.takePlace(), endings: waiting.endings, ms }),
  );
  waiting.roomMade();
  waiting.roomMade();
  assert.equal(scheduled.callCount(), 1);
  await waits[3];
  const { endings } = waiting;
  waiting.roomMade();
  await Promise.all(waits);
  assert.equal(waiting.endings, endings + 1);
  const before = scheduled.callCount();
  waiting.roomMade();
  assert.equal(scheduled.callCount(), before, "all have left");
});
