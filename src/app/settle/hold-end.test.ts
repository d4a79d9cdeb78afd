/** Tests that a hold ends exactly once, and that its stream stops topping up. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Learned } from "../../domain/estimate/learned.ts";
import type { Command } from "../../domain/ledger/command.ts";
import { aHold, anOutcome, Desk, quantities } from "../../domain/ledger/desk.test-kit.ts";
import { plainFacts } from "../../wire/answer/feed.test-kit.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import { HoldEnd, type HoldEndContext } from "./hold-end.ts";
import { aProvider, silentObserver } from "../port/parts.test-kit.ts";
import type { Slices } from "../hold/slices.ts";
import { Waiting } from "../hold/waiting.ts";

const wire = openaiWire();

interface Bench {
  readonly desk: Desk;
  readonly waiting: Waiting;
  readonly end: HoldEnd;
  readonly call: Parameters<HoldEnd["giveUp"]>[0];
  /** Calls to the slices and to the ledger, in order. */
  readonly story: string[];
}

function begin(
  decide?: (desk: Desk, command: Command) => unknown,
  holdOf?: HoldEndContext["ledger"]["holdOf"],
): Bench {
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: 1000n });
  desk.run(aHold("op", 20n));
  const story: string[] = [];
  const waiting = new Waiting();
  const run = async (command: Command) => {
    story.push(command.kind);
    return decide ? decide(desk, command) : desk.run(command);
  };
  const context = {
    ledger: {
      decide: run,
      holdOf: holdOf ?? (async (operationId: string) => desk.books.holds.get(operationId)),
    },
    clock: { now: () => 2, monotonic: () => 2 },
    waiting,
    learned: new Learned(),
    observer: silentObserver,
    prices: () => ({ version: "v", sheet: () => undefined, ceiling: () => undefined }),
  } as unknown as HoldEndContext;
  const slices = {
    end: () => story.push("slices"),
    burstBytes: 0,
    mostBytes: 0,
  } as unknown as Slices;
  const endpoint = wire.endpoint("POST", "/chat/completions");
  const call: Bench["call"] = {
    startedAt: -1,
    held: quantities(20n),
    call: { operationId: "op", attempt: 1 },
    route: {
      provider: aProvider(),
      wire,
      endpoint,
      url: "http://p",
      model: "m",
      title: "p/m",
    },
    facts: plainFacts,
    ceiling: { asked: 10, sent: 10 },
    slices,
    input: { counted: null },
  };
  return { desk, waiting, end: new HoldEnd(context), call, story };
}

test("a stream holds no more once its end is under way, and waiting calls are woken", async () => {
  const { desk, waiting, end, call, story } = begin();
  const before = waiting.endings;
  await end.settle(call, anOutcome(7n));
  assert.deepEqual(story, ["slices", "settle"]);
  assert.deepEqual(
    [waiting.endings - before, desk.counter("b")],
    [1, { spent: 7n, held: 0n, overrun: 0n }],
  );
  await assert.rejects(end.settle(call, anOutcome(7n)), /a hold is ended once/);
});

test("a released hold is over and charges nothing", async () => {
  const { desk, waiting, end, call } = begin();
  const before = waiting.endings;
  await end.release(call, "the provider was not reached");
  assert.deepEqual(
    [waiting.endings - before, desk.counter("b")],
    [1, { spent: 0n, held: 0n, overrun: 0n }],
  );
  await assert.rejects(end.settle(call, anOutcome(7n)), /a hold is ended once/);
  assert.equal(end.giveUp(call), null);
});

test("a call with an unknown result is charged its current hold, which may exceed the first", async () => {
  const { desk, end, call } = begin();
  desk.run({ kind: "top_up", at: 2, operationId: "op", attempt: 1, amount: quantities(30n) });
  end.flag("aborted");
  await end.settleUnresolved(call);
  assert.equal(desk.counter("b").spent, 50n);
  const settled = desk.journal.at(-1);
  assert.ok(settled?.kind === "settle");
  assert.deepEqual(
    [settled.status, settled.flags, settled.latencyMs, settled.model],
    ["unresolved", ["aborted", "usage_missing"], 3, "m"],
  );
});

test("a settlement that failed can be retried, unless the ledger recorded it", async () => {
  const failed = begin(() => {
    throw new Error("the disk is full");
  });
  await assert.rejects(failed.end.settle(failed.call, anOutcome(7n)), /disk is full/);
  await assert.rejects(failed.end.giveUp(failed.call) ?? Promise.resolve(), /disk is full/);
  const ended = begin((desk) => {
    desk.run({
      kind: "settle",
      at: 2,
      operationId: "op",
      attempt: 1,
      outcome: anOutcome(7n),
      fingerprint: null,
    });
    throw new Error("after the charge");
  });
  await assert.rejects(ended.end.settle(ended.call, anOutcome(7n)), /after the charge/);
  assert.equal(ended.end.giveUp(ended.call), null);
  const anew = begin((desk) => {
    desk.run({
      kind: "settle",
      at: 2,
      operationId: "op",
      attempt: 1,
      outcome: anOutcome(7n),
      fingerprint: null,
    });
    desk.run(aHold("op", 5n));
    throw new Error("the next attempt is open");
  });
  await assert.rejects(anew.end.settle(anew.call, anOutcome(7n)), /next attempt/);
  assert.equal(anew.end.giveUp(anew.call), null);
});

test("a release that failed leaves the hold to be charged, unless it has ended", async () => {
  const failed = begin(failFirst());
  await assert.rejects(failed.end.release(failed.call, "refused"), /disk is full/);
  await failed.end.giveUp(failed.call);
  assert.deepEqual(failed.desk.counter("b"), { spent: 20n, held: 0n, overrun: 0n });
  const ended = begin((desk) => {
    desk.run({ kind: "release", at: 2, operationId: "op", attempt: 1, reason: "refused" });
    throw new Error("after the release");
  });
  await assert.rejects(ended.end.release(ended.call, "refused"), /after the release/);
  assert.equal(ended.end.giveUp(ended.call), null);
});

test("if the ledger cannot say whether a failed ending was recorded, the hold is still given up", async () => {
  for (const ending of ["settle", "release"] as const) {
    let questions = 0;
    const bench: Bench = begin(failFirst(), async (operationId) => {
      questions += 1;
      if (questions === 1) throw new Error("the ledger cannot be read");
      return bench.desk.books.holds.get(operationId);
    });
    const { desk, end, call } = bench;
    const ended =
      ending === "settle" ? end.settle(call, anOutcome(7n)) : end.release(call, "refused");
    await assert.rejects(ended, /disk is full/);
    await end.giveUp(call);
    assert.deepEqual(desk.counter("b"), { spent: 20n, held: 0n, overrun: 0n });
  }
});

/** Fails the first command; the next ones are decided. */
function failFirst(): (desk: Desk, command: Command) => unknown {
  let commands = 0;
  return (desk, command) => {
    commands += 1;
    if (commands === 1) throw new Error("the disk is full");
    return desk.run(command);
  };
}

test("a hold is released once, and is given up if that fails", async () => {
  const released = begin();
  await released.end.release(released.call, "the provider answered 500");
  await assert.rejects(released.end.release(released.call, "again"), /a hold is ended once/);
  let tries = 0;
  const failed = begin(() => {
    tries += 1;
    throw new Error("the disk is full");
  });
  await assert.rejects(
    failed.end.release(failed.call, "the provider answered 500"),
    /disk is full/,
  );
  await assert.rejects(failed.end.giveUp(failed.call) ?? Promise.resolve(), /disk is full/);
  assert.deepEqual([tries, failed.end.giveUp(failed.call)], [2, null]);
});

test("a hold is given up once, at the amount held", async () => {
  const { desk, end, call } = begin();
  await end.giveUp(call);
  assert.equal(desk.counter("b").spent, 20n);
  assert.equal(end.giveUp(call), null);
  let tries = 0;
  const failing = begin(() => {
    tries += 1;
    throw new Error("the disk is full");
  });
  await assert.rejects(failing.end.giveUp(failing.call) ?? Promise.resolve(), /disk is full/);
  assert.deepEqual([failing.end.giveUp(failing.call), tries], [null, 1]);
});

test("a call with an unknown result whose hold has lapsed is charged the amount held", async () => {
  const { desk, end, call } = begin();
  desk.run(aHold("lapsing", 40n, { expiresAt: 2 }));
  desk.run({ kind: "expire", at: 2 });
  const lapsed = { ...call, call: { operationId: "lapsing", attempt: 1 }, held: quantities(40n) };
  await end.settleUnresolved(lapsed);
  assert.deepEqual(desk.counter("b"), { spent: 40n, held: 20n, overrun: 0n });
});
