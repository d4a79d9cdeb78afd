/** Rules of a real process: kills between charge and notice, a receiver that is down, answers. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { httpReceiver, type Answer, type Received } from "../../src/notify/receiver.test-kit.ts";
import { type GatewayProcess, makeFolder, startGateway } from "./process.ts";

const secret = "webhook-secret-0123456789";

interface StartOptions {
  readonly url: string;
  readonly rules: readonly string[];
  readonly directory?: string;
}

function start({ url, rules, directory }: StartOptions): Promise<GatewayProcess> {
  const hook = (name: string): string =>
    `  - { name: ${name}, kind: webhook, url: "${url}/${name}", secret: "\${HOOK_SECRET}", events: [key.created], allow_private_address: true }`;
  return startGateway({
    ...(directory !== undefined && { directory }),
    config: [
      "budgets:",
      '  - { budget_id: ann, budget_type: user, resource_id: ann, amount: "1" }',
      "notifiers:",
      hook("ops"),
      hook("pager"),
      "rules:",
      ...rules.map((rule) => `  - { ${rule} }`),
    ].join("\n"),
    env: { HOOK_SECRET: secret },
  });
}

async function spend(
  gateway: GatewayProcess,
  {
    id,
    key,
    amount = "0.30",
  }: { readonly id: string; readonly key: string; readonly amount?: string },
): Promise<void> {
  const attribution = { user: "ann", task: "t1" };
  const body = { operation_id: id, amount, attribution };
  const held = await gateway.api("POST", "/api/v1/holds", { key, body });
  assert.equal(held.status, 201, JSON.stringify(held.json));
  const path = `/api/v1/holds/${id}/settle`;
  const settled = await gateway.api("POST", path, { key, body: { amount } });
  assert.equal(settled.status, 200, JSON.stringify(settled.json));
}

interface Told {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

function told(received: readonly Received[]): readonly Told[] {
  const all = received.map(({ body }) => JSON.parse(body) as Told);
  return [...new Map(all.map((one) => [one.id, one])).values()].filter(({ type }) =>
    type.startsWith("rule."),
  );
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let n = 0; n < 600; n++) {
    if (await isTrue()) return;
    await sleep(50);
  }
  assert.fail("it did not happen within 30 s");
}

/** Answers 500 while it is down, and keeps what it accepted. */
async function switchable(t: TestContext) {
  const accepted: Received[] = [];
  const state = { down: false };
  const { url } = await httpReceiver(t, (one): Answer => {
    if (state.down) return { status: 500 };
    accepted.push(one);
    return { status: 204 };
  });
  return { url, accepted, state };
}

const all = [
  "rule_id: half, when: threshold, budget_id: ann, percent: 50, notify: [ops]",
  'rule_id: call, when: operation_over, amount: "0.25", notify: [ops]',
  'rule_id: job, when: task_over, amount: "0.50", notify: [ops]',
  'rule_id: user, when: spend_over, amount: "0.50", window: 24h, by: user, notify: [ops]',
];

test("each alert arrives once, with kills between charge and notice and a receiver that is down", async (t) => {
  const { url, accepted, state } = await switchable(t);
  const directory = await makeFolder();
  state.down = true;
  let gateway = await start({ url, rules: all, directory });
  const key = gateway.adminKey;
  await spend(gateway, { id: "one", key });
  await spend(gateway, { id: "two", key });
  await gateway.kill();
  gateway = await start({ url, rules: all, directory });
  t.after(() => gateway.kill());
  await sleep(300);
  await gateway.kill();
  state.down = false;
  gateway = await start({ url, rules: all, directory });
  const seen = (): readonly string[] =>
    told(accepted)
      .map(({ subject, data }) => `${subject} ${String(data["value"])}`)
      .sort();
  const expected = ["call one", "call two", "half ann", "job t1", "user ann"];
  await until(() => seen().length >= expected.length);
  await spend(gateway, { id: "three", key, amount: "0.01" });
  await sleep(1500);
  assert.deepEqual(seen(), expected);
});

test("a threshold fires when the amount is lowered to what is spent", async (t) => {
  const { url, received } = await httpReceiver(t);
  const rule = "rule_id: at-100, when: threshold, budget_id: ann, percent: 100";
  const gateway = await start({ url, rules: [rule] });
  t.after(() => gateway.kill());
  const key = gateway.adminKey;
  await spend(gateway, { id: "one", key });
  await spend(gateway, { id: "two", key, amount: "0.20" });
  await sleep(300);
  assert.equal(told(received).length, 0);
  const body = { amount: "0.50" };
  const changed = await gateway.api("PATCH", "/api/v1/budgets/ann", { key, body });
  assert.equal(changed.status, 200, JSON.stringify(changed.json));
  await until(() => told(received).length > 0);
  const [alert] = told(received);
  assert.deepEqual([alert?.data["figure"], alert?.data["limit"]], ["0.5", "0.5"]);
});

test("a test arrives, and an alert is acknowledged once, with the first note", async (t) => {
  const { url, accepted } = await switchable(t);
  const over =
    'when: operation_over, amount: "0.25", notify: [ops], escalate: { after: 1m, notify: [pager] }';
  const gateway = await start({ url, rules: [`rule_id: call, ${over}`] });
  t.after(() => gateway.kill());
  const key = gateway.adminKey;
  const path = "/api/v1/rules/call";
  const tested = await gateway.api("POST", `${path}/test`, { key });
  assert.equal(tested.status, 200, JSON.stringify(tested.json));
  const tests = accepted
    .map(({ body }) => JSON.parse(body) as Told)
    .filter(({ type }) => type === "purser.test");
  assert.deepEqual(
    tests.map(({ type, data }) => [type, data["rule_id"]]),
    [["purser.test", "call"]],
  );
  await spend(gateway, { id: "one", key });
  await until(() => told(accepted).length === 1);
  const body = { value: "one", note: "agreed" };
  const answered = await gateway.api("POST", `${path}/acknowledge`, { key, body });
  assert.equal(answered.status, 200, JSON.stringify(answered.json));
  const again = await gateway.api("POST", `${path}/acknowledge`, { key, body: { value: "one" } });
  assert.match(JSON.stringify(again.json), /"note":"agreed"/);
  const absent = await gateway.api("POST", `${path}/acknowledge`, { key, body: { value: "two" } });
  assert.equal(absent.status, 404);
  const verified = await gateway.api("POST", "/api/v1/verify", { key });
  assert.match(JSON.stringify(verified.json), /"ok":true/);
});
