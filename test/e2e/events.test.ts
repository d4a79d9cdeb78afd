/** Events of a real process: streams, pages, tenants, kills and slow readers. */

import assert from "node:assert/strict";
import { request } from "node:http";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { makeFolder, startGateway, startSimulatorProcess, type GatewayProcess } from "./process.ts";
import { readEvents, type SentEvent } from "./sse.ts";

const simulator = await startSimulatorProcess();

function startHere(directory?: string): Promise<GatewayProcess> {
  return startGateway({
    simulatorUrl: simulator.url,
    ...(directory !== undefined && { directory }),
  });
}

/** Makes a call of a key, and reads the answer. */
async function chat(gateway: GatewayProcess, key: string, more: object = {}): Promise<number> {
  const answer = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: "sim-small",
      max_tokens: 20,
      messages: [{ role: "user", content: "Hello" }],
      ...more,
    }),
  });
  await answer.text();
  return answer.status;
}

/** Settles a charge over the API. */
// oxlint-disable-next-line max-params -- what differs between calls, in a row
async function spend(
  gateway: GatewayProcess,
  key: string,
  id: string,
  amount = "0.01",
): Promise<void> {
  const held = await gateway.api("POST", "/api/v1/holds", {
    key,
    body: { operation_id: id, amount },
  });
  assert.equal(held.status, 201, JSON.stringify(held.json));
  const path = `/api/v1/holds/${id}/settle`;
  assert.equal((await gateway.api("POST", path, { key, body: { amount } })).status, 200);
}

function types(events: readonly SentEvent[]): readonly string[] {
  return events.map(({ event }) => event);
}

test("a stream shows a call through the gateway as it happens, with the documented fields", async () => {
  const gateway = await startHere();
  const { key, key_id } = await gateway.makeKey({ project: "p1", agent: "a1" });
  await gateway.makeBudget({
    budget_id: "b",
    budget_type: "project",
    resource_id: "p1",
    amount: "5",
  });
  const stream = await readEvents(gateway.url, { key: gateway.adminKey });
  assert.equal(await chat(gateway, key), 200);
  const events = await stream.until((seen) => seen.some(({ event }) => event === "cost.recorded"));
  assert.deepEqual(types(events), ["key.first_used", "budget.window_started", "cost.recorded"]);
  for (const { id, event, data } of events)
    assert.deepEqual([data.id, data.type, data.specversion], [id, event, "1.0"]);
  const data = events[2]?.data.data ?? {};
  const [entry] = await gateway.entries();
  assert.deepEqual(
    [data["operation_id"], data["total_cost_usd"], data["key_id"], data["agent_id"]],
    [entry?.operation_id, entry?.cost_usd, key_id, "a1"],
  );
  assert.equal(data["total_cost"], Number(entry?.cost_usd));
  assert.equal(
    data["total_tokens"],
    Number(data["prompt_tokens"]) + Number(data["completion_tokens"]),
  );
  await stream.close();
  await gateway.stop();
});

test("a budget warns at 80 % and is exceeded at 100 % by default; a refusal and a missing price are events", async () => {
  const gateway = await startHere();
  const { key } = await gateway.makeKey({ project: "p1" });
  await gateway.makeBudget({
    budget_id: "b",
    budget_type: "project",
    resource_id: "p1",
    amount: "1",
  });
  const stream = await readEvents(gateway.url, {
    key: gateway.adminKey,
    query: "?type=budget.warning,budget.exceeded,call.*,price.*",
  });
  await spend(gateway, key, "one", "0.85");
  await spend(gateway, key, "two", "0.15");
  assert.equal(await chat(gateway, key), 402);
  assert.equal(await chat(gateway, key, { model: "no-such-model" }), 402);
  const events = await stream.until((seen) => seen.length >= 5);
  assert.deepEqual(types(events), [
    "budget.warning",
    "budget.exceeded",
    "call.refused",
    "call.refused",
    "price.missing",
  ]);
  const { timestamp, window, ...warning } = events[0]?.data.data ?? {};
  assert.deepEqual(warning, {
    budget_id: "b",
    resource_id: "p1",
    budget_type: "project",
    current_usage: 0.85,
    budget_amount: 1,
    percentage_used: 0.85,
    current_usage_usd: "0.85",
    budget_amount_usd: "1",
    currency: "USD",
    value: "p1",
    threshold: 0.8,
    action: "notify",
  });
  assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT/);
  assert.ok(window);
  await stream.close();
  await gateway.stop();
});

test("after kill -9 a reader continues with Last-Event-ID: every event arrives, none twice", async () => {
  const directory = await makeFolder();
  let gateway = await startHere(directory);
  const { key } = await gateway.makeKey({ project: "p1" });
  const seen: SentEvent[] = [];
  const settled: string[] = [];
  let last = "0";
  for (let round = 0; round < 4; round += 1) {
    const stream = await readEvents(gateway.url, {
      key: gateway.adminKey,
      lastEventId: last,
      query: "?type=cost.recorded",
    });
    const spending = (async () => {
      for (let n = 0; n < 30; n += 1) {
        await spend(gateway, key, `r${round}-${n}`);
        settled.push(`r${round}-${n}`);
      }
    })().catch(() => undefined);
    await stream.until((events) => events.length >= 5 + round);
    await gateway.kill();
    await spending;
    await stream.until(() => false);
    seen.push(...stream.events);
    last = seen.at(-1)?.id ?? last;
    gateway = await startHere(directory);
  }
  const rest = await readEvents(gateway.url, {
    key: gateway.adminKey,
    lastEventId: last,
    query: "?type=cost.recorded",
  });
  const count = (await gateway.entries("project=p1")).length;
  await rest.until((events) => seen.length + events.length >= count);
  seen.push(...rest.events);
  const ids = seen.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, "no id comes twice");
  assert.deepEqual(
    ids,
    [...ids].sort((left, right) => Number(left) - Number(right)),
  );
  const operations = new Set(seen.map(({ data }) => String(data.data["operation_id"])));
  for (const id of settled) assert.ok(operations.has(id), `${id} arrived`);
  assert.equal(seen.length, count);
  const again = await readEvents(gateway.url, {
    key: gateway.adminKey,
    query: "?after=0&type=cost.*",
  });
  await again.until((events) => events.length >= count);
  assert.deepEqual(again.events, seen, "the same events with the same ids");
  await Promise.all([rest.close(), again.close()]);
  await gateway.stop();
});

test("a tenant sees only its own calls and budgets, and its stream ends with its key", async () => {
  const gateway = await startHere();
  const [mine, theirs] = [
    await gateway.makeKey({ project: "p1" }),
    await gateway.makeKey({ project: "p2" }),
  ];
  const reader = await gateway.makeKey({ project: "p1" }, { role: "reader" });
  for (const project of ["p1", "p2"])
    await gateway.makeBudget({
      budget_id: project,
      budget_type: "project",
      resource_id: project,
      amount: "1",
    });
  await gateway.makeBudget({
    budget_id: "each",
    budget_type: "project",
    resource_id: "*",
    amount: "1",
  });
  await gateway.makeBudget({ budget_id: "all", budget_type: "platform", amount: "3" });
  const stream = await readEvents(gateway.url, { key: reader.key, query: "?after=0" });
  await spend(gateway, theirs.key, "theirs", "0.9");
  await spend(gateway, mine.key, "mine", "0.9");
  await stream.until((seen) => seen.filter(({ event }) => event === "budget.warning").length >= 2);
  const text = JSON.stringify(stream.events);
  assert.doesNotMatch(text, /p2|theirs|"all"|key\./);
  assert.deepEqual(
    stream.events
      .flatMap(({ event, data }) =>
        event === "budget.warning" ? [String(data.data["budget_id"])] : [],
      )
      .sort((left, right) => (left < right ? -1 : 1)),
    ["each", "p1"],
  );
  const path = "/api/v1/events?after=0&project=p2";
  assert.equal((await gateway.api("GET", path, { key: reader.key })).status, 403);
  assert.equal((await gateway.api("GET", "/api/v1/events", { key: mine.key })).status, 403);
  await gateway.api("DELETE", `/api/v1/keys/${reader.key_id}`);
  await spend(gateway, mine.key, "later");
  await stream.until(() => false);
  assert.doesNotMatch(JSON.stringify(stream.events), /later/);
  await gateway.stop();
});

test("pages give the same events as a stream, and an id that is no place is refused", async () => {
  const gateway = await startHere();
  const { key } = await gateway.makeKey({ project: "p1" });
  const page = async (query: string) => {
    const answer = await fetch(`${gateway.url}/api/v1/events?${query}`, {
      headers: { accept: "application/json", authorization: `Bearer ${gateway.adminKey}` },
    });
    return {
      status: answer.status,
      json: (await answer.json()) as Readonly<Record<string, unknown>>,
    };
  };
  const begin = await page("");
  assert.deepEqual(begin.json["data"], []);
  for (let n = 0; n < 5; n += 1) await spend(gateway, key, `op${n}`);
  await gateway.flush();
  const stream = await readEvents(gateway.url, { key: gateway.adminKey, query: "?after=0" });
  const ids: unknown[] = [];
  let after = "0";
  for (;;) {
    const { status, json } = await page(`after=${after}&limit=3`);
    assert.equal(status, 200);
    if (json["next_after"] === after) break;
    ids.push(...(json["data"] as readonly { readonly id: string }[]).map(({ id }) => id));
    after = String(json["next_after"]);
  }
  const events = await stream.until((seen) => seen.length >= ids.length);
  assert.deepEqual(
    events.map(({ id }) => id),
    ids,
  );
  assert.deepEqual(
    (await page(`after=${String(begin.json["next_after"])}&type=cost.*`)).json["data"],
    events.filter(({ event }) => event === "cost.recorded").map(({ data }) => data),
  );
  const faults = [
    ["after=nonsense", 400, "after"],
    ["after=999999", 409, "after"],
    ["type=budget.exploded", 400, "type"],
    ["colour=red", 400, "colour"],
    ["limit=0", 400, "limit"],
  ] as const;
  for (const [query, status, field] of faults) {
    const answer = await page(query);
    assert.deepEqual([answer.status, answer.json["field"]], [status, field]);
    assert.ok(answer.json["remedy"], query);
  }
  await assert.rejects(
    readEvents(gateway.url, { key: gateway.adminKey, lastEventId: "999999" }),
    /Last-Event-ID/,
  );
  await assert.rejects(
    readEvents(gateway.url, { key: gateway.adminKey, query: "?limit=3" }),
    /limit/,
  );
  await stream.close();
  await gateway.stop();
});

test("a client that reads slowly gets all events of 1,000 calls, delays no one, and takes little memory", async () => {
  const gateway = await startHere();
  const { key } = await gateway.makeKey({ project: "p1" });
  const headers = { accept: "text/event-stream", authorization: `Bearer ${gateway.adminKey}` };
  const slow = request(`${gateway.url}/api/v1/events?after=0&type=cost.recorded`, { headers });
  slow.end();
  const received = new Promise<number>((resolve) => {
    slow.once("response", (answer) => {
      let text = "";
      answer.pause();
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        const count = text.split("\nevent: cost.recorded\n").length - 1;
        if (count >= 1000) resolve(count);
      });
      answer.pause();
      setTimeout(() => answer.resume(), 3000);
    });
  });
  const workers = Array.from({ length: 10 }, async (_, worker) => {
    for (let n = 0; n < 100; n += 1) await spend(gateway, key, `w${worker}-${n}`, "0.000001");
  });
  await Promise.all(workers);
  const quick = await readEvents(gateway.url, {
    key: gateway.adminKey,
    query: "?after=0&type=cost.*",
  });
  assert.equal((await quick.until((seen) => seen.length >= 1000)).length, 1000);
  assert.equal(await received, 1000);
  slow.destroy();
  await quick.close();
  const memory = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${gateway.pid}/status`, "utf8"));
  if (memory) assert.ok(Number(memory[1]) < 600_000, `${memory[1]} kB`);
  await gateway.stop();
});
