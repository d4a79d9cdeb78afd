/** Actions of rules in a real process: cheaper models, pauses, and both across kills. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type OpenAI from "openai";
import { anthropicAt, collect, geminiAt, openaiAt, steer, tagged } from "./client.ts";
import {
  makeFolder,
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type Json,
  type SimulatorProcess,
} from "./process.ts";
import { assertSettledAsBilled } from "./reconcile.ts";
import { startRecorder } from "./recording.ts";
import { always, providersAt } from "./settings.ts";

let simulator: SimulatorProcess;
before(async () => {
  simulator = await startSimulatorProcess();
});

const models = {
  "openai/sim-large": "openai/sim-small",
  "anthropic/sim-large": "anthropic/sim-small",
  "gemini/sim-large": "gemini/sim-small",
};
const perUser = { budget_type: "user", resource_id: "*", amount: "1", ...always };

async function put(gateway: GatewayProcess, ruleId: string, body: object): Promise<Json> {
  const answer = await gateway.api("PUT", `/api/v1/rules/${ruleId}`, { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  return answer.json;
}

interface Spend {
  readonly user: string;
  readonly id: string;
  readonly amount: string;
  readonly task?: string;
}

/** Charges an amount over the API. */
async function spend(
  gateway: GatewayProcess,
  { user, id, amount, task = `task-${user}` }: Spend,
): Promise<void> {
  const body = { operation_id: id, amount, attribution: { user, task } };
  const held = await gateway.api("POST", "/api/v1/holds", { body });
  assert.equal(held.status, 201, JSON.stringify(held.json));
  const path = `/api/v1/holds/${id}/settle`;
  assert.equal((await gateway.api("POST", path, { body: { amount } })).status, 200);
}

async function alertsOf(gateway: GatewayProcess, ruleId: string): Promise<readonly Json[]> {
  const { json } = await gateway.api("GET", `/api/v1/rules/${ruleId}`);
  return json["alerts"] ?? [];
}

async function fired(gateway: GatewayProcess, ruleId: string, count = 1): Promise<readonly Json[]> {
  for (let tries = 0; tries < 600; tries += 1) {
    const alerts = await alertsOf(gateway, ruleId);
    if (alerts.length >= count) return alerts;
    await sleep(50);
  }
  throw new Error(`${ruleId} did not fire within 30 s`);
}

async function pausesOf(gateway: GatewayProcess): Promise<readonly unknown[]> {
  const answer = await fetch(`${gateway.url}/api/v1/events?after=0&type=budget.paused`, {
    headers: { accept: "application/json", authorization: `Bearer ${gateway.adminKey}` },
  });
  const { data } = (await answer.json()) as {
    readonly data: readonly { readonly data: { readonly value: string } }[];
  };
  return data.map((event) => event.data.value);
}

test("each format is served by the cheaper model, held, priced and reported as that", async () => {
  const gateway = await startGateway({ simulatorUrl: simulator.url });
  await gateway.makeBudget({ budget_id: "each", ...perUser });
  const rule = { when: "threshold", budget_id: "each", percent: 50, action: "model", models };
  assert.deepEqual((await put(gateway, "cheap", rule))["warnings"], []);
  await spend(gateway, { user: "ann", id: "much", amount: "0.6" });
  const [alert] = await fired(gateway, "cheap");
  assert.deepEqual([alert?.["value"], alert?.["action"]], ["ann", "model"]);
  const { key } = await gateway.makeKey({ user: "ann" });
  const check = async (tag: string): Promise<void> => {
    const entry = await assertSettledAsBilled({ gateway, simulator }, tag);
    const { model, requested_model, replaced_by_rule } = entry as unknown as Json;
    assert.deepEqual(
      [model, requested_model, replaced_by_rule],
      ["sim-small", "sim-large", "cheap"],
    );
  };
  const messages = (tag: string) => [
    { role: "user" as const, content: steer(`${tagged(tag).directive} output=9`) },
  ];
  const openai = (tag: string, path = "/openai"): OpenAI =>
    openaiAt(gateway, { key, path, headers: tagged(tag).headers });

  const { response } = await openai("o-whole")
    .chat.completions.create({ model: "sim-large", messages: messages("o-whole") })
    .withResponse();
  assert.deepEqual(
    ["x-purser-model", "x-purser-requested-model"].map((name) => response.headers.get(name)),
    ["openai/sim-small", "openai/sim-large"],
  );
  await check("o-whole");
  const body = { model: "openai/sim-large", messages: messages("o-stream"), stream: true } as const;
  const chunks = await collect(await openai("o-stream", "").chat.completions.create(body));
  assert.ok(chunks.every((chunk) => chunk.model === "sim-small"));
  await check("o-stream");
  const [input] = messages("o-responses");
  await openai("o-responses").responses.create({ model: "sim-large", input: input?.content ?? "" });
  await check("o-responses");
  const anthropic = anthropicAt(gateway, { key, path: "/anthropic", headers: tagged("a").headers });
  await collect(
    await anthropic.messages.create({
      model: "sim-large",
      max_tokens: 50,
      stream: true,
      messages: messages("a"),
    }),
  );
  await check("a");
  const gemini = geminiAt(gateway, { key, path: "/gemini", headers: tagged("g").headers });
  const [{ content: contents } = { content: "" }] = messages("g");
  await gemini.models.generateContent({ model: "sim-large", contents });
  await check("g");
  await gateway.stop();
});

test("a call that the cheaper model cannot serve is served as it asks, and so are those of others", async () => {
  const gateway = await startGateway({ simulatorUrl: simulator.url });
  await gateway.makeBudget({ budget_id: "each", ...perUser });
  const rule = { when: "threshold", budget_id: "each", percent: 50, action: "model", models };
  await put(gateway, "cheap", rule);
  await spend(gateway, { user: "ann", id: "much", amount: "0.6" });
  await fired(gateway, "cheap");
  const served = async (key: string, model = "sim-large"): Promise<string | null> => {
    const messages = [{ role: "user" as const, content: "Hello" }];
    const client = openaiAt(gateway, { key, path: "/openai" });
    const create = client.chat.completions.create({ model, messages, max_tokens: 5 });
    return (await create.withResponse()).response.headers.get("x-purser-model");
  };
  const { key: ann } = await gateway.makeKey({ user: "ann" });
  const { key: bob } = await gateway.makeKey({ user: "bob" });
  const only = await gateway.makeKey({ user: "ann" }, { models: ["sim-large"] });
  assert.equal(await served(ann), "openai/sim-small");
  assert.equal(await served(bob), "openai/sim-large");
  assert.equal(await served(only.key), "openai/sim-large");
  const resumed = await gateway.api("POST", "/api/v1/budgets/each/resume", {
    body: { value: "ann", reason: "release day" },
  });
  assert.equal(resumed.status, 200);
  assert.equal(await served(ann), "openai/sim-large");
  assert.ok((await alertsOf(gateway, "cheap"))[0]?.["resumed_at"]);
  await spend(gateway, { user: "ann", id: "more", amount: "0.01" });
  await spend(gateway, { user: "bob", id: "bobs", amount: "0.6" });
  await fired(gateway, "cheap", 2);
  assert.deepEqual(
    [await served(ann), await served(bob)],
    ["openai/sim-large", "openai/sim-small"],
  );
  await gateway.stop();
});

test("tools and a schema reach the cheaper model as they were sent", async () => {
  const recorder = await startRecorder();
  const gateway = await startGateway({
    simulatorUrl: simulator.url,
    providers: {
      openai: { ...providersAt(simulator.url)["openai"], base_url: `${recorder.url}/v1` },
    },
  });
  await gateway.makeBudget({ budget_id: "each", ...perUser });
  const rule = { when: "threshold", budget_id: "each", percent: 50, action: "model", models };
  await put(gateway, "cheap", rule);
  await spend(gateway, { user: "ann", id: "much", amount: "0.6" });
  await fired(gateway, "cheap");
  const { key } = await gateway.makeKey({ user: "ann" });
  const sent =
    '{ "messages": [{"role":"user","content":"model: \\"sim-large\\""}],  "model":"sim-large", "max_tokens": 9,' +
    '"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],' +
    '"response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}} }';
  const answer = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: sent,
  });
  assert.equal(answer.status, 200, await answer.text());
  const expected = sent.replace('"model":"sim-large"', '"model":"sim-small"');
  assert.equal(recorder.requests.at(-1)?.body, expected);
  await gateway.stop();
});

test("models are checked when the rule is set: an unknown price is refused, a dearer one is a warning", async () => {
  const gateway = await startGateway({ simulatorUrl: simulator.url });
  await gateway.makeBudget({ budget_id: "each", ...perUser });
  const rule = { when: "threshold", budget_id: "each", percent: 50, action: "model" };
  const unknown = { ...rule, models: { "openai/sim-large": "openai/no-such" } };
  const refused = await gateway.api("PUT", "/api/v1/rules/cheap", { body: unknown });
  assert.deepEqual([refused.status, refused.json["field"]], [400, "models.openai/sim-large"]);
  const dearer = { ...rule, models: { "openai/sim-small": "openai/sim-large" } };
  const warning = (await put(gateway, "cheap", dearer))["warnings"]?.[0];
  assert.equal(warning?.["field"], "models.openai/sim-small");
  assert.match(String(warning?.["message"]), /sim-large is not cheaper/);
  await gateway.stop();
});

test("killed between charge, alert and pause, each rule pauses once, and a person's resume stays", async () => {
  const directory = await makeFolder();
  const yaml = [
    "budgets:",
    '  - { budget_id: each, budget_type: user, resource_id: "*", amount: "100", period: year }',
    '  - { budget_id: tasks, budget_type: task, resource_id: "*", amount: "100", period: year }',
    "rules:",
    '  - { rule_id: fast, when: spend_over, amount: "0.5", window: 24h, by: user, action: pause, budget_id: each }',
    '  - { rule_id: job, when: task_over, amount: "0.5", action: pause, budget_id: tasks }',
    "  - { rule_id: part, when: threshold, budget_id: each, percent: 0.5, action: pause }",
  ];
  const options = { directory, config: yaml.join("\n") };
  let gateway = await startGateway(options);
  await spend(gateway, { user: "ann", id: "a", amount: "0.6" });
  await gateway.kill();
  gateway = await startGateway(options);
  await fired(gateway, "fast");
  await gateway.kill();
  gateway = await startGateway(options);
  await fired(gateway, "job");
  const held = (id: string) =>
    gateway.api("POST", "/api/v1/holds", {
      body: { operation_id: id, amount: "0.01", attribution: { user: "ann" } },
    });
  const refused = await held("refused");
  assert.equal(refused.status, 402);
  assert.match(JSON.stringify(refused.json), /budget_paused.*rule (fast|part) fired/);
  const body = { value: "ann" };
  assert.equal((await gateway.api("POST", "/api/v1/budgets/each/resume", { body })).status, 200);
  assert.equal((await held("resumed")).status, 201);
  await spend(gateway, { user: "ann", id: "b", amount: "0.4", task: "another" });
  await gateway.kill();
  gateway = await startGateway(options);
  await sleep(1500);
  assert.equal((await held("again")).status, 201, "the resume stays");
  const pauses = await pausesOf(gateway);
  assert.deepEqual([pauses.length, new Set(pauses)], [2, new Set(["ann", "task-ann"])]);
  await gateway.stop();
});
