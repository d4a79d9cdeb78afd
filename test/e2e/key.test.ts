/** What a key may and may not do, and which secrets are sent where. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { anthropicAt, geminiAt, openaiAt, steer, tagged } from "./client.ts";
import {
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type MadeKey,
  type SimulatorProcess,
} from "./process.ts";
import { startRecorder } from "./recording.ts";
import { providerKey } from "./settings.ts";

let simulator: SimulatorProcess;
let gateway: GatewayProcess;

before(async () => {
  simulator = await startSimulatorProcess();
  gateway = await startGateway({ simulatorUrl: simulator.url });
});

const ask = (more = ""): OpenAI.ChatCompletionMessageParam[] => [
  { role: "user", content: steer(more) },
];

/** Calls once, without the SDK's retries. */
function call(
  key: string,
  headers: Readonly<Record<string, string>> = {},
  body: Readonly<Record<string, unknown>> = {},
): Promise<Response> {
  return fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "sim-small", messages: ask(), ...body }),
  });
}

interface OpenaiErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code: string;
    readonly param: string | null;
  };
  readonly purser: Readonly<Record<string, unknown>>;
}

async function refusal(
  answer: Promise<Response>,
): Promise<{ readonly status: number; readonly body: OpenaiErrorBody }> {
  const response = await answer;
  return { status: response.status, body: (await response.json()) as OpenaiErrorBody };
}

async function untouched(work: () => Promise<void>): Promise<void> {
  const before = {
    entries: (await gateway.entries()).length,
    rows: (await simulator.books()).length,
  };
  await work();
  assert.deepEqual(
    { entries: (await gateway.entries()).length, rows: (await simulator.books()).length },
    before,
  );
}

test("a call's entry has the attribution from its headers, except where the key fixes it", async () => {
  const { key, key_id: keyId } = await gateway.makeKey(
    { org: "o1", project: "p1" },
    { may_refine: ["task", "user", "session", "capability", "operation", "tags"] },
  );
  const { headers, directive } = tagged("attributed");
  const said = {
    "x-purser-project": "p1",
    "x-purser-task": "t 1",
    "x-purser-user": "u1",
    "x-purser-session": "s1",
    "x-purser-capability": "search",
    "x-purser-operation": "draft",
    "x-purser-tags": "customer=c1, plan=pro",
  };
  await openaiAt(gateway, { key, path: "/openai", headers: said }).chat.completions.create(
    { model: "sim-small", messages: ask(directive) },
    { headers },
  );
  const [entry] = await gateway.entries("operation_id=attributed");
  assert.equal(entry?.key_id, keyId);
  assert.deepEqual(entry.attribution, {
    org: "o1",
    project: "p1",
    task: "t 1",
    user: "u1",
    session: "s1",
    capability: "search",
    operation: "draft",
    tags: { customer: "c1", plan: "pro" },
  });
});

test("a key cannot charge another project, nor set what it may not", async () => {
  const { key } = await gateway.makeKey({ project: "p1" }, { may_refine: ["task"] });
  await untouched(async () => {
    for (const headers of [
      { "x-purser-project": "p2" },
      { "x-purser-team": "t1" },
      { "x-purser-tags": "a=b" },
    ]) {
      const [header = ""] = Object.keys(headers);
      const { status, body } = await refusal(call(key, headers));
      assert.deepEqual(
        [status, body.error.type, body.purser["field"]],
        [403, "permission_error", header],
      );
      assert.match(String(body.purser["remedy"]), new RegExp(header));
    }
  });
});

test("a key spends only on its allowed models and providers", async () => {
  const models = await gateway.makeKey({}, { models: ["sim-small", "gpt-*"] });
  const providers = await gateway.makeKey({}, { providers: ["anthropic"] });
  assert.equal((await call(models.key)).status, 200);
  await untouched(async () => {
    const { status, body } = await refusal(call(models.key, {}, { model: "sim-large" }));
    assert.deepEqual([status, body.error.param], [403, "model"]);
    assert.equal((await call(providers.key)).status, 403);
    const anthropic = anthropicAt(gateway, { key: models.key, path: "/anthropic" });
    await assert.rejects(
      anthropic.messages.create({
        model: "sim-large",
        max_tokens: 5,
        messages: [{ role: "user", content: "a" }],
      }),
      /403.*may not call anthropic\/sim-large/,
    );
    const listed = await fetch(`${gateway.url}/openai/v1/models`, {
      headers: { authorization: `Bearer ${providers.key}` },
    });
    assert.equal(listed.status, 403);
  });
});

test("no key, an unknown one, a revoked one and one that has expired are refused with 401, by every SDK's own error", async () => {
  const revoked = await gateway.makeKey();
  await revoke(revoked);
  const end = Date.now() + 1000;
  const expired = await gateway.makeKey({}, { expires_at: new Date(end).toISOString() });
  await sleep(end - Date.now() + 1);
  await untouched(async () => {
    for (const key of ["purser_unknown", revoked.key, expired.key]) {
      await assert.rejects(
        openaiAt(gateway, { key, path: "/openai" }).chat.completions.create({
          model: "sim-small",
          messages: ask(),
        }),
        OpenAI.AuthenticationError,
      );
      await assert.rejects(
        anthropicAt(gateway, { key, path: "/anthropic" }).messages.create({
          model: "sim-large",
          max_tokens: 5,
          messages: [],
        }),
        /401.*authentication_error/,
      );
      await assert.rejects(
        geminiAt(gateway, { key, path: "/gemini" }).models.generateContent({
          model: "sim-small",
          contents: "a",
        }),
        /UNAUTHENTICATED/,
      );
    }
    const none = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
      method: "POST",
      body: "{}",
    });
    assert.equal(none.status, 401);
    assert.match(none.headers.get("www-authenticate") ?? "", /Bearer/);
    assert.match(
      ((await none.json()) as OpenaiErrorBody).error.message,
      /no Purser key.*Authorization: Bearer/,
    );
  });
});

async function revoke({ key_id: keyId }: MadeKey): Promise<void> {
  const answer = await gateway.api("DELETE", `/api/v1/keys/${keyId}`);
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
}

test("a key that was used is refused from the moment it is revoked", async () => {
  const made = await gateway.makeKey();
  assert.equal((await call(made.key)).status, 200);
  await revoke(made);
  assert.equal((await call(made.key)).status, 401);
});

test("a key is limited to its number of concurrent calls, and the next gets Retry-After", async () => {
  const { key } = await gateway.makeKey({}, { max_concurrent: 2 });
  const slow = (tag: string) => call(key, {}, { sim: { tag, latency_ms: 600 } });
  const calls = await Promise.all(["c1", "c2", "c3", "c4"].map(slow));
  const served = calls.filter(({ status }) => status === 200);
  assert.deepEqual([served.length, calls.filter(({ status }) => status === 429).length], [2, 2]);
  const over = calls.find(({ status }) => status === 429);
  assert.ok(Number(over?.headers.get("retry-after")) > 0);
  const body = (await over?.json()) as OpenaiErrorBody;
  assert.deepEqual([body.error.type, body.purser["field"]], ["rate_limit_error", "max_concurrent"]);
  assert.equal((await call(key)).status, 200);
});

test("a reader cannot make calls, and reads only its own project's figures", async () => {
  const caller = await gateway.makeKey({ project: "read" });
  await (await call(caller.key)).arrayBuffer();
  const reader = await gateway.makeKey({ project: "read" }, { role: "reader" });
  const other = await gateway.makeKey({ project: "unread" }, { role: "reader" });
  await untouched(async () => {
    const { status, body } = await refusal(call(reader.key));
    assert.equal(status, 403);
    assert.match(String(body.purser["remedy"]), /caller/);
  });
  const own = await gateway.api("GET", "/api/v1/entries", { key: reader.key });
  assert.equal((own.json["data"] as unknown as readonly unknown[]).length, 1);
  const others = await gateway.api("GET", "/api/v1/entries", { key: other.key });
  assert.deepEqual(others.json["data"], []);
  assert.equal(
    (await gateway.api("GET", "/api/v1/entries?project=read", { key: other.key })).status,
    403,
  );
  assert.equal(
    (await gateway.api("GET", "/api/v1/summary", { key: other.key })).json["task_count"],
    0,
  );
});

test("a caller's key reads no figures and manages nothing", async () => {
  const { key } = await gateway.makeKey({ project: "read" });
  await gateway.makeBudget({
    budget_id: "not-yours",
    budget_type: "project",
    resource_id: "read",
    amount: "5",
    period: "month",
  });
  for (const path of ["entries", "summary", "series", "keys", "alerts"]) {
    assert.equal((await gateway.api("GET", `/api/v1/${path}`, { key })).status, 403, path);
  }
  const keyFields = { name: "stolen", role: "admin" };
  assert.equal((await gateway.api("POST", "/api/v1/keys", { key, body: keyFields })).status, 403);
  assert.equal(
    (await gateway.api("PATCH", "/api/v1/budgets/not-yours", { key, body: { amount: "500" } }))
      .status,
    403,
  );
});

test("a caller's key sees the budgets that count its own calls alone, and none that count others', too", async () => {
  const { key } = await gateway.makeKey({ org: "o1", project: "mine" });
  const budgets = [
    { budget_id: "of-mine", budget_type: "project", resource_id: "mine" },
    { budget_id: "of-each", budget_type: "project", resource_id: "*" },
    { budget_id: "of-other", budget_type: "project", resource_id: "other" },
    { budget_id: "of-org", budget_type: "org", resource_id: "o1" },
    { budget_id: "of-all", budget_type: "platform" },
  ];
  for (const budget of budgets)
    await gateway.makeBudget({ ...budget, amount: "5", period: "month" });
  const other = await gateway.makeKey({ project: "other" });
  await (await call(other.key)).arrayBuffer();
  await (await call(key)).arrayBuffer();
  const listed = await gateway.api("GET", "/api/v1/budgets", { key });
  const ids = (listed.json["data"] as unknown as readonly { readonly budget_id: string }[]).map(
    ({ budget_id: id }) => id,
  );
  assert.deepEqual(ids.filter((id) => id.startsWith("of-")).sort(), ["of-each", "of-mine"]);
  const each = await gateway.api("GET", "/api/v1/budgets/of-each", { key });
  const mine = await gateway.api("GET", "/api/v1/budgets/of-mine", { key });
  assert.deepEqual([each.json["value"], each.json["spent"]], ["mine", mine.json["spent"]]);
  assert.equal((each.json["counters"] as unknown as readonly unknown[]).length, 1);
  assert.equal(
    (await gateway.api("GET", "/api/v1/budgets/of-each?value=other", { key })).status,
    403,
  );
  for (const id of ["of-other", "of-org", "of-all", "nothing"])
    assert.equal((await gateway.api("GET", `/api/v1/budgets/${id}`, { key })).status, 404);
  const unbound = await gateway.makeKey({});
  assert.deepEqual(
    (await gateway.api("GET", "/api/v1/budgets", { key: unbound.key })).json["data"],
    [],
  );
});

test("a provider sees its own key and never Purser's, in whichever header or query it was sent", async () => {
  const recorder = await startRecorder();
  const own = await startGateway({
    providers: { openai: { base_url: `${recorder.url}/v1`, api_key: providerKey("openai") } },
  });
  const { key } = await own.makeKey();
  const url = `${own.url}/openai/v1/chat/completions`;
  const ways: readonly (readonly [Readonly<Record<string, string>>, string?])[] = [
    [{ authorization: `Bearer ${key}` }],
    [{ "x-api-key": key }],
    [{ "x-goog-api-key": key }],
    [{}, `?key=${key}&alt=json`],
    [{ "x-purser-key": key }],
    [{ "x-purser-key": key, authorization: `Bearer ${key}` }],
    [{ "x-purser-key": key, authorization: `Bearer ${(await own.makeKey()).key}` }],
    [
      {
        authorization: `Bearer ${key}`,
        "api-key": key,
        cookie: `session=${key}`,
        "x-forwarded-host": "tenant.example",
      },
    ],
    [{ authorization: `Bearer ${key}` }, `?api_key=${key}`],
  ];
  for (const [headers, query] of ways) {
    const answer = await fetch(url + (query ?? ""), {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ model: "sim-small", messages: [] }),
    });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    const shown = JSON.stringify([...answer.headers]) + text;
    assert.ok(
      !shown.includes(providerKey("openai")) && answer.headers.get("set-cookie") === null,
      shown,
    );
    const seen = JSON.stringify(recorder.requests.at(-1));
    assert.ok(seen.includes(`Bearer ${providerKey("openai")}`), seen);
    assert.ok(!/purser_|x-purser|cookie|forwarded/i.test(seen), seen);
  }
  assert.equal(recorder.requests.length, ways.length);
});

test("a caller's own provider key is used, and Purser's configured one is not sent", async () => {
  const recorder = await startRecorder();
  const own = await startGateway({
    providers: { openai: { base_url: `${recorder.url}/v1`, api_key: providerKey("openai") } },
  });
  const { key } = await own.makeKey();
  const client = new OpenAI({
    apiKey: "sk-of-the-caller",
    baseURL: `${own.url}/openai/v1`,
    defaultHeaders: { "x-purser-key": key },
  });
  await client.chat.completions.create({ model: "sim-small", messages: [] });
  const seen = JSON.stringify(recorder.requests);
  assert.ok(seen.includes("Bearer sk-of-the-caller"));
  assert.ok(!seen.includes(key) && !seen.includes(providerKey("openai")), seen);
  const [entry] = await own.entries();
  assert.ok(entry && entry.key_id !== null);
});

test("a body reaches the provider byte for byte, except for fields that Purser sets", async () => {
  const recorder = await startRecorder();
  const own = await startGateway({
    providers: { openai: { base_url: `${recorder.url}/v1`, api_key: providerKey("openai") } },
    config: "aliases: { quick: openai/sim-small }",
  });
  const { key } = await own.makeKey();
  const post = (path: string, body: string) =>
    fetch(own.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body,
    }).then((answer) => answer.arrayBuffer());
  const odd = `{ "messages" : [ {"role":"user","content":"\\u00e9 – 日本 \\/ 1e400"} ],\n\t"seed": 12345678901234567890, "model":"sim-small" , "x":1.10e+5}\n`;
  await post("/openai/v1/chat/completions", odd);
  assert.equal(recorder.requests.at(-1)?.body, odd);
  await post("/v1/chat/completions", odd.replace("sim-small", "quick"));
  assert.equal(recorder.requests.at(-1)?.body, odd);
});

test("the cost of a gateway call can be corrected by an administrator, not by its caller", async () => {
  const { key } = await gateway.makeKey({ project: "corrected" });
  assert.equal(
    (
      await call(
        key,
        { "x-purser-operation-id": "broken-off" },
        { messages: ask("fault=reset_before") },
      )
    ).status,
    502,
  );
  const before = await gateway.entriesWhen(1, "operation_id=broken-off");
  assert.equal(before[0]?.status, "unresolved");

  const settle = { body: { amount: "0" } };
  const denied = await gateway.api("POST", "/api/v1/holds/broken-off/settle", { ...settle, key });
  assert.deepEqual([denied.status, denied.json["code"]], [403, "forbidden"]);
  assert.deepEqual(await gateway.entries("operation_id=broken-off"), before);

  assert.equal((await gateway.api("POST", "/api/v1/holds/broken-off/settle", settle)).status, 200);
  const [after] = await gateway.entriesWhen(1, "operation_id=broken-off");
  assert.deepEqual([after?.status, after?.cost_usd], ["settled", "0"]);
});
