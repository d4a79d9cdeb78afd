/**
 * Every control-plane route, called by every role for another tenant's data: nothing is reached,
 * leaked, blocked or charged.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeFolder, startGateway, type GatewayProcess, type Json } from "./process.ts";

/**
 * `one` owns the requested data; `other`, `confined` and `unbound` belong to another tenant or
 * none.
 */
const roles = [
  "none",
  "revoked",
  "other",
  "unbound",
  "confined",
  "reader",
  "one",
  "admin",
] as const;
type Role = (typeof roles)[number];

interface Row {
  /** Values for the path parameters; each row has its own hold. */
  readonly id?: string;
  readonly query?: string;
  readonly body?: object;
  /** The status for each role, in the order of `roles`. */
  readonly expected: readonly [
    none: number,
    revoked: number,
    other: number,
    unbound: number,
    confined: number,
    reader: number,
    one: number,
    admin: number,
  ];
}

const everyone = [200, 200, 200, 200, 200, 200, 200, 200] as const;
const adminOnly = (status: number) => [401, 401, 403, 403, 403, 403, 403, status] as const;
const figures = [401, 401, 403, 403, 200, 200, 403, 200] as const;
/** A caller that requests something it does not own gets the same answer as if it did not exist. */
const ownHold = [401, 401, 404, 404, 403, 403, 200, 200] as const;

const amount = { amount: "0.000001" };
const priced = { provider: "openai", model: "sim-small" };

/** In the form of genai-prices. */
const priceList = JSON.stringify([
  {
    id: "own",
    api_pattern: "own",
    models: [{ id: "m1", match: { equals: "m1" }, prices: { input_mtok: 1, output_mtok: 2 } }],
  },
]);

/** A request without calls is accepted from every caller. */
function telemetryRows(): Readonly<Record<string, Row>> {
  const paths = ["", "/otlp"].flatMap((prefix) =>
    ["traces", "logs", "metrics"].map((signal) => `POST ${prefix}/v1/${signal}`),
  );
  const expected: Row["expected"] = [401, 401, 200, 200, 403, 403, 200, 200];
  return Object.fromEntries(paths.map((path) => [path, { body: {}, expected }]));
}

/** By method and path, as in the OpenAPI document. */
const rows: Readonly<Record<string, Row>> = {
  "GET /healthz": { expected: everyone },
  "GET /readyz": { expected: everyone },
  "GET /metrics": { expected: [200, 401, 403, 403, 403, 200, 403, 200] },
  "GET /api/v1/budgets": { expected: [401, 401, 200, 200, 200, 200, 200, 200] },
  "GET /api/v1/budgets/{budget_id}": {
    id: "first",
    expected: [401, 401, 404, 404, 404, 200, 200, 200],
  },
  "POST /api/v1/budgets": {
    body: { budget_id: "made", budget_type: "platform", amount: "5" },
    expected: adminOnly(201),
  },
  "PATCH /api/v1/budgets/{budget_id}": {
    id: "first",
    body: { amount: "77.77" },
    expected: adminOnly(200),
  },
  "DELETE /api/v1/budgets/{budget_id}": { id: "made", expected: adminOnly(200) },
  "POST /api/v1/budgets/{budget_id}/pause": { id: "all", expected: adminOnly(200) },
  "POST /api/v1/budgets/{budget_id}/resume": { id: "all", expected: adminOnly(200) },
  "POST /api/v1/budgets/{budget_id}/extend": {
    id: "all",
    body: { amount: "1" },
    expected: adminOnly(200),
  },
  // No question is open.
  "POST /api/v1/budgets/{budget_id}/decline": { id: "all", expected: adminOnly(409) },
  "GET /api/v1/keys": { expected: adminOnly(200) },
  "GET /api/v1/keys/{key_id}": { expected: adminOnly(200) },
  "POST /api/v1/keys": { body: { name: "made", role: "admin" }, expected: adminOnly(201) },
  "PATCH /api/v1/keys/{key_id}": { body: { max_concurrent: 5 }, expected: adminOnly(200) },
  "DELETE /api/v1/keys/{key_id}": { id: "scratch", expected: adminOnly(200) },
  "POST /api/v1/holds": {
    body: { operation_id: "h-own", ...amount, attribution: { project: "alpha" } },
    expected: [401, 401, 403, 403, 403, 403, 201, 201],
  },
  "GET /api/v1/holds/{operation_id}": { id: "h-get", expected: ownHold },
  "POST /api/v1/holds/{operation_id}/top-up": { id: "h-top-up", body: amount, expected: ownHold },
  "POST /api/v1/holds/{operation_id}/settle": { id: "h-settle", body: amount, expected: ownHold },
  "POST /api/v1/holds/{operation_id}/release": { id: "h-release", expected: ownHold },
  "POST /api/v1/usage": {
    body: { data: [{ ...priced, operation_id: "u-own", amount_usd: "0.000001" }] },
    expected: [401, 401, 200, 200, 403, 403, 200, 200],
  },
  "POST /api/v1/charges": {
    body: { data: [{ charge_id: "c-own", item_id: "search", amount_usd: "0.000001" }] },
    expected: [401, 401, 200, 200, 403, 403, 200, 200],
  },
  "GET /api/v1/items": { expected: [401, 401, 200, 200, 200, 200, 200, 200] },
  "PUT /api/v1/items/{item_id}": {
    id: "sandbox",
    body: { kind: "infrastructure", unit: "hour", price_usd: "0.05" },
    expected: adminOnly(200),
  },
  "GET /api/v1/items/{item_id}": {
    id: "none",
    expected: [401, 401, 404, 404, 404, 404, 404, 404],
  },
  "DELETE /api/v1/items/{item_id}": { id: "sandbox", expected: adminOnly(200) },
  ...telemetryRows(),
  "GET /api/v1/entries": { expected: figures },
  "POST /api/v1/entries/{operation_id}/correct": {
    id: "h-done",
    body: { amount: "0.5", reason: "r" },
    expected: adminOnly(200),
  },
  "GET /api/v1/summary": { expected: figures },
  "GET /api/v1/series": { query: "?by=project,key", expected: figures },
  "GET /api/v1/exports/csv": { expected: figures },
  "GET /api/v1/exports/json": { expected: figures },
  "GET /api/v1/exports/xlsx": { expected: figures },
  "GET /api/v1/exports/pdf": { expected: figures },
  "GET /api/v1/exports/focus": { expected: figures },
  "GET /api/v1/exports/schedules": { expected: adminOnly(200) },
  "GET /api/v1/epochs": { expected: figures },
  "POST /api/v1/epochs": { body: { name: "made" }, expected: adminOnly(201) },
  "GET /api/v1/report": { query: "?by=project,key&compare=previous", expected: figures },
  "GET /api/v1/requests": { expected: figures },
  "GET /api/v1/requests/{request_id}": {
    id: "h-done",
    expected: [401, 401, 403, 403, 404, 200, 403, 200],
  },
  "GET /api/v1/users": { expected: figures },
  "GET /api/v1/teams": { expected: figures },
  "POST /api/v1/reconciliations": {
    body: { bill: { data: [{ date: "2026-01-01", usage: 1 }] } },
    expected: adminOnly(200),
  },
  "GET /api/v1/alerts": { expected: adminOnly(200) },
  "GET /api/v1/events": { query: "?after=0", expected: figures },
  "GET /api/v1/rules": { expected: adminOnly(200) },
  "GET /api/v1/rules/{rule_id}": { id: "none", expected: adminOnly(404) },
  "PUT /api/v1/rules/{rule_id}": {
    id: "none",
    body: { when: "unpriced_model" },
    expected: adminOnly(200),
  },
  "POST /api/v1/rules/{rule_id}/test": { id: "absent", expected: adminOnly(404) },
  "POST /api/v1/rules/{rule_id}/acknowledge": {
    id: "absent",
    body: {},
    expected: [401, 401, 404, 404, 404, 404, 404, 404],
  },
  "DELETE /api/v1/rules/{rule_id}": { id: "absent", expected: adminOnly(404) },
  "GET /api/v1/notifiers": { expected: adminOnly(200) },
  "POST /api/v1/notifiers/{name}/test": { id: "none", expected: adminOnly(404) },
  "GET /api/v1/notifiers/{name}/dead-letters": { id: "none", expected: adminOnly(404) },
  "POST /api/v1/notifiers/{name}/dead-letters/replay": { id: "none", expected: adminOnly(404) },
  "POST /api/v1/notifiers/{name}/dead-letters/{letter_id}/replay": {
    id: "1",
    expected: adminOnly(404),
  },
  "POST /api/v1/estimate": {
    body: { ...priced, input_tokens: 5, max_output_tokens: 5, attribution: { project: "alpha" } },
    expected: [401, 401, 403, 403, 403, 403, 200, 200],
  },
  "GET /api/v1/prices": {
    query: "?provider=openai&model=sim-small",
    expected: [401, 401, 200, 200, 200, 200, 200, 200],
  },
  "POST /api/v1/prices": { body: { ...priced, input: "1", output: "1" }, expected: adminOnly(201) },
  "DELETE /api/v1/prices/{price_id}": { id: "none", expected: adminOnly(404) },
  "GET /api/v1/prices/updates": { expected: adminOnly(200) },
  "POST /api/v1/prices/updates": {
    query: "?check=true",
    body: { text: priceList, name: "list.json", accept: ["vanished"] },
    expected: adminOnly(200),
  },
  "POST /api/v1/prices/updates/{update_id}/revert": { id: "none", expected: adminOnly(404) },
  "POST /api/v1/verify": { expected: adminOnly(200) },
  "GET /api/v1/status": { expected: adminOnly(200) },
  "POST /api/v1/status/providers": { expected: adminOnly(200) },
};

/**
 * Data of `one` that must not appear in an answer: its project, key name, budget amount and spend.
 */
const secrets = /alpha|77\.77|0\.0423/;

let gateway: GatewayProcess;
let keys: Readonly<Record<Role, string | undefined>>;
let ids: Readonly<Record<string, string>>;

before(async () => {
  gateway = await startGateway({
    directory: await makeFolder(),
    providers: { openai: { base_url: "http://127.0.0.1:9/v1", api_key: "k" } },
  });
  const make = (project: string | null, role: string) =>
    gateway.makeKey(project === null ? {} : { project }, { role });
  const [one, revoked, scratch] = [
    await make("alpha", "caller"),
    await make("alpha", "admin"),
    await make("alpha", "caller"),
  ];
  await gateway.api("DELETE", `/api/v1/keys/${revoked.key_id}`);
  keys = {
    none: undefined,
    revoked: revoked.key,
    other: (await make("beta", "caller")).key,
    unbound: (await make(null, "caller")).key,
    confined: (await make("beta", "reader")).key,
    reader: (await make(null, "reader")).key,
    one: one.key,
    admin: gateway.adminKey,
  };
  ids = { key_id: one.key_id, scratch: scratch.key_id };
  await gateway.makeBudget({
    budget_id: "first",
    budget_type: "project",
    resource_id: "alpha",
    amount: "77.77",
    thresholds: [0.0001],
  });
  await gateway.makeBudget({ budget_id: "all", budget_type: "platform", amount: "1000" });
  for (const operation_id of ["h-get", "h-top-up", "h-settle", "h-release", "h-done"]) {
    const made = await gateway.api("POST", "/api/v1/holds", {
      key: one.key,
      body: { operation_id, amount: "0.01", provider: "openai", model: "alpha-model" },
    });
    assert.equal(made.status, 201, JSON.stringify(made.json));
  }
  const settled = await gateway.api("POST", "/api/v1/holds/h-done/settle", {
    key: one.key,
    body: { amount: "0.0423" },
  });
  assert.equal(settled.status, 200);
});

interface Asked {
  readonly status: number;
  readonly text: string;
}

async function ask(
  route: string,
  { id, query = "", body }: Row,
  { key }: { readonly key: string | undefined },
): Promise<Asked> {
  const [method = "", template = ""] = route.split(" ");
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    id === undefined ? (ids[name] ?? "") : (ids[id] ?? id),
  );
  const answer = await fetch(gateway.url + path + query, {
    method,
    headers: {
      "content-type": "application/json",
      // Events are a stream otherwise.
      accept: "application/json",
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}

async function documented(): Promise<readonly string[]> {
  const { json } = await gateway.api("GET", "/openapi.json");
  return Object.entries(json["paths"] as unknown as Readonly<Record<string, object>>).flatMap(
    ([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

test("every route of the API has a row here, and every row is a route", async () => {
  const byName = (left: string, right: string): number => (left < right ? -1 : 1);
  assert.deepEqual([...(await documented())].sort(byName), Object.keys(rows).sort(byName));
});

test("every role that a key may have has a column here", async () => {
  const { json } = await gateway.api("GET", "/openapi.json");
  const { role } = json["components"]?.["schemas"]?.["Key"]?.["properties"] ?? {};
  assert.deepEqual(new Set(role?.["enum"] ?? []), new Set(["admin", "caller", "reader"]));
});

test("a wrong key gets what a revoked one gets", async () => {
  const wrong = [`${gateway.adminKey}x`, gateway.adminKey.slice(0, -1), "purser_0", "x", "sk-1"];
  for (const [route, row] of Object.entries(rows))
    for (const key of wrong) {
      const { status, text } = await ask(route, row, { key });
      const expected = row.expected[roles.indexOf("revoked")];
      assert.equal(status, expected, `${route} with ${key}: ${text}`);
      assert.doesNotMatch(disclosed(text, row), secrets, route);
    }
});

test("an administrator's key that was made may do what that of the server may", async () => {
  const { key } = await gateway.makeKey({}, { role: "admin" });
  const reading = Object.entries(rows).filter(([route]) => route.startsWith("GET "));
  for (const [route, row] of reading) {
    const { status, text } = await ask(route, row, { key });
    assert.equal(status, row.expected[roles.indexOf("admin")], `${route}: ${text}`);
  }
});

/** The data of `one`, as `one` sees it. */
async function belongings(): Promise<readonly Json[]> {
  const budget = await gateway.budget("first");
  const holds = await Promise.all(
    ["h-get", "h-top-up", "h-settle", "h-release"].map((id) =>
      gateway.api("GET", `/api/v1/holds/${id}`, { key: keys.one ?? "" }),
    ),
  );
  return [budget, ...holds.map(({ json }) => json)];
}

test("each role gets what it may, and reaches, learns and changes nothing of another tenant", async () => {
  const before = await belongings();
  for (const role of roles) {
    // The owner and the administrator change things, and come last.
    if (role === "one") assert.deepEqual(await belongings(), before);
    for (const [route, row] of Object.entries(rows)) {
      const { status, text } = await ask(route, row, { key: keys[role] });
      assert.equal(status, row.expected[roles.indexOf(role)], `${route} as ${role}: ${text}`);
      if (["none", "revoked", "other", "unbound", "confined"].includes(role))
        assert.doesNotMatch(disclosed(text, row), secrets, `${route} as ${role}`);
    }
  }
});

/** The answer without values from the request itself. */
function disclosed(text: string, { body }: Row): string {
  return body && JSON.stringify(body).includes("alpha") ? text.replaceAll("alpha", "") : text;
}

test("the other tenant's figures are its own: requesting another's is refused, and requesting all returns none of them", async () => {
  for (const path of [
    "entries",
    "summary",
    "series",
    "report",
    "requests",
    "users",
    "exports/json",
  ]) {
    const all = await gateway.api("GET", `/api/v1/${path}`, { key: keys.confined ?? "" });
    assert.equal(all.status, 200);
    assert.doesNotMatch(JSON.stringify(all.json), secrets);
    for (const query of ["project=alpha", "operation_id=h-done&project=alpha"])
      assert.equal(
        (await gateway.api("GET", `/api/v1/${path}?${query}`, { key: keys.confined ?? "" })).status,
        403,
      );
    const named = await gateway.api("GET", `/api/v1/${path}?operation_id=h-done`, {
      key: keys.confined ?? "",
    });
    assert.doesNotMatch(JSON.stringify(named.json), secrets);
  }
});

test("two tenants can use the same hold ids without conflict", async () => {
  const body = { operation_id: "h-get", amount: "0.02" };
  const made = await gateway.api("POST", "/api/v1/holds", { key: keys.other ?? "", body });
  assert.deepEqual([made.status, made.json["attempt"], made.json["repeated"]], [201, 1, false]);
  assert.equal(
    (
      await gateway.api("POST", "/api/v1/holds/h-get/settle", {
        key: keys.other ?? "",
        body: { amount: "0.02" },
      })
    ).status,
    200,
  );
  const mine = await gateway.api("GET", "/api/v1/holds/h-get", { key: keys.one ?? "" });
  assert.deepEqual([mine.json["status"], mine.json["attribution"]], ["held", { project: "alpha" }]);
});

test("the other tenant cannot exhaust a shared budget with made-up values", async () => {
  const post = (path: string, body: object) =>
    gateway.api("POST", path, { key: keys.other ?? "", body });
  assert.equal(
    (await post("/api/v1/holds", { operation_id: "greedy", amount: "990" })).status,
    403,
  );
  assert.equal(
    (await post("/api/v1/holds", { operation_id: "long", amount: "1", ttl_seconds: 86_400 }))
      .status,
    400,
  );
  assert.equal(
    (await post("/api/v1/holds", { operation_id: "small", amount: "0.000001", ...priced })).status,
    201,
  );
  assert.equal((await post("/api/v1/holds/small/settle", { amount: "5000000" })).status, 403);
  assert.equal(
    (await post("/api/v1/holds/small/settle", { usage: { output: 1_000_000_000_000 } })).status,
    403,
  );
  assert.equal(Number((await gateway.budget("all"))["available"]) > 990, true);
});
