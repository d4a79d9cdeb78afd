/** Tests calls that wait until people answer whether their budget gets more money. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { PurserError } from "../../domain/error.ts";
import { aHold, anOutcome, Desk } from "../../domain/ledger/desk.test-kit.ts";
import { pico } from "../../domain/money/money.ts";
import { silentObserver } from "../port/parts.test-kit.ts";
import { askedFor, type Patience } from "./asking.ts";
import { hold, type CallToHold, type HoldContext, type HoldResult } from "./hold.ts";
import { describeRefusal } from "./refusal.ts";
import { Scouts } from "./scouts.ts";
import { Waiting } from "./waiting.ts";

const control = { budgetId: "b", value: null, by: "admin", reason: "r" } as const;

/** A budget of 10 that is spent, and calls that cost 5 each. */
class Bench {
  readonly desk = new Desk();
  readonly waiting = new Waiting();
  readonly wakes = new Set<() => void>();
  now = 1;
  bodyBytes = 10;
  #calls = 0;
  #goesOn: () => boolean = () => true;

  constructor(timeoutMs = 60_000) {
    this.desk.budget({ budgetId: "b", amount: 10n, asks: { timeoutMs } });
    this.desk.run(aHold("spent", 10n));
    const call = { operationId: "spent", attempt: 1, at: 1 };
    this.desk.run({ kind: "settle", ...call, outcome: anOutcome(10n), fingerprint: null });
  }

  get context(): HoldContext {
    const { waiting, desk } = this;
    return {
      ledger: { commit: async (command) => desk.run(command) },
      clock: { now: () => this.now, monotonic: () => this.now },
      waiting,
      scouts: new Scouts(waiting),
      limits: { holdWaitMs: 0, totalMs: 30_000 },
      observer: silentObserver,
    };
  }

  ask(cost = 5): Promise<HoldResult> {
    return hold(this.context, callOf(`c${this.#calls++}`, cost), () => this.#patience());
  }

  /** What every caller says from now on; all are woken. */
  say(goesOn: () => boolean): void {
    this.#goesOn = goesOn;
    for (const wake of this.wakes) wake();
  }

  extend(amount: bigint): void {
    this.desk.run({ kind: "extend_budget", at: this.now, ...control, amount });
    this.waiting.approvals.tryAll();
  }

  count(kind: string): number {
    return this.desk.journal.filter((entry) => entry.kind === kind).length;
  }

  async untilWaiting(calls: number): Promise<void> {
    const [counter] = this.desk.books.counters();
    while (this.waiting.approvals.waitingFor(counter?.id ?? "") < calls) await turn();
    for (let turns = 0; turns < 20; turns++) await turn();
  }

  #patience(): Patience {
    return {
      bodyBytes: this.bodyBytes,
      watch: (wake) => {
        this.wakes.add(wake);
        return () => void this.wakes.delete(wake);
      },
      goesOn: () => this.#goesOn(),
    };
  }
}

function callOf(operationId: string, cost: number): CallToHold {
  return {
    at: 1,
    operationId,
    repeat: "new",
    attribution: {},
    route: { provider: "p", model: "m", endpoint: "chat", keyId: null },
    budgets: [],
    estimate: () => ({
      inputTokens: 0,
      ceiling: cost,
      firstSlice: cost,
      unknownInput: 0,
      least: cost,
      rates: { input: pico(1n), output: pico(1n) },
      fees: pico(0n),
    }),
    count: async () => ({ tokens: 0, digest: "" }),
  };
}

test("200 calls wait for one answer, and those that fit go on in order of arrival", async () => {
  const bench = new Bench();
  const calls = Array.from({ length: 200 }, () => bench.ask());
  await bench.untilWaiting(200);
  assert.deepEqual([bench.count("budget_ask"), bench.count("refusal")], [1, 0]);
  const done: number[] = [];
  calls.forEach((call, n) => void call.then(({ admitted }) => admitted && done.push(n)));
  bench.extend(500n);
  await bench.untilWaiting(100);
  assert.deepEqual(
    done,
    Array.from({ length: 100 }, (_, n) => n),
  );
  assert.equal(bench.desk.counter("b").held, 500n);
  assert.equal(bench.count("budget_ask"), 1, "those that fit may leave room for the others");
  bench.waiting.approvals.tryAll();
  await bench.untilWaiting(100);
  assert.equal(bench.count("budget_ask"), 2, "the others ask again");
  bench.desk.run({ kind: "decline_budget", at: bench.now, ...control });
  bench.waiting.approvals.tryAll();
  const refused = (await Promise.all(calls)).filter((one) => !one.admitted);
  assert.equal(refused.length, 100);
  assert.ok(refused.every((one) => one.refusal.reason === "approval_declined"));
  assert.equal(bench.count("refusal"), 100);
});

test("a smaller call goes on if the approval is too small for a larger one", async () => {
  const bench = new Bench();
  const [large, small] = [bench.ask(50), bench.ask(5)];
  await bench.untilWaiting(2);
  bench.extend(5n);
  assert.ok((await small).admitted);
  await bench.untilWaiting(1);
  bench.extend(50n);
  assert.ok((await large).admitted);
});

test("a call waits no longer than the budget says, nor than a call may take", async () => {
  for (const [timeoutMs, mostMs] of [
    [1000, 1000],
    [60_000, 30_000],
  ] as const) {
    const bench = new Bench(timeoutMs);
    const call = bench.ask();
    await bench.untilWaiting(1);
    bench.now += mostMs - 1;
    bench.waiting.approvals.tryAll();
    await bench.untilWaiting(1);
    bench.now += 1;
    bench.waiting.approvals.tryAll();
    const refused = await call;
    assert.ok(!refused.admitted);
    assert.deepEqual([refused.refusal.reason, refused.refusal.asked], ["budget_exhausted", true]);
    assert.equal(bench.count("refusal"), 1);
    assert.equal(bench.wakes.size, 0);
  }
});

test("a caller that leaves ends the wait, and nothing is held or recorded", async () => {
  const bench = new Bench();
  const call = bench.ask();
  await bench.untilWaiting(1);
  bench.say(() => false);
  const left = await call;
  assert.ok(!left.admitted && left.abandoned);
  assert.deepEqual([bench.count("refusal"), bench.desk.counter("b").held], [0, 0n]);
  assert.equal(bench.wakes.size, 0);
});

test("a revoked key or a shutdown ends the wait with its error", async () => {
  const bench = new Bench();
  const call = bench.ask();
  await bench.untilWaiting(1);
  bench.say(() => {
    throw new PurserError("shutting_down", "now");
  });
  await assert.rejects(call, /now/);
  assert.equal(bench.wakes.size, 0);
});

test("a budget that is paused or deleted ends the wait", async () => {
  const bench = new Bench();
  const paused = bench.ask();
  await bench.untilWaiting(1);
  bench.desk.run({ kind: "pause_budget", at: 1, ...control });
  bench.waiting.approvals.tryAll();
  const refused = await paused;
  assert.ok(!refused.admitted);
  assert.equal(refused.refusal.reason, "budget_paused");
  bench.desk.run({ kind: "resume_budget", at: 1, ...control });
  const waits = bench.ask();
  await bench.untilWaiting(1);
  bench.desk.run({ kind: "delete_budget", at: 1, budgetId: "b" });
  bench.waiting.approvals.tryAll();
  assert.ok((await waits).admitted);
});

test("a new window makes room without an answer", async () => {
  const bench = new Bench();
  const call = bench.ask();
  await bench.untilWaiting(1);
  bench.now = Date.UTC(1971, 0, 2);
  bench.waiting.approvals.tryAll();
  // It is past its time as well: the last attempt finds the room.
  assert.ok((await call).admitted);
});

test("a caller that does not wait is refused, and people are asked", async () => {
  const bench = new Bench();
  const answer = bench.desk.run(aHold("api", 5n));
  assert.ok(!answer.admitted);
  assert.equal((await askedFor(bench.context, answer.refusal)).asked, true);
  assert.equal(bench.count("budget_ask"), 1);
});

test("people are asked for a call that cannot wait as well, and its refusal says why it did not", async () => {
  for (const fill of ["calls", "bytes"]) {
    const bench = new Bench();
    if (fill === "bytes") bench.bodyBytes = 256 * 1024 * 1024 + 1;
    else for (let n = 0; n < 1000; n++) assert.ok(bench.waiting.approvals.enter(0));
    const refused = await bench.ask();
    assert.ok(!refused.admitted);
    const { reason, asked, crowded } = refused.refusal;
    assert.deepEqual([reason, asked, crowded], ["budget_exhausted", true, true]);
    assert.match(describeRefusal(refused.refusal).remedy, /were asked.*did not wait/);
    assert.deepEqual([bench.count("budget_ask"), bench.count("refusal")], [1, 1]);
    bench.desk.run({ kind: "decline_budget", at: bench.now, ...control });
    const later = await bench.ask();
    assert.ok(!later.admitted);
    assert.deepEqual([later.refusal.reason, later.refusal.asked], ["approval_declined", undefined]);
  }
});

test("an extension that is enough once the first call has ended asks no second question", async () => {
  const bench = new Bench();
  const [first, second] = [bench.ask(), bench.ask()];
  await bench.untilWaiting(2);
  bench.extend(5n);
  const held = await first;
  assert.ok(held.admitted);
  await bench.untilWaiting(1);
  const { operationId, attempt } = held.answer.call;
  const end = { operationId, attempt, at: bench.now, outcome: anOutcome(0n), fingerprint: null };
  bench.desk.run({ kind: "settle", ...end });
  bench.waiting.approvals.tryAll();
  assert.ok((await second).admitted);
  assert.equal(bench.count("budget_ask"), 1);
});

test("a call that does not fit after an extension asks again by itself", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const bench = new Bench();
  const call = bench.ask(50);
  await bench.untilWaiting(1);
  bench.extend(5n);
  await bench.untilWaiting(1);
  assert.equal(bench.count("budget_ask"), 1);
  t.mock.timers.tick(2000);
  await bench.untilWaiting(1);
  assert.equal(bench.count("budget_ask"), 2);
  bench.extend(50n);
  assert.ok((await call).admitted);
});
