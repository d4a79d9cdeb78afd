/** Tests the checks of every request: keys, roles, methods, bodies and queries. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { adminSecret, openBench } from "./api-fixture.test.ts";
import { maxBodyBytes } from "./request.ts";

test("without a live key every route except public ones answers 401 and says how to authenticate", async (t) => {
  const bench = await openBench(t);
  const none = await bench.request("/api/v1/budgets", {});
  assert.equal(none.status, 401);
  assert.equal(none.headers.get("www-authenticate"), 'Bearer realm="purser"');
  assert.equal(none.headers.get("content-type"), "application/problem+json");
  assert.equal(
    (await bench.call("GET", "/api/v1/keys", undefined, "purser_unknown")).json.code,
    "unauthenticated",
  );
  assert.equal((await bench.call("GET", "/api/v1/keys", undefined, "")).status, 401);
});

test("a key is accepted in any of three headers", async (t) => {
  const bench = await openBench(t);
  for (const headers of [
    { authorization: `bearer ${adminSecret}` },
    { "x-api-key": adminSecret },
    { "x-purser-key": adminSecret },
  ]) {
    assert.equal((await bench.request("/api/v1/keys", { headers })).status, 200);
  }
});

test("revoked and expired keys are rejected", async (t) => {
  const bench = await openBench(t);
  const made = await bench.call("POST", "/api/v1/keys", { name: "a", role: "admin" });
  assert.equal((await bench.call("GET", "/api/v1/keys", undefined, made.json.key)).status, 200);
  await bench.call("DELETE", `/api/v1/keys/${made.json.key_id}`);
  assert.equal((await bench.call("GET", "/api/v1/keys", undefined, made.json.key)).status, 401);

  const short = await bench.key({ role: "reader", expires_at: "2026-03-10T13:00:00Z" });
  assert.equal((await bench.call("GET", "/api/v1/summary", undefined, short)).status, 200);
  bench.advance(3_600_000);
  assert.equal((await bench.call("GET", "/api/v1/summary", undefined, short)).status, 401);
});

test("each role may use exactly the routes that declare it", async (t) => {
  const bench = await openBench(t);
  const secrets = {
    caller: await bench.key({ role: "caller" }),
    reader: await bench.key({ role: "reader" }),
  };
  const denied: readonly (readonly ["caller" | "reader", string, string])[] = [
    ["caller", "POST", "/api/v1/entries/x/correct"],
    ["caller", "GET", "/api/v1/entries"],
    ["caller", "GET", "/api/v1/summary"],
    ["caller", "GET", "/api/v1/series"],
    ["caller", "GET", "/api/v1/keys"],
    ["caller", "GET", "/api/v1/alerts"],
    ["reader", "POST", "/api/v1/budgets"],
    ["reader", "DELETE", "/api/v1/budgets/x"],
    ["reader", "POST", "/api/v1/keys"],
    ["reader", "GET", "/api/v1/keys"],
    ["reader", "POST", "/api/v1/holds"],
    ["reader", "POST", "/api/v1/prices"],
    ["reader", "POST", "/api/v1/entries/x/correct"],
    ["reader", "POST", "/api/v1/verify"],
  ];
  for (const [role, method, path] of denied) {
    const answer = await bench.call(
      method,
      path,
      method === "POST" ? {} : undefined,
      secrets[role],
    );
    assert.deepEqual(
      [role, method, path, answer.status, answer.json.code],
      [role, method, path, 403, "forbidden"],
    );
  }
  assert.equal((await bench.call("GET", "/api/v1/summary", undefined, secrets.reader)).status, 200);
  assert.equal((await bench.call("GET", "/api/v1/prices", undefined, secrets.caller)).status, 200);
});

test("an unknown path is 404, and a known path with another method is 405 and lists its methods", async (t) => {
  const bench = await openBench(t);
  const unknown = await bench.call("GET", "/api/v1/nothing");
  assert.deepEqual([unknown.status, unknown.json.code], [404, "not_found"]);
  assert.match(unknown.json.error.message, /no path \/api\/v1\/nothing\. Check the base URL/);
  const wrong = await bench.call("PUT", "/api/v1/budgets", {});
  assert.deepEqual(
    [wrong.status, wrong.json.code, wrong.headers.get("allow")],
    [405, "method_not_allowed", "POST, GET"],
  );
  assert.equal((await bench.call("POST", "/openapi.json", {})).status, 405);
});

test("a body that is not JSON, not UTF-8, empty or too large is rejected with its reason", async (t) => {
  const bench = await openBench(t);
  const malformed = await bench.call("POST", "/api/v1/budgets", '{"budget_id": ');
  assert.deepEqual([malformed.status, malformed.json.code], [400, "invalid_request"]);
  const headers = { authorization: `Bearer ${adminSecret}` };
  const binary = await bench.request("/api/v1/budgets", {
    method: "POST",
    headers,
    body: Buffer.from([0x22, 0xff, 0x22]),
  });
  assert.equal(binary.status, 400);
  const empty = await bench.call("POST", "/api/v1/budgets");
  assert.deepEqual([empty.status, empty.json.detail], [400, "the body is missing"]);
  const large = await bench.call(
    "POST",
    "/api/v1/budgets",
    JSON.stringify({ a: "x".repeat(maxBodyBytes) }),
  );
  assert.deepEqual([large.status, large.json.code], [413, "too_large"]);
  assert.equal((await bench.call("POST", "/api/v1/budgets", [])).status, 400);
  assert.equal((await bench.call("POST", "/api/v1/budgets", "[".repeat(100_000))).status, 400);
});

test("a repeated field in a body is rejected by name, and nothing changes", async (t) => {
  const bench = await openBench(t);
  const bodies = [
    ['{"budget_id":"b","budget_type":"platform","amount":"1","amount":"1000"}', "amount"],
    [
      '{"budget_id":"b","budget_type":"platform","amount":"1","thresholds":[{"at":0.5,"at":0.9}]}',
      "thresholds[0].at",
    ],
    ['{"budget_id":"b","budget_type":"platform","amount":"1","\\u0062udget_id":"c"}', "budget_id"],
  ] as const;
  for (const [body, field] of bodies) {
    const { status, json } = await bench.call("POST", "/api/v1/budgets", body);
    assert.deepEqual([status, json.code, json.field], [400, "invalid_request", field]);
  }
  assert.deepEqual(bench.ledger.budgets(), []);
});

test("a body of unknown length is measured as it arrives", async (t) => {
  const bench = await openBench(t);
  const chunk = new Uint8Array(64 * 1024).fill(0x20);
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      sent += chunk.length;
      controller.enqueue(chunk);
      if (sent > 4 * maxBodyBytes) controller.close();
    },
  });
  const headers = { authorization: `Bearer ${adminSecret}` };
  const answer = await bench.request("/api/v1/budgets", {
    method: "POST",
    headers,
    body,
    duplex: "half",
  });
  assert.equal(answer.status, 413);
  assert.ok(sent < 2 * maxBodyBytes);
});

test("a problem has the field, the error and the remedy", async (t) => {
  const bench = await openBench(t);
  const { json, status } = await bench.call("POST", "/api/v1/budgets", {
    budget_id: "b",
    budget_type: "project",
    resource_id: "p",
    ammount: "1",
  });
  assert.equal(status, 400);
  assert.deepEqual(Object.keys(json), [
    "type",
    "title",
    "status",
    "code",
    "detail",
    "field",
    "remedy",
  ]);
  assert.equal(json.field, "amount");
  const unknown = await bench.call("POST", "/api/v1/budgets", {
    budget_id: "b",
    budget_type: "project",
    resource_id: "p",
    amount: "1",
    perod: "day",
  });
  assert.deepEqual([unknown.json.field, unknown.json.remedy], ["perod", "Did you mean period?"]);
});

test("repeated, empty and unknown query parameters are rejected", async (t) => {
  const bench = await openBench(t);
  for (const query of [
    "project=a&project=b",
    "project=",
    "colour=red",
    "limit=501",
    "limit=0",
    "limit=x",
    "cursor=abc",
    "from=yesterday",
    "to=2026-02-30",
    "status=odd",
  ]) {
    const answer = await bench.call("GET", `/api/v1/entries?${query}`);
    assert.deepEqual([query, answer.status, answer.json.code], [query, 400, "invalid_request"]);
    assert.equal(answer.json.field, query.split("=")[0]);
  }
});

test("a bug is reported to the observer, and not shown to the caller", async (t) => {
  const failure = new Error("/home/somebody/secret.txt is missing");
  const bench = await openBench(t, { metrics: () => Promise.reject(failure) });
  const answer = await bench.call("GET", "/metrics");
  assert.deepEqual([answer.status, answer.json.code], [500, "bug"]);
  assert.deepEqual(bench.bugs, [failure]);
  assert.doesNotMatch(answer.text, /secret/);
});

test("every time in a body or a query may be a date, and a date that does not exist is rejected", async (t) => {
  const bench = await openBench(t);
  const price = { provider: "openai", model: "other", input: "1", output: "1" };
  const budget = (id: string) => ({
    budget_id: id,
    budget_type: "platform",
    amount: "1",
    start: "2026-03-01",
    end: "2026-12-01",
  });
  const places: readonly (readonly [
    path: string,
    field: string,
    body?: (date: string) => object,
  ])[] = [
    ["/api/v1/prices", "valid_from", (date) => ({ ...price, valid_from: date })],
    ["/api/v1/prices", "valid_to", (date) => ({ ...price, valid_to: date })],
    ["/api/v1/budgets", "start", (date) => ({ ...budget("a"), start: date })],
    ["/api/v1/budgets", "end", (date) => ({ ...budget("b"), end: date })],
    ["/api/v1/keys", "expires_at", (date) => ({ name: "k", expires_at: date })],
    ["/api/v1/prices?provider=openai&model=m1&at=", "at"],
    ["/api/v1/entries?from=", "from"],
    ["/api/v1/series?bucket=month&from=2026-01-01&to=", "to"],
    ["/api/v1/summary?to=", "to"],
  ];
  for (const [path, field, body] of places) {
    const ask = (date: string) =>
      body ? bench.call("POST", path, body(date)) : bench.call("GET", `${path}${date}`);
    for (const date of ["2026-11-31", "2026-11-31T00:00:00Z"]) {
      const refused = await ask(date);
      assert.deepEqual([refused.status, refused.json.field], [400, field], `${path} ${field}`);
    }
    const taken = await ask("2026-11-30");
    assert.ok(taken.status < 300, `${path} ${field}: ${taken.text}`);
  }
});
