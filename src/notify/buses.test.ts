/** Tests the notifiers of NATS and Redis against their servers. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { connect } from "@nats-io/transport-node";
import { createClient } from "@redis/client";
import { NotifierError } from "../app/port/notifier.ts";
import type { NatsTarget, RedisTarget } from "../app/port/notifier-settings.ts";
import { makeNotifier } from "./notifiers.ts";
import { missing, never, settingsFor, startProgram, warningEvent } from "./receiver.test-kit.ts";

const context = { clock: { now: () => 0 }, publicUrl: null };
const event = warningEvent();

function natsTarget(port: number, change: Partial<NatsTarget> = {}): NatsTarget {
  return {
    kind: "nats",
    url: `nats://127.0.0.1:${port}`,
    subject: "purser",
    jetstream: false,
    username: null,
    password: null,
    token: null,
    ...change,
  };
}

interface Start {
  readonly port?: number;
  readonly more?: readonly string[];
}

const startNats = (t: TestContext, { port, more = [] }: Start = {}) =>
  startProgram(
    t,
    (at) => ["nats-server", "-a", "127.0.0.1", "-p", String(at.port), "-sd", at.folder, ...more],
    port,
  );

const noNats = { skip: missing("nats-server") ?? false };
const noRedis = { skip: missing("redis-server") ?? false };

test("NATS gets the event on the subject of its type", noNats, async (t) => {
  const { port } = await startNats(t);
  const reader = await connect({ servers: `127.0.0.1:${port}` });
  t.after(() => reader.close());
  const messages = reader.subscribe("purser.>", { max: 1 });
  await reader.flush();
  const notifier = makeNotifier(settingsFor(natsTarget(port)), context);
  t.after(() => notifier.close?.());
  await notifier.send(event, never);
  for await (const message of messages) {
    assert.equal(message.subject, "purser.budget.warning");
    assert.equal(message.headers?.get("content-type"), "application/cloudevents+json");
    assert.deepEqual(message.json(), event);
  }
});

interface StreamAnswer {
  readonly error?: { readonly description: string };
  readonly state?: { readonly messages: number };
}

test("a JetStream stream keeps an event once, also if it is sent twice", noNats, async (t) => {
  const { port } = await startNats(t, { more: ["-js"] });
  const notifier = makeNotifier(settingsFor(natsTarget(port, { jetstream: true })), context);
  t.after(() => notifier.close?.());
  await assert.rejects(notifier.send(event, never), isRetryable, "there is no stream yet");
  const admin = await connect({ servers: `127.0.0.1:${port}` });
  t.after(() => admin.close());
  const stream = { name: "EVENTS", subjects: ["purser.>"], storage: "file", max_msg_size: 2000 };
  const made = await admin.request("$JS.API.STREAM.CREATE.EVENTS", JSON.stringify(stream));
  assert.equal(made.json<StreamAnswer>().error, undefined);
  await notifier.send(event, never);
  await notifier.send(event, never);
  await notifier.send(warningEvent({ id: "1043" }), never);
  const info = await admin.request("$JS.API.STREAM.INFO.EVENTS");
  assert.equal(info.json<StreamAnswer>().state?.messages, 2);
  const large = warningEvent({ id: "1044", data: { text: "x".repeat(3000) } });
  await assert.rejects(notifier.send(large, never), isFinal);
});

test(
  "NATS: an event over the server's limit is final, and the next one goes on",
  noNats,
  async (t) => {
    const { port } = await startNats(t);
    const notifier = makeNotifier(settingsFor(natsTarget(port)), context);
    t.after(() => notifier.close?.());
    const large = warningEvent({ data: { text: "x".repeat(2_000_000) } });
    await assert.rejects(notifier.send(large, never), isFinal);
    await notifier.send(event, never);
  },
);

test(
  "NATS: a login is used, and a wrong one is tried again without showing it",
  noNats,
  async (t) => {
    const { port } = await startNats(t, { more: ["--user", "purser", "--pass", "right-password"] });
    const login = { username: "purser", password: "right-password" };
    const notifier = makeNotifier(settingsFor(natsTarget(port, login)), context);
    t.after(() => notifier.close?.());
    await notifier.send(event, never);
    const target = natsTarget(port, { ...login, password: "wrong-password" });
    const wrong = makeNotifier(settingsFor(target), context);
    t.after(() => wrong.close?.());
    await assert.rejects(wrong.send(event, never), isRetryable);
  },
);

test("NATS: after the server was away, the next event arrives", noNats, async (t) => {
  const first = await startNats(t);
  const notifier = makeNotifier(settingsFor(natsTarget(first.port)), context);
  t.after(() => notifier.close?.());
  await notifier.send(event, never);
  await first.stop();
  await assert.rejects(notifier.send(event, never), isRetryable);
  await startNats(t, { port: first.port });
  await notifier.send(event, never);
});

function redisTarget(port: number, change: Partial<RedisTarget> = {}): RedisTarget {
  const url = `redis://127.0.0.1:${port}/2`;
  const login = { username: null, password: null };
  return { kind: "redis", url, key: "purser:events", maxLength: 100, ...login, ...change };
}

const startRedis = (t: TestContext, { port, more = [] }: Start = {}) =>
  startProgram(
    t,
    ({ port, folder }) => {
      const place = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder];
      return ["redis-server", ...place, "--save", "", ...more];
    },
    port,
  );

test("a Redis stream gets the event with its id, and is kept short", noRedis, async (t) => {
  const { port } = await startRedis(t, { more: ["--requirepass", "right-password"] });
  const target = redisTarget(port, { password: "right-password", maxLength: 100 });
  const notifier = makeNotifier(settingsFor(target), context);
  t.after(() => notifier.close?.());
  await notifier.send(event, never);
  const reader = createClient({
    socket: { host: "127.0.0.1", port },
    database: 2,
    password: "right-password",
  });
  reader.on("error", () => undefined);
  await reader.connect();
  t.after(() => reader.destroy());
  const entries = await reader.xRange("purser:events", "-", "+");
  assert.deepEqual(
    { ...entries?.[0]?.message },
    { id: "1042", type: "budget.warning", event: JSON.stringify(event) },
  );
  for (let n = 0; n < 500; n++) await notifier.send(warningEvent({ id: String(n) }), never);
  assert.ok((await reader.xLen("purser:events")) < 300);
  const wrong = makeNotifier(settingsFor({ ...target, password: "wrong-password" }), context);
  await assert.rejects(wrong.send(event, never), isRetryable);
});

test("Redis: after the server was away, the next event arrives", noRedis, async (t) => {
  const first = await startRedis(t);
  const notifier = makeNotifier(settingsFor(redisTarget(first.port)), context);
  t.after(() => notifier.close?.());
  await notifier.send(event, never);
  await first.stop();
  await assert.rejects(notifier.send(event, never), isRetryable);
  await startRedis(t, { port: first.port });
  await notifier.send(event, never);
});

test("buses inside the network are refused unless that is allowed", async () => {
  for (const target of [natsTarget(9), redisTarget(9)]) {
    const settings = settingsFor(target, { allowPrivateAddress: false });
    await assert.rejects(makeNotifier(settings, context).send(event, never), /inside the network/);
  }
});

function isRetryable(error: unknown): boolean {
  assert.ok(error instanceof NotifierError);
  assert.doesNotMatch(error.message, /(?:right|wrong)-password/);
  return error.retryable;
}

function isFinal(error: unknown): boolean {
  assert.ok(error instanceof NotifierError);
  return !error.retryable;
}
