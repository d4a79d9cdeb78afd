/** Tests time limits, concurrency limits and shutdown of calls in flight. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Key } from "../../domain/key/key.ts";
import { InFlight, tooLong, type Watched } from "./in-flight.ts";

const open = (): InFlight =>
  new InFlight({
    clock: { now: () => 0, monotonic: () => Math.floor(performance.now()) },
    concurrentCallsPerKey: null,
  });

test("closing waits for calls under way, ends them when the grace period is over, and accepts no more", async () => {
  const inFlight = open();
  const leave = inFlight.enter(null);
  const ended: string[] = [];
  const call = { tick: () => undefined, stop: () => (ended.push("stopped"), leave()) };
  inFlight.add(call, null);
  const closing = inFlight.close(30);
  assert.throws(() => inFlight.enter(null), { code: "shutting_down" });
  assert.deepEqual(ended, []);
  await closing;
  assert.deepEqual(ended, ["stopped"]);
});

test("a finished call is no longer checked, and its slot is reused", async () => {
  const inFlight = open();
  const stopped: string[] = [];
  const call = (name: string): Watched => ({
    tick: () => undefined,
    stop: () => void stopped.push(name),
  });
  const first = inFlight.add(call("first"), null);
  inFlight.add(call("second"), null);
  inFlight.remove(first);
  assert.equal(inFlight.add(call("third"), null), first);
  const leave = inFlight.enter(null);
  const closing = inFlight.close(0);
  leave();
  await closing;
  assert.deepEqual(stopped.toSorted(), ["second", "third"]);
});

test("a key's calls end when it is revoked, calls of other keys go on, and an expired key ends its calls at the next tick", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let now = 0;
  const inFlight = new InFlight({
    clock: { now: () => now, monotonic: () => now },
    concurrentCallsPerKey: null,
  });
  const stopped: string[] = [];
  const add = (keyId: string, expiresAt: number | null): void => {
    const call = {
      tick: () => undefined,
      stop: (why: string) => void stopped.push(`${keyId}: ${why}`),
    };
    inFlight.add(call, { keyId, expiresAt } as Key);
  };
  add("revoked", null);
  add("other", null);
  add("expires", 1500);
  inFlight.endCallsOf("revoked");
  assert.deepEqual(stopped, ["revoked: the key was revoked"]);
  for (const at of [1000, 2000]) {
    now = at;
    t.mock.timers.tick(1000);
  }
  assert.deepEqual(stopped, ["revoked: the key was revoked", "expires: the key has expired"]);
});

test("closing does not wait forever for a request that never arrives", async () => {
  const inFlight = open();
  inFlight.enter(null);
  await inFlight.close(10);
  assert.equal(inFlight.isClosing, true);
});

test("a call times out by its total length, its first byte or a pause, as configured", () => {
  const limits = { firstByteMs: 10, idleStreamMs: 20, totalMs: 100 };
  const late = (now: number, isAnswering: boolean): string | null =>
    tooLong(limits, { now, startedAt: 0, lastActivityAt: now > 100 ? now : 0, isAnswering });
  assert.deepEqual(
    [late(10, false), late(20, true), late(100, false) === null],
    [null, null, false],
  );
  assert.match(late(11, false) ?? "", /first_byte_ms/);
  assert.match(late(21, true) ?? "", /idle_stream_ms/);
  assert.match(late(101, true) ?? "", /total_ms/);
});

test("a key has a limit of concurrent calls, a slot is free again when one ends, and keys do not share slots", () => {
  const inFlight = new InFlight({
    clock: { now: () => 0, monotonic: () => 0 },
    concurrentCallsPerKey: 2,
  });
  const one = aKey("one", null);
  const leave = inFlight.enter(one);
  inFlight.enter(one);
  assert.throws(() => inFlight.enter(one), { code: "too_many" });
  inFlight.enter(aKey("two", null));
  leave();
  inFlight.enter(one);
  assert.throws(() => inFlight.enter(one), { code: "too_many" });
});

test("a key's own limit takes precedence over the general limit, and calls without a key have none", () => {
  const inFlight = new InFlight({
    clock: { now: () => 0, monotonic: () => 0 },
    concurrentCallsPerKey: 1,
  });
  const three = aKey("three", 3);
  for (let call = 0; call < 3; call++) inFlight.enter(three);
  assert.throws(() => inFlight.enter(three), { code: "too_many" });
  for (let call = 0; call < 5; call++) inFlight.enter(null);
});

function aKey(keyId: string, maxConcurrent: number | null): Key {
  return {
    keyId,
    name: keyId,
    role: "caller",
    hash: "",
    hint: "",
    attribution: {},
    mayRefine: [],
    models: null,
    providers: null,
    budgets: [],
    maxConcurrent,
    expiresAt: null,
    revokedAt: null,
    createdAt: 0,
  };
}
