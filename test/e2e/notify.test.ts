/** Notifiers of a real process: receivers that fail, kills, dead letters, and the command line. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Answer, httpReceiver, type Received } from "../../src/notify/receiver.test-kit.ts";
import { type GatewayProcess, makeFolder, startGateway } from "./process.ts";

const secret = "webhook-secret-0123456789";
const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

interface StartOptions {
  readonly url: string;
  readonly directory?: string;
  readonly events?: string;
}

function start({ url, directory, events = "[cost.recorded]" }: StartOptions) {
  const fields = `name: hook, kind: webhook, url: "${url}/hook", secret: "\${HOOK_SECRET}"`;
  return startGateway({
    ...(directory !== undefined && { directory }),
    config: `notifiers:\n  - { ${fields}, events: ${events}, allow_private_address: true }`,
    env: { HOOK_SECRET: secret },
  });
}

async function spend(gateway: GatewayProcess, key: string, id: string): Promise<void> {
  const body = { operation_id: id, amount: "0.01" };
  const held = await gateway.api("POST", "/api/v1/holds", { key, body });
  assert.equal(held.status, 201, JSON.stringify(held.json));
  const settled = await gateway.api("POST", `/api/v1/holds/${id}/settle`, {
    key,
    body: { amount: "0.01" },
  });
  assert.equal(settled.status, 200);
}

function subjects(received: readonly Received[]): readonly string[] {
  return received.map(({ body }) => (JSON.parse(body) as { readonly subject: string }).subject);
}

function ids(received: readonly Received[]): readonly string[] {
  return received.map(({ body }) => (JSON.parse(body) as { readonly id: string }).id);
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let n = 0; n < 600; n++) {
    if (await isTrue()) return;
    await sleep(50);
  }
  assert.fail("it did not happen within 30 s");
}

const fine: Answer = { status: 204 };

test("events arrive in order through a receiver that is busy, broken and well again", async (t) => {
  const answers: Answer[] = [
    { status: 429, headers: { "retry-after": "1" } },
    { status: 500, body: "oops" },
    fine,
  ];
  const accepted: Received[] = [];
  const { url, received } = await httpReceiver(t, (one) => {
    const answer = answers.shift() ?? fine;
    if (answer === fine) accepted.push(one);
    return answer;
  });
  const gateway = await start({ url });
  const { key } = await gateway.makeKey({ project: "p1" });
  for (const id of ["a", "b", "c"]) await spend(gateway, key, id);
  await until(() => accepted.length >= 3);
  assert.deepEqual(subjects(accepted), ["a", "b", "c"]);
  assert.deepEqual(subjects(received).slice(0, 3), ["a", "a", "a"]);
  assert.equal(new Set(ids(received).slice(0, 3)).size, 1, "an attempt keeps the event's id");
  const metrics = await fetch(`${gateway.url}/metrics`, {
    headers: { authorization: `Bearer ${gateway.adminKey}` },
  });
  const text = await metrics.text();
  assert.match(text, /purser_notifier_deliveries_total\{notifier="hook"\} 3/);
  assert.match(text, /purser_notifier_failures_total\{notifier="hook"\} 2/);
  assert.match(text, /purser_notifier_lag_entries\{notifier="hook"\} \d/);
  await gateway.stop();
});

test("kill -9 between charge and notice: every event arrives, in order, with its id", async (t) => {
  let isDown = true;
  const accepted: Received[] = [];
  const { url } = await httpReceiver(t, (one) => {
    if (isDown) return { status: 503 };
    accepted.push(one);
    return fine;
  });
  const directory = await makeFolder();
  let gateway = await start({ url, directory });
  const { key } = await gateway.makeKey({ project: "p1" });
  const operations = Array.from({ length: 20 }, (_, n) => `op-${n}`);
  for (const id of operations.slice(0, 10)) await spend(gateway, key, id);
  await gateway.kill();
  gateway = await start({ url, directory });
  isDown = false;
  await until(() => accepted.length >= 3);
  await gateway.kill();
  gateway = await start({ url, directory });
  for (const id of operations.slice(10)) await spend(gateway, key, id);
  await until(() => subjects(accepted).includes("op-19"));
  const firstTimes = [...new Set(subjects(accepted))];
  assert.deepEqual(firstTimes, operations);
  assert.equal(new Set(ids(accepted)).size, 20, "an event that is repeated has the same id");
  assert.ok(accepted.length <= 22, "a kill repeats at most one event");
  await gateway.stop();
});

test("an event whose answer is lost is delivered again, with the same id and bytes, before the next", async (t) => {
  const answers: Answer[] = [{ status: 0 }, fine, { status: 0 }];
  const { url, received } = await httpReceiver(t, () => answers.shift() ?? fine);
  const gateway = await start({ url });
  const { key } = await gateway.makeKey({ project: "p1" });
  for (const id of ["a", "b"]) await spend(gateway, key, id);
  await until(() => received.length >= 4);
  assert.deepEqual(subjects(received), ["a", "a", "b", "b"]);
  assert.equal(received[0]?.body, received[1]?.body);
  await gateway.stop();
});

test("an event that is refused is a dead letter, shown and replayed; the next one goes on", async (t) => {
  let refuses = true;
  const { url, received } = await httpReceiver(t, ({ body }) =>
    refuses && body.includes('"subject":"bad"') ? { status: 400, body: `no ${secret}` } : fine,
  );
  const gateway = await start({ url });
  const { key } = await gateway.makeKey({ project: "p1" });
  await spend(gateway, key, "bad");
  await spend(gateway, key, "good");
  await until(() => subjects(received).includes("good"));
  const purser = async (...words: readonly string[]) => {
    const data = path.join(gateway.directory, "data");
    const main = path.join(root, "src/cli/main.ts");
    const done = await run(process.execPath, [main, ...words, "--data", data], {
      cwd: gateway.directory,
      env: { HOOK_SECRET: secret },
    }).catch((error: unknown) => error as { readonly stdout: string; readonly stderr: string });
    return done.stdout + done.stderr;
  };
  const listed = await gateway.api("GET", "/api/v1/notifiers");
  const state = listed.json["data"]?.[0];
  assert.deepEqual(
    [state?.["name"], state?.["dead_letters"], state?.["failing"]],
    ["hook", 1, null],
  );
  const letters = await gateway.api("GET", "/api/v1/notifiers/hook/dead-letters");
  assert.doesNotMatch(JSON.stringify([listed.json, letters.json]), new RegExp(secret));
  assert.doesNotMatch(gateway.notes(), new RegExp(secret));
  assert.match(await purser("notify", "list"), /hook +webhook .* 1 +ok/);
  assert.match(await purser("notify", "dead-letters", "hook"), /cost\.recorded .*answered 400/);
  assert.match(await purser("doctor"), /1 event could not be delivered/);
  assert.match(await purser("notify", "replay", "hook"), /0 events delivered, 1 dead letter left/);
  const id = Number(letters.json["data"]?.[0]?.["letter_id"]);
  const again = `/api/v1/notifiers/hook/dead-letters/${id}/replay`;
  assert.equal((await gateway.api("POST", again)).status, 502);
  refuses = false;
  assert.match(await purser("notify", "replay", "hook"), /1 event delivered, 0 dead letters left/);
  assert.equal((await gateway.api("POST", again)).status, 404);
  assert.equal(subjects(received).at(-1), "bad");
  await gateway.stop();
});

test("the test button sends an event, and says why one does not arrive", async (t) => {
  let status = 204;
  const { url, received } = await httpReceiver(t, () => ({ status }));
  const gateway = await start({ url });
  const sent = await gateway.api("POST", "/api/v1/notifiers/hook/test");
  assert.equal(sent.status, 200);
  assert.deepEqual(ids(received), [sent.json["event_id"]]);
  status = 404;
  const failed = await gateway.api("POST", "/api/v1/notifiers/hook/test");
  assert.equal(failed.status, 502);
  assert.match(String(failed.json["detail"]), /answered 404/);
  const unknown = await gateway.api("POST", "/api/v1/notifiers/hok/test");
  assert.deepEqual([unknown.status, unknown.json["remedy"]], [404, "Did you mean hook?"]);
  await gateway.stop();
});

test("a receiver is told once when a budget is used up", async (t) => {
  const { url, received } = await httpReceiver(t);
  const gateway = await start({ url, events: '["budget.exceeded"]' });
  await gateway.makeBudget({
    budget_id: "b",
    budget_type: "project",
    resource_id: "p1",
    amount: "0.02",
    policy: "soft",
  });
  const { key } = await gateway.makeKey({ project: "p1" });
  for (const id of ["a", "b", "c"]) await spend(gateway, key, id);
  await until(() => received.length > 0);
  await sleep(500);
  assert.deepEqual(subjects(received), ["b"]);
  await gateway.stop();
});
