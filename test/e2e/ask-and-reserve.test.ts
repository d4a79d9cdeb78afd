/** Budgets that ask for more money and keep a reserve, in a real process with official SDKs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { openaiAt } from "./client.ts";
import { Crowd } from "./crowd.ts";
import { picoOf } from "./figures.ts";
import { startGateway, startSimulatorProcess, type GatewayProcess, type Json } from "./process.ts";
import { always, providerKey } from "./settings.ts";

const simulator = await startSimulatorProcess();

const house = {
  wire: "openai" as const,
  base_url: `${simulator.url}/openai/v1`,
  api_key: providerKey("openai"),
};

/** A budget of nothing that asks. Each test is a project of its own. */
async function startAsking(config = "limits: { hold_wait_ms: 50 }", directory?: string) {
  const gateway = await startGateway({
    providers: { house },
    config,
    ...(directory !== undefined && { directory }),
  });
  const price = { provider: "house", model: "sim-small", input: "0.15", output: "0.613" };
  assert.equal((await gateway.api("POST", "/api/v1/prices", { body: price })).status, 201);
  return gateway;
}

async function asking(gateway: GatewayProcess, name: string, more: object = {}) {
  const budget = { budget_id: name, budget_type: "project", resource_id: name, ...always };
  await gateway.makeBudget({ ...budget, amount: "0", on_exhausted: "ask", ...more });
  return gateway.makeKey({ project: name }, { may_refine: ["session"] });
}

async function control(gateway: GatewayProcess, path: string, body: object): Promise<number> {
  return (await gateway.api("POST", `/api/v1/budgets/${path}`, { body })).status;
}

async function untilWaiting(
  gateway: GatewayProcess,
  budgetId: string,
  calls: number,
): Promise<Json> {
  for (let tries = 0; tries < 400; tries++) {
    const approval = (await gateway.budget(budgetId))["approval"];
    // Null if no question is open.
    if (approval && approval["waiting"] === calls) return approval;
    await sleep(25);
  }
  throw new Error(`${calls} calls do not wait for ${budgetId}`);
}

/** The events that ask people. */
async function questions(gateway: GatewayProcess): Promise<readonly Json[]> {
  const headers = { accept: "application/json", authorization: `Bearer ${gateway.adminKey}` };
  const path = "/api/v1/events?after=0&type=budget.approval_requested";
  const answer = await fetch(gateway.url + path, { headers });
  return ((await answer.json()) as { readonly data: readonly Json[] }).data;
}

const talk = {
  model: "sim-small",
  max_tokens: 20,
  messages: [{ role: "user" as const, content: "Hi" }],
};

test("an SDK waits while people are asked, and gets its answer once more money is approved", async () => {
  const gateway = await startAsking();
  const { key } = await asking(gateway, "p");
  const client = openaiAt(gateway, { key, path: "/house" });
  const call = client.chat.completions.create(talk);
  const approval = await untilWaiting(gateway, "p", 1);
  assert.ok(picoOf(String(approval["needed"])) > 0n);
  assert.equal(approval["available"], "0");

  const [event] = await questions(gateway);
  const data = event?.["data"] as Json;
  assert.deepEqual([data["budget_id"], data["resource_id"]], ["p", "p"]);
  assert.equal(data["needed"], approval["needed"]);
  assert.match(String(data["remedy"]), /purser budget extend p --amount 0\.\d+/);
  const approve = data["approve"];
  assert.equal(
    (await gateway.api("POST", String(approve["path"]), { body: approve["body"] })).status,
    200,
  );
  assert.ok((await call).choices[0]?.message.content);
  assert.equal((await gateway.budget("p"))["approval"], null);
  const granted = (await gateway.budget("p"))["granted"];
  for (const answer of [approve, data["decline"]]) {
    const path = String(answer["path"]);
    const { status, json } = await gateway.api("POST", path, { body: answer["body"] });
    assert.deepEqual([status, json["code"]], [409, "conflict"], "a second answer");
  }
  assert.equal((await gateway.budget("p"))["granted"], granted);
  await gateway.stop();
});

test("a decline and the end of the time refuse with 402, a reason and a remedy", async () => {
  const gateway = await startAsking("limits: { hold_wait_ms: 50, total_ms: 1500 }");
  const { key } = await asking(gateway, "p");
  const client = openaiAt(gateway, { key, path: "/house" });
  const refused = async (call: Promise<unknown>): Promise<Json> => {
    const error: unknown = await call.catch((caught: unknown) => caught);
    assert.ok(error instanceof OpenAI.APIError);
    assert.equal(error.status, 402);
    return (error.error as { readonly purser: Json }).purser;
  };
  const late = await refused(client.chat.completions.create(talk));
  assert.deepEqual([late["reason"], late["approval_requested"]], ["budget_exhausted", true]);
  assert.match(String(late["remedy"]), /asked for more money/);

  const declined = refused(client.chat.completions.create(talk));
  await untilWaiting(gateway, "p", 1);
  assert.equal(await control(gateway, "p/decline", { reason: "enough" }), 200);
  const purser = await declined;
  assert.equal(purser["reason"], "approval_declined");
  const again = await refused(client.chat.completions.create(talk));
  assert.equal(again["reason"], "approval_declined", "nobody is asked again at once");
  assert.equal(await control(gateway, "p/decline", {}), 409);
  await gateway.stop();
});

test("a caller that leaves, a revoked key and a shutdown end the wait", async () => {
  const gateway = await startAsking();
  const { key, key_id } = await asking(gateway, "p");
  const crowd = new Crowd(gateway.url, 3);
  const leaving = new AbortController();
  const call = { key, model: "sim-small", maxTokens: 20 };
  const left = crowd.chat({ ...call, signal: leaving.signal });
  await untilWaiting(gateway, "p", 1);
  leaving.abort();
  assert.equal((await left).status, 0);
  await untilWaiting(gateway, "p", 0);

  const revoked = crowd.chat(call);
  await untilWaiting(gateway, "p", 1);
  assert.equal((await gateway.api("DELETE", `/api/v1/keys/${key_id}`)).status, 200);
  assert.equal((await revoked).status, 401);

  const other = await gateway.makeKey({ project: "p" });
  const waits = crowd.chat({ ...call, key: other.key });
  await untilWaiting(gateway, "p", 1);
  const stopping = gateway.stop();
  assert.equal((await waits).status, 503);
  assert.equal(await stopping, 0);
  await crowd.close();
});

test("a hold over the API is refused at once, and says that people were asked", async () => {
  const gateway = await startAsking();
  const { key } = await asking(gateway, "p");
  const hold = { operation_id: "h", amount: "0.01" };
  const { status, json } = await gateway.api("POST", "/api/v1/holds", { key, body: hold });
  assert.deepEqual([status, json["code"]], [402, "budget_exhausted"]);
  assert.equal(json["purser"]?.["approval_requested"], true);
  assert.equal((await untilWaiting(gateway, "p", 0))["needed"], "0.01");
  assert.equal(await control(gateway, "p/extend", { amount: "0.01" }), 200);
  const again = await gateway.api("POST", "/api/v1/holds", { key, body: hold });
  assert.equal(again.status, 201);
  await gateway.stop();
});

test("of 200 closing calls of one run at once, one uses the reserve, also after a kill", async () => {
  let gateway = await startAsking();
  const { directory } = gateway;
  const reserve = { amount: "0.001", on_exhausted: "refuse", reserve_for_closing: "0.0005" };
  const { key } = await asking(gateway, "p", reserve);
  const body = { operation_id: "most", amount: "0.0005", closing: false };
  assert.equal((await gateway.api("POST", "/api/v1/holds", { key, body })).status, 201);
  const settle = { key, body: { amount: "0.0005" } };
  assert.equal((await gateway.api("POST", "/api/v1/holds/most/settle", settle)).status, 200);

  const crowd = new Crowd(gateway.url, 200);
  const closing = (run: string, sim: Record<string, string | number> = {}) => ({
    key,
    model: "sim-small",
    maxTokens: 20,
    sim: { output: 10, ...sim },
    headers: { "x-purser-closing": "true", "x-purser-session": run },
  });
  const ordinary = await crowd.chat({ key, model: "sim-small", maxTokens: 20 });
  assert.deepEqual(
    [ordinary.status, /x-purser-closing: true/.test(ordinary.text)],
    [402, true],
    ordinary.text,
  );
  const failed = await crowd.chat(closing("s", { fault: "status:400" }));
  assert.equal(failed.status, 400, failed.text);
  const all = await Promise.all(
    Array.from({ length: 200 }, () => crowd.chat(closing("s", { latency_ms: 100 }))),
  );
  const admitted = all.filter(({ status }) => status === 200);
  assert.equal(admitted.length, 1);
  assert.ok(all.every(({ status, text }) => status === 200 || /closing_used/.test(text)));
  assert.equal((await crowd.chat(closing("t"))).status, 200);
  await crowd.close();

  await gateway.kill();
  gateway = await startGateway({ providers: { house }, directory });
  const after = new Crowd(gateway.url, 1);
  assert.match((await after.chat(closing("s"))).text, /closing_used/);
  assert.equal((await after.chat(closing("u"))).status, 200);
  const shown = await gateway.budget("p");
  assert.equal(shown["reserve_for_closing"], "0.0005");
  assert.ok(picoOf(String(shown["spent"])) <= picoOf("0.001"));
  await after.close();
  await gateway.stop();
});

test("a closing call names its run, and the header has two values", async () => {
  const gateway = await startAsking();
  const { key } = await asking(gateway, "p", { amount: "1" });
  const crowd = new Crowd(gateway.url, 1);
  for (const value of ["true", "yes"]) {
    const headers = { "x-purser-closing": value };
    const { status, text } = await crowd.chat({ key, model: "sim-small", headers });
    assert.deepEqual([status, /x-purser-closing/.test(text)], [400, true]);
  }
  await crowd.close();
  await gateway.stop();
});
