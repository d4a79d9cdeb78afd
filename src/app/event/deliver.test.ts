/** Tests that events reach a notifier in order and at least once, whatever fails. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { PurserError } from "../../domain/error.ts";
import type { CloudEvent } from "../../domain/event/cloud-event.ts";
import { aHold } from "../../domain/ledger/desk.test-kit.ts";
import { SqliteDeliveries } from "../../store/sqlite/deliveries.ts";
import { LedgerBench } from "../port/ledger.test-kit.ts";
import { NotifierError } from "../port/notifier.ts";
import { Delivery, replay } from "./deliver.ts";
import { Notifiers } from "./notifiers.ts";

const hourMs = 3_600_000;

/** A receiver that accepts, or fails as the test decides. */
class Receiver {
  readonly name = "receiver";
  readonly kind = "test";
  readonly seen: string[] = [];
  readonly subjects: string[] = [];
  attempts = 0;
  fault: ((event: CloudEvent) => Error | null) | undefined;
  quietUntil: (event: CloudEvent, now: number) => number | null = () => null;

  async send(event: CloudEvent): Promise<void> {
    this.attempts += 1;
    const error = this.fault?.(event);
    if (error) throw error;
    this.seen.push(event.id);
    this.subjects.push(event.subject ?? "");
  }
}

class Stage {
  readonly receiver = new Receiver();
  readonly waits: number[] = [];
  readonly problems: string[] = [];
  readonly bench: LedgerBench;
  readonly deliveries: SqliteDeliveries;
  delivery: Delivery;
  #budgets = 0;

  constructor(bench: LedgerBench) {
    this.bench = bench;
    this.deliveries = new SqliteDeliveries(bench.directory);
    this.delivery = this.#make();
  }

  static async open(t: TestContext): Promise<Stage> {
    const stage = new Stage(await LedgerBench.open(t));
    t.after(async () => {
      await stage.delivery.stop();
      stage.deliveries.close();
    });
    stage.delivery.start();
    await stage.until(async () => (await stage.deliveries.stateOf("receiver")) !== undefined);
    return stage;
  }

  /** Makes an event. */
  async happen(): Promise<string> {
    this.#budgets += 1;
    const budgetId = `b${this.#budgets}`;
    await this.bench.budget({ budgetId });
    return budgetId;
  }

  async restart(): Promise<void> {
    await this.delivery.stop();
    this.delivery = this.#make();
    this.delivery.start();
  }

  async until(ready: () => boolean | Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 200_000; tries += 1) {
      if (await ready()) return;
      await turn();
    }
    throw new Error("it did not happen");
  }

  #make(): Delivery {
    return new Delivery({
      feed: this.bench.feed,
      deliveries: this.deliveries,
      clock: this.bench.clock,
      notifier: this.receiver,
      selects: ({ type }) => type === "budget.changed",
      random: () => 1,
      onProblem: (message) => this.problems.push(message),
      wait: async (ms, signal) => {
        this.waits.push(ms);
        if (signal.aborted) return;
        this.bench.pass(ms);
        await turn();
      },
    });
  }
}

test("a new notifier gets what happens from its first start on, in order", async (t) => {
  const stage = await Stage.open(t);
  for (let n = 0; n < 30; n += 1) await stage.happen();
  await stage.until(() => stage.receiver.seen.length >= 30);
  assert.deepEqual(
    stage.receiver.subjects,
    Array.from({ length: 30 }, (_, n) => `b${n + 1}`),
  );
  const status = await stage.delivery.status();
  assert.deepEqual(
    [status.delivered?.eventId, status.failing, status.behind],
    [stage.receiver.seen.at(-1), null, 0],
  );
});

test("a receiver that is down for an hour gets every event, in order, without being asked too often", async (t) => {
  const stage = await Stage.open(t);
  const end = stage.bench.clock.now() + hourMs;
  stage.receiver.fault = () => (stage.bench.clock.now() < end ? new Error("refused") : null);
  for (let n = 0; n < 3; n += 1) await stage.happen();
  await stage.until(() => stage.receiver.seen.length >= 3);
  assert.deepEqual(stage.receiver.subjects, ["b1", "b2", "b3"]);
  assert.deepEqual(
    stage.waits.slice(0, 10),
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 300].map((s) => s * 1000),
  );
  assert.ok(stage.waits.every((ms) => ms <= 300_000));
  assert.equal((await stage.delivery.status()).failing, null);
});

test("the wait that a receiver asks for is kept", async (t) => {
  const stage = await Stage.open(t);
  let isBusy = true;
  stage.receiver.fault = () => {
    const error = isBusy
      ? new NotifierError("429", { retryable: true, retryAfterMs: 42_000 })
      : null;
    isBusy = false;
    return error;
  };
  await stage.happen();
  await stage.until(() => stage.receiver.seen.length === 1);
  assert.deepEqual(stage.waits, [42_000]);
});

test("an event that is refused for good is a dead letter, and the next one goes on", async (t) => {
  const stage = await Stage.open(t);
  stage.receiver.fault = ({ subject }) =>
    subject === "b1" ? new NotifierError("400: bad", { retryable: false }) : null;
  await stage.happen();
  await stage.happen();
  await stage.until(() => stage.receiver.seen.length === 1);
  assert.deepEqual(stage.receiver.subjects, ["b2"]);
  const [letter] = await stage.deliveries.deadLetters({ consumer: "receiver", limit: 10 });
  assert.deepEqual(
    [letter?.event.subject, letter?.failure.attempts, letter?.failure.message],
    ["b1", 1, "400: bad"],
  );
  const parts = { deliveries: stage.deliveries, notifier: stage.receiver };
  await assert.rejects(replay(parts, letter?.id ?? 0), /400/);
  stage.receiver.fault = undefined;
  assert.equal(await replay(parts, letter?.id ?? 0), true);
  assert.deepEqual(stage.receiver.subjects, ["b2", "b1"]);
  assert.equal(await replay(parts, letter?.id ?? 0), false);
  assert.equal((await stage.delivery.status()).deadLetters, 0);
});

test("the record is read once, however many events arrive or are given up", async (t) => {
  const stage = await Stage.open(t);
  let reads = 0;
  const stateOf = stage.deliveries.stateOf.bind(stage.deliveries);
  stage.deliveries.stateOf = (consumer) => {
    reads += 1;
    return stateOf(consumer);
  };
  stage.receiver.fault = ({ subject }) =>
    subject === "b1" ? new NotifierError("400: bad", { retryable: false }) : null;
  for (let n = 0; n < 20; n += 1) await stage.happen();
  await stage.until(() => stage.receiver.seen.length === 19);
  assert.equal(reads, 0);
});

test("during a replay another one is refused, so no letter arrives twice", async (t) => {
  const stage = await Stage.open(t);
  stage.receiver.fault = () => new NotifierError("400: bad", { retryable: false });
  for (let n = 0; n < 5; n += 1) await stage.happen();
  await stage.until(async () => (await stage.delivery.status()).deadLetters === 5);
  stage.receiver.fault = undefined;
  const { delivery, deliveries, bench } = stage;
  const notifiers = new Notifiers({
    deliveries: [delivery],
    store: deliveries,
    clock: bench.clock,
  });
  const replays = [1, 2, 3].map(() => notifiers.replayAll("receiver"));
  const results = await Promise.allSettled([...replays, notifiers.replay("receiver", 1)]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "rejected", "rejected"],
  );
  const [, refused] = results;
  assert.ok(refused?.status === "rejected" && refused.reason instanceof PurserError);
  assert.equal(refused.reason.code, "conflict");
  assert.deepEqual(stage.receiver.subjects, ["b1", "b2", "b3", "b4", "b5"]);
  assert.equal((await notifiers.replayAll("receiver")).delivered, 0, "the next may begin");
});

test("after a day an event is given up, also if Purser restarts meanwhile", async (t) => {
  const stage = await Stage.open(t);
  stage.receiver.fault = ({ subject }) => (subject === "b1" ? new Error("down") : null);
  await stage.happen();
  await stage.happen();
  await stage.until(() => stage.waits.length >= 100);
  await stage.restart();
  await stage.until(() => stage.receiver.seen.length === 1);
  const [letter] = await stage.deliveries.deadLetters({ consumer: "receiver", limit: 10 });
  const failure = letter?.failure;
  assert.equal((letter?.at ?? 0) - (failure?.since ?? 0), 24 * hourMs);
  assert.ok((failure?.attempts ?? 0) > 200, "the attempts of both processes count");
});

test("after a restart it continues with the next event, and repeats at most the last one", async (t) => {
  const stage = await Stage.open(t);
  for (let n = 0; n < 5; n += 1) await stage.happen();
  await stage.until(() => stage.receiver.seen.length >= 2);
  await stage.delivery.stop();
  for (let n = 0; n < 5; n += 1) await stage.happen();
  await stage.restart();
  await stage.until(() => stage.receiver.subjects.includes("b10"));
  const { seen, subjects } = stage.receiver;
  assert.deepEqual(
    [...new Set(subjects)],
    Array.from({ length: 10 }, (_, n) => `b${n + 1}`),
  );
  assert.ok(seen.length <= 11 && new Set(seen).size === 10);
});

test("in quiet hours events wait, which is no failure", async (t) => {
  const stage = await Stage.open(t);
  const end = stage.bench.clock.now() + hourMs;
  stage.receiver.quietUntil = (_event, now) => (now < end ? end : null);
  await stage.happen();
  await stage.until(() => stage.receiver.seen.length === 1);
  assert.ok(stage.bench.clock.now() >= end);
  assert.deepEqual([stage.receiver.attempts, stage.problems], [1, []]);
});

test("a journal that is an older copy is followed from its end", async (t) => {
  const stage = await Stage.open(t);
  await stage.delivery.stop();
  await stage.deliveries.advance("receiver", { cursor: { seq: 5000, index: 0 } });
  await stage.restart();
  await stage.until(async () => (await stage.deliveries.stateOf("receiver"))?.cursor.seq !== 5000);
  await stage.happen();
  await stage.until(() => stage.receiver.seen.length === 1);
});

test("entries without an event for the notifier are passed, and the cursor with them", async (t) => {
  const stage = await Stage.open(t);
  const at = stage.bench.clock.now();
  for (let n = 0; n < 1200; n += 1) await stage.bench.ledger.decide(aHold(`op${n}`, 1n, { at }));
  await stage.bench.ledger.flush();
  await stage.until(
    async () => ((await stage.deliveries.stateOf("receiver"))?.cursor.seq ?? 0) >= 1000,
  );
  assert.deepEqual(stage.receiver.seen, []);
});
