/**
 * Requests of a real process: each costs what its calls, its tools and its infrastructure do, they
 * add up to the spend, and every page and line leads to the same figures, after a kill, too.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { RequestJson, RequestLineJson } from "../../src/contract/request.ts";
import { steer } from "./client.ts";
import { picoOf, sumPico } from "./figures.ts";
import {
  makeFolder,
  startGateway,
  startSimulatorProcess,
  type GatewayOptions,
  type GatewayProcess,
  type MadeKey,
} from "./process.ts";

let options: GatewayOptions;
let gateway: GatewayProcess;
let alice: MadeKey;
let bob: MadeKey;

before(async () => {
  const simulator = await startSimulatorProcess();
  const config = [
    "items:",
    "  - { item_id: search, kind: tool, unit: call, price_usd: '0.000000000007' }",
    "  - { item_id: sandbox, kind: infrastructure, unit: hour, price_usd: '0.05' }",
    "  - { item_id: review, kind: labor, unit: hour, price_usd: '80' }",
  ];
  options = {
    directory: await makeFolder(),
    simulatorUrl: simulator.url,
    config: config.join("\n"),
  };
  gateway = await startGateway(options);
  const refine = { may_refine: ["session"] };
  alice = await gateway.makeKey({ team: "atlas", user: "alice" }, refine);
  bob = await gateway.makeKey({ team: "borea", user: "bob" });
  await call(alice, "a1", { charge: "search=3, sandbox=1.5", session: "run-1" });
  await call(alice, "a2", { session: "run-2" });
  await call(alice, "same", {});
  await call(bob, "same", {});
  // The second attempt of an operation.
  await call(bob, "b1", { more: "fault=status:500" });
  await call(bob, "b1", {});
  await charge({ charge_id: "late-review", item_id: "review", quantity: "0.5", request_id: "a1" });
  await charge({ charge_id: "own", item_id: "sandbox", quantity: "1" });
  await charge({ charge_id: "orphan", item_id: "gpu", amount_usd: "2", request_id: "job" });
});

interface Call {
  readonly charge?: string;
  readonly session?: string;
  readonly more?: string;
}

async function call(
  { key }: MadeKey,
  id: string,
  { charge: used, session, more }: Call,
): Promise<string> {
  const answer = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "x-purser-operation-id": id,
      ...(used !== undefined && { "x-purser-charge": used }),
      ...(session !== undefined && { "x-purser-session": session }),
    },
    body: JSON.stringify({
      model: "sim-small",
      messages: [{ role: "user", content: steer(more ?? "input=900 output=31") }],
    }),
  });
  return answer.text();
}

async function charge(body: object): Promise<void> {
  const { status, json } = await gateway.api("POST", "/api/v1/charges", { body });
  assert.equal(status, 200, JSON.stringify(json));
}

interface Detail extends RequestJson {
  readonly lines: readonly RequestLineJson[];
}

/** All pages. */
async function list(query = "", key = gateway.adminKey): Promise<readonly RequestJson[]> {
  const found: RequestJson[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const path = `/api/v1/requests?${query}${cursor && `&cursor=${cursor}`}`;
    const { status, json } = await gateway.api("GET", path, { key });
    assert.equal(status, 200, JSON.stringify(json));
    found.push(...(json["data"] as unknown as readonly RequestJson[]));
    cursor = json["next_cursor"] ?? null;
  }
  return found;
}

async function detail(id: string, query = ""): Promise<Detail> {
  const { status, json } = await gateway.api("GET", `/api/v1/requests/${id}${query}`);
  assert.equal(status, 200, JSON.stringify(json));
  return json;
}

const idsOf = (requests: readonly RequestJson[]) => requests.map(({ request_id: id }) => id);

test("a request costs what its calls, tools, infrastructure and labor do, line by line", async () => {
  const request = await detail("a1");
  const { lines } = request;
  assert.deepEqual(
    [request.calls, request.charges, request.status, request.key_id, request.attribution],
    [1, 3, "settled", alice.key_id, { team: "atlas", user: "alice", session: "run-1" }],
  );
  assert.deepEqual(
    [request.tool_cost_usd, request.tool_costs, request.infrastructure_cost_usd],
    ["0.000000000021", { search: "0.000000000021" }, "0.075"],
  );
  assert.deepEqual([request.labor_cost_usd, request.other_cost_usd], ["40", "0"]);
  const call = (await gateway.entries("operation_id=a1"))[0];
  assert.equal(request.model_cost_usd, call?.cost_usd);
  assert.ok(picoOf(request.model_cost_usd) > 0n);
  assert.equal(sumPico(lines.map((line) => line.cost_usd)), picoOf(request.cost_usd));
  assert.deepEqual(
    lines
      .filter(({ component }) => component !== "model")
      .map((line) => [line.component, line.name, line.quantity, line.unit, line.operation_id]),
    [
      ["tool", "search", "3", "call", "a1/charge/search"],
      ["infrastructure", "sandbox", "1.5", "hour", "a1/charge/sandbox"],
      ["labor", "review", "0.5", "hour", "late-review"],
    ],
  );
});

test("all attempts of an operation are one request, and one id of two keys is two", async () => {
  const { calls, lines, status } = await detail("b1");
  assert.deepEqual([calls, status], [2, "settled"]);
  assert.deepEqual([...new Set(lines.map(({ attempt }) => attempt))], [1, 2]);
  assert.equal((await gateway.api("GET", "/api/v1/requests/same")).status, 409);
  for (const { key_id } of [alice, bob])
    assert.equal((await detail("same", `?key_id=${key_id}`)).key_id, key_id);
  const { status: unknown, json } = await gateway.api("GET", "/api/v1/requests/late-review");
  assert.deepEqual([unknown, json["field"]], [404, "request_id"]);
});

test("requests add up to the spend, in pages of any size, and after a kill", async () => {
  const check = async (): Promise<void> => {
    const entries = await gateway.entries();
    const whole = await list();
    assert.deepEqual([...idsOf(whole)].sort(), ["a1", "a2", "b1", "job", "own", "same", "same"]);
    assert.equal(
      sumPico(whole.map((request) => request.cost_usd)),
      sumPico(entries.map((entry) => entry.cost_usd)),
    );
    for (const limit of [1, 2, 3]) assert.deepEqual(await list(`limit=${limit}`), whole);
  };
  await check();
  const before = await list();
  await gateway.kill();
  gateway = await startGateway(options);
  assert.deepEqual(await list(), before);
  await check();
});

test("a request that gets a charge between two pages is on the later one nevertheless", async () => {
  const ids = idsOf(await list());
  const first = await gateway.api("GET", "/api/v1/requests?limit=1");
  await charge({ charge_id: "meanwhile", item_id: "search", quantity: "1", request_id: "a2" });
  const rest = await list(`cursor=${String(first.json["next_cursor"])}`);
  assert.deepEqual(idsOf(rest), ids.slice(1));
});

test("requests are found by user, run, and the filters of entries", async () => {
  assert.deepEqual(idsOf(await list("user=alice")), ["same", "a2", "a1"]);
  assert.deepEqual(idsOf(await list("session=run-1")), ["a1"]);
  assert.deepEqual(idsOf(await list("model=review")), ["a1"]);
  assert.deepEqual(idsOf(await list("status=released")), ["b1"]);
  assert.deepEqual(idsOf(await list("operation_id=late-review")), ["a1"]);
  assert.deepEqual(idsOf(await list(`from=2027-01-01`)), []);
  const { status, json } = await gateway.api("GET", "/api/v1/requests?status=refused");
  assert.deepEqual([status, json["field"]], [400, "status"]);
});

test("a reader's key sees the part of a request that it may see", async () => {
  const { key } = await gateway.makeKey({ team: "atlas" }, { role: "reader" });
  const requests = await list("", key);
  assert.deepEqual(idsOf(requests), ["same", "a2", "a1"]);
  // The charge of the review has no team.
  assert.deepEqual(
    requests.map((request) => request.labor_cost_usd),
    ["0", "0", "0"],
  );
  assert.equal((await gateway.api("GET", "/api/v1/requests/b1", { key })).status, 404);
  assert.equal((await gateway.api("GET", "/api/v1/requests?user=bob", { key })).status, 200);
  assert.equal((await gateway.api("GET", "/api/v1/requests?team=borea", { key })).status, 403);
});

test("the export of requests has the same, and adds up", async () => {
  const { json } = await gateway.api("GET", "/api/v1/exports/json?rows=requests");
  const rows = json["data"] as unknown as readonly Readonly<Record<string, unknown>>[];
  const a1 = rows.find((row) => row["request_id"] === "a1");
  const { model_cost_usd: model, cost_usd: cost } = await detail("a1");
  assert.deepEqual(Object.keys(a1 ?? {}), [
    "request_id",
    "timestamp",
    "llm_cost",
    "tool_costs",
    "infrastructure_cost",
    "user_id",
    "total_cost",
  ]);
  assert.deepEqual(
    [a1?.["llm_cost"], a1?.["tool_costs"], a1?.["infrastructure_cost"], a1?.["total_cost"]],
    [Number(model), JSON.stringify({ search: 7e-12 * 3, review: 40 }), 0.075, Number(cost)],
  );
  assert.equal(rows.length, (await list()).length);
});

test("a request that was served on its second attempt stays settled, whatever a third one does", async () => {
  await call(bob, "b2", { more: "fault=status:500", charge: "search=1" });
  await call(bob, "b2", { charge: "search=1" });
  const answer = await call(bob, "b2", { charge: "search=2" });
  const { error } = JSON.parse(answer) as { readonly error: Readonly<Record<string, string>> };
  assert.deepEqual([error["code"], error["param"]], ["conflict", "x-purser-charge"]);
  assert.match(error["message"] ?? "", /search was charged with another quantity/);
  const { status, charges } = await detail("b2");
  assert.deepEqual([status, charges], ["settled", 1]);
});
