/** Tests webhooks and chats against an HTTP server. */

import assert from "node:assert/strict";
import { createHmac, timingSafeEqual } from "node:crypto";
import { test } from "node:test";
import { NotifierError } from "../app/port/notifier.ts";
import type { NotifierTarget } from "../app/port/notifier-settings.ts";
import { parseTemplate } from "../domain/event/template.ts";
import { makeNotifier } from "./notifiers.ts";
import {
  httpReceiver,
  never,
  type Received,
  settingsFor,
  warningEvent,
} from "./receiver.test-kit.ts";

const at = Date.parse("2026-11-29T04:00:05Z");
const context = { clock: { now: () => at }, publicUrl: null };
const linked = { ...context, publicUrl: "https://purser.example.com" };
const event = warningEvent();
const sentence =
  "Budget team-a (team atlas) has used 80.40 USD of 100.00 USD (80%). It resets on 2026-12-01 at 00:00 UTC.";

/** Written from docs/guides/notify.md alone. */
function isGenuine({ headers, body }: Received, secret: string, now: number): boolean {
  const fields = String(headers["purser-signature"]).split(",");
  const time = fields.find((field) => field.startsWith("t="))?.slice(2) ?? "";
  if (Math.abs(now / 1000 - Number(time)) > 300) return false;
  const expected = createHmac("sha256", secret).update(`${time}.${body}`).digest();
  return fields
    .filter((field) => field.startsWith("v1="))
    .map((field) => Buffer.from(field.slice(3), "hex"))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

test("a webhook is a signed CloudEvent, which a reader verifies with either secret", async (t) => {
  const { url, received } = await httpReceiver(t);
  const secrets = ["new-secret-0123456789", "old-secret-0123456789"];
  const target = { kind: "webhook", url: `${url}/hook`, secrets } as const;
  await makeNotifier(settingsFor(target), context).send(event, never);
  const [one] = received;
  assert.ok(one);
  assert.equal(one.headers["content-type"], "application/cloudevents+json");
  assert.deepEqual(JSON.parse(one.body), event);
  for (const secret of secrets) assert.ok(isGenuine(one, secret, at));
  assert.equal(isGenuine(one, "another-secret-0123456789", at), false);
  assert.equal(isGenuine({ ...one, body: `${one.body} ` }, secrets[0] ?? "", at), false);
  assert.equal(isGenuine(one, secrets[0] ?? "", at + 301_000), false);
});

interface Chat {
  readonly target: (url: string) => NotifierTarget;
  readonly path: string;
  readonly text: (body: never) => unknown;
  /** What the text `<b>&*_[x](y)@everyone` becomes. */
  readonly escaped: string;
  readonly link: RegExp;
}

const link = String.raw`https://purser\.example\.com/api/v1/budgets/team-a`;
const chats: Readonly<Record<string, Chat>> = {
  slack: {
    target: (url) => ({ kind: "slack", url: `${url}/services/T/B/x` }),
    path: "/services/T/B/x",
    text: ({ blocks }: { blocks: { text: { text: string } }[] }) => blocks[0]?.text.text,
    escaped: "&lt;b&gt;&amp;*_[x](y)@everyone",
    link: new RegExp(`<${link}\\|Open in Purser>`),
  },
  discord: {
    target: (url) => ({ kind: "discord", url: `${url}/api/webhooks/1/x` }),
    path: "/api/webhooks/1/x",
    text: ({ content }: { content: string }) => content,
    escaped: String.raw`\<b\>&\*\_\[x\]\(y\)\@everyone`,
    link: new RegExp(`\\[Open in Purser\\]\\(<${link}>\\)`),
  },
  telegram: {
    target: (url) => ({ kind: "telegram", token: "123:abc", chatId: "-100", apiUrl: url }),
    path: "/bot123:abc/sendMessage",
    text: ({ text }: { text: string }) => text,
    escaped: "&lt;b&gt;&amp;*_[x](y)@everyone",
    link: new RegExp(`<a href="${link}">Open in Purser</a>`),
  },
  teams: {
    target: (url) => ({ kind: "teams", url: `${url}/workflows/x` }),
    path: "/workflows/x",
    text: ({ attachments }: { attachments: { content: { body: { text: string }[] } }[] }) =>
      attachments[0]?.content.body[0]?.text,
    escaped: String.raw`<b>&\*\_\[x\]\(y\)@everyone`,
    link: new RegExp(link),
  },
};

for (const [name, chat] of Object.entries(chats)) {
  test(`${name} gets a sentence with the figures and a link`, async (t) => {
    const { url, received } = await httpReceiver(t);
    await makeNotifier(settingsFor(chat.target(url)), context).send(event, never);
    await makeNotifier(settingsFor(chat.target(url)), linked).send(event, never);
    const bodies = received.map(({ body }) => JSON.parse(body) as never);
    assert.equal(received[0]?.path, chat.path);
    const plain = String(chat.text(bodies[0] as never)).replaceAll(/\\([()])/g, "$1");
    assert.equal(plain, sentence);
    assert.match(received[1]?.body.replaceAll(String.raw`\"`, '"') ?? "", chat.link);
  });

  test(`${name} gets names literally, and templates as written`, async (t) => {
    const { url, received } = await httpReceiver(t);
    const template = parseTemplate("*{budget_id}*", { field: "template", known: ["budget_id"] });
    const hostile = warningEvent({
      data: { ...event.data, budget_id: "<b>&*_[x](y)@everyone" },
    });
    await makeNotifier(settingsFor(chat.target(url), { template }), context).send(hostile, never);
    const text = chat.text(JSON.parse(received[0]?.body ?? "") as never);
    assert.equal(text, `*${chat.escaped}*`);
  });
}

test("Discord mentions nobody", async (t) => {
  const { url, received } = await httpReceiver(t);
  const target = { kind: "discord", url } as const;
  await makeNotifier(settingsFor(target), context).send(event, never);
  const body = JSON.parse(received[0]?.body ?? "") as { allowed_mentions: unknown };
  assert.deepEqual(body.allowed_mentions, { parse: [] });
});

async function failureOf(sent: Promise<void>): Promise<NotifierError> {
  const error = await sent.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof NotifierError, String(error));
  return error;
}

for (const [status, retryable] of [
  [400, false],
  [413, false],
  [422, false],
  [401, true],
  [404, true],
  [429, true],
  [500, true],
  [503, true],
  [302, true],
] as const) {
  test(`an answer of ${status} is ${retryable ? "tried again" : "final"}`, async (t) => {
    const { url, received } = await httpReceiver(t, () => ({
      status,
      headers: { location: "/other" },
      body: "why",
    }));
    const target = { kind: "slack", url: `${url}/secret-path` } as const;
    const failure = await failureOf(makeNotifier(settingsFor(target), context).send(event, never));
    assert.equal(failure.retryable, retryable);
    assert.match(failure.message, new RegExp(`answered ${status}.*: why`));
    assert.equal(received.length, 1, "redirects are not followed");
  });
}

test("the wait that a receiver asks for is read: seconds, a date, Telegram's body", async (t) => {
  const answers = [
    { status: 429, headers: { "retry-after": "7" } },
    { status: 503, headers: { "retry-after": new Date(Date.now() + 60_000).toUTCString() } },
    { status: 429, body: '{"ok":false,"parameters":{"retry_after":3}}' },
    { status: 429, headers: { "retry-after": "1e30" } },
    { status: 429, headers: { "retry-after": "soon" } },
  ];
  const { url } = await httpReceiver(t, () => answers.shift() ?? { status: 204 });
  const notifier = makeNotifier(settingsFor({ kind: "slack", url }), context);
  const waits: (number | undefined)[] = [];
  for (let n = 0; n < 5; n++)
    waits.push((await failureOf(notifier.send(event, never))).retryAfterMs);
  assert.equal(waits[0], 7000);
  assert.ok((waits[1] ?? 0) > 30_000 && (waits[1] ?? 0) <= 60_000);
  assert.deepEqual(waits.slice(2), [3000, 86_400_000, undefined]);
});

test("no message has a secret, even if the receiver repeats it", async (t) => {
  const { url } = await httpReceiver(t, ({ path, body }) => ({
    status: 400,
    body: `no such hook ${path} ${body.slice(0, 20)}`,
  }));
  const targets: readonly NotifierTarget[] = [
    { kind: "slack", url: `${url}/services/T0/B0/verysecret` },
    { kind: "telegram", token: "123:verysecret", chatId: "1", apiUrl: url },
    { kind: "webhook", url: `${url}/hook?key=verysecret`, secrets: ["a-verysecret-signature"] },
  ];
  for (const target of targets) {
    const failure = await failureOf(makeNotifier(settingsFor(target), context).send(event, never));
    assert.match(failure.message, /\*\*\*/);
    assert.doesNotMatch(`${failure.stack} ${String(failure.cause)}`, /verysecret/);
  }
});

test("a receiver that is down is tried again", async () => {
  const target = { kind: "slack", url: "http://127.0.0.1:9/verysecret" } as const;
  const failure = await failureOf(makeNotifier(settingsFor(target), context).send(event, never));
  assert.equal(failure.retryable, true);
  assert.match(failure.message, /not reached/);
});

test("addresses inside the network are refused, in any spelling", async (t) => {
  const { url, received } = await httpReceiver(t);
  const { port } = new URL(url);
  for (const host of ["127.0.0.1", "2130706433", "0177.0.0.1", "localhost", "[::ffff:127.0.0.1]"]) {
    const target = { kind: "slack", url: `http://${host}:${port}/` } as const;
    const settings = settingsFor(target, { allowPrivateAddress: false });
    const failure = await failureOf(makeNotifier(settings, context).send(event, never));
    assert.match(failure.message, /inside the network.*allow_private_address/);
  }
  assert.deepEqual(received, []);
});

test("a name that leads inside the network is refused, also if it did not before", async (t) => {
  const { url, received } = await httpReceiver(t);
  const { port } = new URL(url);
  const answers = [["8.8.8.8", "127.0.0.1"], ["127.0.0.1"]];
  let asked = 0;
  const resolve = async (): Promise<readonly string[]> => answers[Math.min(asked++, 1)] ?? [];
  const target = { kind: "slack", url: `http://hooks.example.com:${port}/` } as const;
  const settings = settingsFor(target, { allowPrivateAddress: false });
  const notifier = makeNotifier(settings, { ...context, resolve });
  const brief = AbortSignal.timeout(300);
  await failureOf(notifier.send(event, brief));
  assert.equal(asked, 1, "the name is resolved once for each connection");
  const failure = await failureOf(notifier.send(event, never));
  assert.match(failure.message, /inside the network/);
  assert.deepEqual(received, []);
  await notifier.close?.();
});

test("the connection goes to the address that was checked", async (t) => {
  const { url, received } = await httpReceiver(t);
  const { port } = new URL(url);
  let asked = 0;
  const resolve = async (): Promise<readonly string[]> => {
    asked += 1;
    return ["127.0.0.1"];
  };
  const target = { kind: "slack", url: `http://hooks.example.com:${port}/` } as const;
  const notifier = makeNotifier(settingsFor(target), { ...context, resolve });
  await notifier.send(event, never);
  assert.deepEqual([asked, received[0]?.headers.host], [1, `hooks.example.com:${port}`]);
});
