/** Tests OTLP over HTTP on a real ledger: model calls in spans are charged once, and priced by us. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import type { TelemetryRules } from "../app/port/telemetry.ts";
import { adminSecret, beginning, openBench, type Answer, type Bench } from "./api-fixture.test.ts";

type Values = Readonly<Record<string, string | number | readonly string[]>>;

const openAi: Values = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "m1",
  "gen_ai.usage.input_tokens": 100,
  "gen_ai.usage.output_tokens": 20,
};

interface Traced {
  readonly id?: string;
  readonly parent?: string;
  readonly values: Values;
  readonly failed?: boolean;
}

const traceId = "0af7651916cd43dd8448eb211c80319c";
const nano = (ms: number): string => `${BigInt(ms) * 1_000_000n}`;

function attributes(values: Values): readonly object[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: Values[string]): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number")
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } };
}

function trace(spans: readonly Traced[], resource: Values = {}): object {
  const written = spans.map(({ id, parent, values, failed = false }, index) => ({
    traceId,
    spanId: id ?? `b7ad6b716920333${index}`,
    ...(parent !== undefined && { parentSpanId: parent }),
    name: "chat m1",
    startTimeUnixNano: nano(beginning - 3000),
    endTimeUnixNano: nano(beginning - 1000),
    attributes: attributes(values),
    status: failed ? { code: 2 } : {},
  }));
  const scopeSpans = [{ scope: { name: "test" }, spans: written }];
  return { resourceSpans: [{ resource: { attributes: attributes(resource) }, scopeSpans }] };
}

async function open(t: TestContext, rules?: TelemetryRules) {
  const bench = await openBench(t, {}, rules);
  return {
    bench,
    send: (body: object, secret = adminSecret, signal = "traces") =>
      post(bench, `/v1/${signal}`, { body: JSON.stringify(body), secret }),
    entries: async (): Promise<readonly Answer["json"][]> =>
      (await bench.call("GET", "/api/v1/entries")).json.data,
  };
}

interface Sent {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly secret?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function post(bench: Bench, path: string, { body, secret = adminSecret, headers }: Sent) {
  const response = await bench.request(path, {
    method: "POST",
    headers: {
      authorization: `Bearer ${secret}`,
      "content-type": "application/json",
      host: "purser.test:4141",
      ...headers,
    },
    body,
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const type = response.headers.get("content-type");
  const json = type === "application/json" ? JSON.parse(bytes.toString()) : null;
  return { status: response.status, type, bytes, json };
}

const complete = { status: 200, json: {} };

function summaryOf({ status, json }: Awaited<ReturnType<typeof post>>) {
  return { status, json };
}

test("a model call in a span is charged once, at its end, and an agent around it is not", async (t) => {
  const { send, entries } = await open(t);
  const spans: readonly Traced[] = [
    {
      id: "00000000000000a1",
      values: {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "planner",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
      },
    },
    {
      id: "00000000000000a2",
      parent: "00000000000000a1",
      values: {
        ...openAi,
        "gen_ai.conversation.id": "c1",
        "enduser.id": "u1",
        "gen_ai.usage.cost": 0.5,
      },
    },
  ];
  const body = trace(spans, {
    "service.name": "shop",
    "purser.team": "t1",
    "purser.tag.plan": "pro",
  });
  assert.deepEqual(summaryOf(await send(body)), complete);
  assert.deepEqual(summaryOf(await send(body)), complete);
  const [entry, ...others] = await entries();
  assert.equal(others.length, 0);
  assert.deepEqual(
    [entry.operation_id, entry.provider, entry.model, entry.endpoint, entry.cost_usd],
    [`${traceId}-00000000000000a2`, "openai", "m1", "chat", "0.0003"],
  );
  assert.deepEqual(entry.attribution, {
    team: "t1",
    project: "shop",
    agent: "planner",
    user: "u1",
    session: "c1",
    tags: { plan: "pro" },
  });
  assert.deepEqual([entry.reported_cost_usd, entry.latency_ms], ["0.5", 2000]);
  assert.equal(entry.started_at, "2026-03-10T11:59:59Z");
});

test("of nested model calls the innermost counts, and a failed call without usage costs nothing", async (t) => {
  const { send, entries } = await open(t);
  const body = trace([
    { id: "00000000000000a1", values: openAi },
    { id: "00000000000000a2", parent: "00000000000000a1", values: openAi },
    { values: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m1" }, failed: true },
    { values: { "http.route": "/" } },
  ]);
  assert.deepEqual(summaryOf(await send(body)), complete);
  assert.deepEqual(
    (await entries()).map((entry) => entry.operation_id),
    [`${traceId}-00000000000000a2`],
  );
});

test("a span that cannot be charged is rejected with the reason, the others count", async (t) => {
  const { send, entries } = await open(t);
  const { "gen_ai.request.model": _model, ...withoutModel } = openAi;
  const { "gen_ai.operation.name": _name, ...withoutOperation } = openAi;
  const body = trace([
    { values: withoutModel },
    { values: withoutOperation },
    { values: { ...openAi, "gen_ai.usage.input_tokens": -1 } },
    { values: { ...openAi, "purser.team": "", "purser.project": "a\nb" } },
    { id: "0000000000000000", values: openAi },
    { values: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m1" } },
    { values: openAi },
  ]);
  const { status, json } = await send(body);
  assert.equal(status, 200);
  assert.equal(json.partialSuccess.rejectedSpans, "6");
  assert.match(json.partialSuccess.errorMessage, /gen_ai\.response\.model is missing.*Set it/);
  assert.match(json.partialSuccess.errorMessage, /1 more/);
  assert.equal((await entries()).length, 1);
});

test("a span that cannot be read is rejected by itself, and the others count", async (t) => {
  const { send, entries } = await open(t);
  const values = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m1" };
  const usage = { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 1 };
  const good = { ...values, ...usage, "gen_ai.provider.name": "openai" };
  for (const [index, change] of [
    { spanId: "zz" },
    { startTimeUnixNano: "abc" },
    { endTimeUnixNano: -5 },
    { attributes: [null] },
    null,
  ].entries()) {
    const id = `a7ad6b716920333${index}`;
    const request = trace([{ id, values: good }]) as {
      readonly resourceSpans: readonly {
        readonly scopeSpans: readonly { readonly spans: (object | null)[] }[];
      }[];
    };
    const spans = request.resourceSpans[0]?.scopeSpans[0]?.spans;
    spans?.push(change && { ...spans[0], ...change });
    const { status, json } = await send(request);
    assert.deepEqual([status, json.partialSuccess?.rejectedSpans], [200, "1"], String(index));
    assert.match(json.partialSuccess.errorMessage, /spans\[1\]/);
    assert.equal((await entries()).length, index + 1);
  }
});

test("the model that answered has the price, and an unknown one is flagged", async (t) => {
  const { send, entries } = await open(t);
  await send(
    trace([
      { values: { ...openAi, "gen_ai.request.model": "m-unknown" } },
      { values: { ...openAi, "gen_ai.request.model": "m-unknown", "gen_ai.response.model": "m1" } },
    ]),
  );
  const found = (await entries()).map(({ model, cost_usd, flags }) =>
    [model, cost_usd, ...flags].join(" "),
  );
  assert.deepEqual(found.sort(), ["m-unknown 0 unpriced", "m1 0.0003"]);
});

test("a call that went through this gateway is not counted again", async (t) => {
  const { bench, send, entries } = await open(t);
  const hold = { operation_id: "known", amount: "0.01" };
  assert.equal((await bench.call("POST", "/api/v1/holds", hold)).status, 201);
  const through = (values: Values): Traced => ({ values: { ...openAi, ...values } });
  const body = trace([
    through({ "server.address": "purser.test", "server.port": 4141 }),
    through({ "http.response.header.x-purser-operation-id": ["known"] }),
    through({ "server.address": "purser.test", "server.port": 4000 }),
    through({ "purser.operation_id": "another" }),
  ]);
  assert.deepEqual(summaryOf(await send(body)), complete);
  assert.equal((await entries()).length, 2);
});

test("a caller's key fixes what it fixes: only attributes of Purser are refused", async (t) => {
  const { bench, send, entries } = await open(t);
  const secret = await bench.key({
    role: "caller",
    attribution: { project: "p1" },
    may_refine: ["user"],
  });
  const resource = { "service.name": "shop", "user.id": "u1" };
  assert.deepEqual(summaryOf(await send(trace([{ values: openAi }], resource), secret)), complete);
  const [entry] = await entries();
  assert.deepEqual(entry.attribution, { project: "p1", user: "u1" });
  const other = trace([{ id: "00000000000000ff", values: { ...openAi, "purser.project": "p2" } }]);
  const { json } = await send(other, secret);
  assert.match(json.partialSuccess.errorMessage, /attribution\.project: this key is fixed/);
});

test("the configuration maps attributes, and excludes calls", async (t) => {
  const { bench, send, entries } = await open(t, {
    attribution: new Map([
      ["service.name", "team"],
      ["user.id", "none"],
    ] as const),
    exclude: new Map([["service.name", ["load-test"]]]),
  });
  const resource = { "service.name": "shop", "user.id": "u1" };
  await send(trace([{ values: openAi }], resource));
  await send(trace([{ id: "00000000000000a1", values: openAi }], { "service.name": "load-test" }));
  const [entry, ...others] = await entries();
  assert.deepEqual([entry.attribution, others.length], [{ team: "shop" }, 0]);
  assert.deepEqual(bench.bugs, []);
});

test("protobuf is answered in protobuf, and gzip is read", async (t) => {
  const { bench, entries } = await open(t);
  const headers = { "content-type": "application/x-protobuf" };
  const request = bytesOf(
    field(
      1,
      field(1, field(1, keyValue("service.name", field(1, "shop")))) +
        field(2, field(2, protobufSpan())),
    ),
  );
  const answer = await post(bench, "/otlp/v1/traces", {
    body: new Uint8Array(gzipSync(request)),
    headers: { ...headers, "content-encoding": "gzip" },
  });
  assert.deepEqual(
    [answer.status, answer.type, answer.bytes.length],
    [200, headers["content-type"], 0],
  );
  const [entry] = await entries();
  assert.deepEqual(
    [entry.operation_id, entry.cost_usd, entry.attribution],
    [`${traceId}-00f067aa0ba902b7`, "0.0003", { project: "shop" }],
  );
  const refused = await post(bench, "/v1/traces", { body: new Uint8Array([255]), headers });
  // Field 1, a varint: INVALID_ARGUMENT; field 2: the message.
  assert.deepEqual([refused.status, [...refused.bytes.subarray(0, 3)]], [400, [0x08, 3, 0x12]]);
});

/** A field of bytes, by the wire format of protobuf: tag, length, bytes. As a Latin-1 text. */
function field(number: number, bytes: string): string {
  return varint(number * 8 + 2) + varint(bytes.length) + bytes;
}

function varint(value: number): string {
  return value < 128
    ? String.fromCharCode(value)
    : String.fromCharCode((value % 128) + 128) + varint(Math.floor(value / 128));
}

function keyValue(key: string, value: string): string {
  return field(1, key) + field(2, value);
}

function fixed64(number: number, value: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return varint(number * 8 + 1) + bytes.toString("latin1");
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

function protobufSpan(): string {
  const id = (hex: string): string => Buffer.from(hex, "hex").toString("latin1");
  const values = Object.entries(openAi).map(([key, value]) =>
    field(
      9,
      keyValue(
        key,
        typeof value === "number" ? varint(3 * 8) + varint(value) : field(1, String(value)),
      ),
    ),
  );
  return (
    field(1, id(traceId)) +
    field(2, id("00f067aa0ba902b7")) +
    field(5, "chat m1") +
    fixed64(7, BigInt(nano(beginning - 3000))) +
    fixed64(8, BigInt(nano(beginning - 1000))) +
    values.join("")
  );
}

test("a request that is not OTLP gets a status with a message", async (t) => {
  const { bench } = await open(t);
  const reader = await bench.key({ role: "reader" });
  const cases: readonly (readonly [Sent, number, number, RegExp])[] = [
    [{ body: "{" }, 400, 3, /not JSON/],
    [{ body: '{"resourceSpans":[{"scopeSpans":7}]}' }, 400, 3, /resourceSpans\[0\]\.scopeSpans/],
    [{ body: "x", headers: { "content-type": "text/plain" } }, 415, 3, /text\/plain/],
    [{ body: "{}", headers: { "content-encoding": "lzw" } }, 415, 3, /lzw/],
    [{ body: "{}", secret: "no" }, 401, 16, /unknown/],
    [{ body: "{}", secret: reader }, 403, 7, /role/],
    [{ body: " ".repeat(17 * 1024 * 1024) }, 413, 8, /bytes/],
  ];
  for (const [sent, status, code, message] of cases) {
    const answer = await post(bench, "/v1/traces", sent);
    assert.deepEqual([answer.status, answer.json.code], [status, code]);
    assert.match(answer.json.message, message);
  }
  assert.deepEqual(bench.bugs, []);
});

const session: Values = { "session.id": "s1", model: "claude-x", "user.account_uuid": "u1" };

function event(values: Values): object {
  const record = {
    timeUnixNano: nano(beginning - 500),
    body: { stringValue: "claude_code.api_request" },
    attributes: attributes({ "event.name": "api_request", ...session, ...values }),
  };
  return { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] };
}

interface Measured {
  readonly ms: number;
  readonly input: number;
  readonly cost: number;
  readonly temporality: 1 | 2;
}

function metrics({ ms, input, cost, temporality }: Measured, shared: Values = session): object {
  const point = (values: Values, value: object): object => ({
    attributes: attributes({ ...shared, ...values }),
    startTimeUnixNano: nano(beginning - 60_000),
    timeUnixNano: nano(beginning + ms),
    ...value,
  });
  const sum = (name: string, dataPoints: readonly object[]): object => ({
    name,
    sum: { dataPoints, aggregationTemporality: temporality, isMonotonic: true },
  });
  const all = [
    sum("claude_code.token.usage", [point({ type: "input" }, { asInt: String(input) })]),
    sum("claude_code.cost.usage", [point({}, { asDouble: cost })]),
    sum("claude_code.session.count", [point({}, { asInt: "1" })]),
  ];
  return { resourceMetrics: [{ scopeMetrics: [{ metrics: all }] }] };
}

function countsIn({ usage }: Answer["json"]): readonly number[] {
  return [usage.input, usage.output, usage.cache_read];
}

test("each event of Claude Code is a call, and the metrics of its session do not count", async (t) => {
  const { send, entries } = await open(t);
  const one = event({
    request_id: "req_1",
    cost_usd: 0.25,
    input_tokens: "10",
    output_tokens: 5,
    cache_read_tokens: 100,
    duration_ms: 1200,
  });
  for (const body of [one, one])
    assert.deepEqual(summaryOf(await send(body, adminSecret, "logs")), complete);
  const delta = { ms: 0, input: 110, cost: 0.25, temporality: 1 } as const;
  assert.deepEqual(summaryOf(await send(metrics(delta), adminSecret, "metrics")), complete);
  const [entry, ...others] = await entries();
  assert.equal(others.length, 0);
  assert.deepEqual(
    [entry.provider, entry.endpoint, countsIn(entry), entry.reported_cost_usd, entry.latency_ms],
    ["anthropic", "claude_code.api_request", [10, 5, 100], "0.25", 1200],
  );
  assert.deepEqual(entry.attribution, { user: "u1", session: "s1" });
});

test("a session of Claude Code without events counts by its metrics, delta or cumulative", async (t) => {
  const { bench, send, entries } = await open(t);
  const put = async (measured: Measured, shared: Values): Promise<void> => {
    const answer = await send(metrics(measured, shared), adminSecret, "metrics");
    assert.deepEqual(summaryOf(answer), complete);
  };
  bench.advance(180_000);
  const cumulative = { ...session, "session.id": "s2" };
  for (const ms of [60_000, 60_000, 120_000]) {
    await put({ ms, input: 10, cost: 0.1, temporality: 1 }, session);
    await put({ ms, input: ms / 1000, cost: ms / 1e6, temporality: 2 }, cumulative);
  }
  assert.deepEqual(summaryOf(await send(event({ cost_usd: 1 }), adminSecret, "logs")), complete);
  const found = (await entries()).map(({ attribution, usage, reported_cost_usd }) =>
    [attribution.session, usage.input, reported_cost_usd].join(" "),
  );
  assert.deepEqual(found.sort(), ["s1 10 0.1", "s1 10 0.1", "s2 60 0.06", "s2 60 0.06"]);
});

test("metrics of Claude Code without their session are rejected, with what to set", async (t) => {
  const { send } = await open(t);
  const delta = { ms: 0, input: 1, cost: 1, temporality: 1 } as const;
  const { json } = await send(metrics(delta, { model: "m1" }), adminSecret, "metrics");
  assert.equal(json.partialSuccess.rejectedDataPoints, "2");
  assert.match(json.partialSuccess.errorMessage, /OTEL_METRICS_INCLUDE_SESSION_ID/);
});
