/** Fuzzes the API from its OpenAPI document alone, with valid and invalid requests. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import * as fc from "fast-check";
import { SchemaChecker, valuesOf, type Components, type Schema } from "./json-schema.ts";
import { startGateway, startSimulatorProcess, type GatewayProcess } from "./process.ts";
import { always } from "./settings.ts";

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly schema: Schema;
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: {
    readonly content: { readonly "application/json": { readonly schema: Schema } };
  };
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Components };
}

interface Sent {
  readonly path: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly body: string | null;
}

interface Place {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

interface Case {
  readonly sent: Sent;
  readonly role: string;
}

const roles = ["admin", "reader", "caller", "anonymous", "a stranger"] as const;

const simulator = await startSimulatorProcess();
const gateway: GatewayProcess = await startGateway({
  simulatorUrl: simulator.url,
  config: "notifiers: [{ name: logged, kind: log }]",
});
const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as OpenApi;
const components = document.components.schemas;
const checker = new SchemaChecker(components);
const keys = new Map<string, string | null>([
  ["admin", gateway.adminKey],
  ["anonymous", null],
  ["a stranger", "purser_stranger"],
]);
/** Existing ids, by path parameter name. */
const known = new Map<string, string[]>();

before(async () => {
  await gateway.makeBudget({
    budget_id: "each",
    budget_type: "project",
    resource_id: "*",
    amount: "5",
    ...always,
  });
  await gateway.makeBudget({
    budget_id: "all",
    budget_type: "platform",
    amount: "1000",
    period: "month",
  });
  await gateway.makeBudget({
    budget_id: "tokens",
    budget_type: "team",
    resource_id: "t",
    amount: "50",
    currency: "tokens",
  });
  keys.set("reader", (await gateway.makeKey({ project: "p1" }, { role: "reader" })).key);
  keys.set(
    "caller",
    (await gateway.makeKey({ project: "p1" }, { may_refine: ["task", "tags"] })).key,
  );
  const spare = await gateway.makeKey({ team: "t" });
  for (const id of ["h1", "h2", "h3"]) {
    const body = { operation_id: id, amount: "0.01" };
    assert.equal(
      (await gateway.api("POST", "/api/v1/holds", { body, key: keys.get("caller") ?? "" })).status,
      201,
    );
  }
  const settled = await gateway.api("POST", "/api/v1/holds/h2/settle", {
    body: { amount: "0.02" },
  });
  assert.equal(settled.status, 200);
  const rule = { when: "spend_over", amount: "0.01", window: "24h", by: "project" };
  assert.equal((await gateway.api("PUT", "/api/v1/rules/r1", { body: rule })).status, 200);
  known.set("rule_id", ["r1"]);
  known.set("item_id", ["search", "sandbox"]);
  known.set("name", ["logged"]);
  known.set("budget_id", ["each", "all", "tokens"]);
  known.set("key_id", [spare.key_id]);
  known.set("operation_id", ["h1", "h2", "h3"]);
  known.set("request_id", ["h1", "r"]);
});

/** Consistent bodies that succeed; some fields are replaced by values that the document allows. */
const samples: Readonly<Record<string, readonly (() => object)[]>> = {
  put_items_item_id: [
    () => ({ kind: "tool", unit: "call", price_usd: "0.005" }),
    () => ({ kind: "tool", unit: "hour", price_usd: 1, valid_from: "2026-01-01" }),
  ],
  post_charges: [
    () => ({ charge_id: randomUUID(), item_id: "search", amount_usd: "0.01", request_id: "r" }),
    () => ({
      data: [
        { charge_id: "c1", item_id: "search", quantity: "1.5", attribution: { team: "t" } },
        { timestamp: "2026-01-01T00:00:00Z", item_id: "a", kind: "labor", amount_usd: 1 },
      ],
    }),
  ],
  post_usage: [
    () => ({
      data: [
        { operation_id: randomUUID(), provider: "openai", model: "sim-small", usage: { input: 5 } },
        { operation_id: "u1", model_id: "sim-small", prompt_tokens: 5, completion_tokens: 1 },
        { timestamp: "2026-01-01T00:00:00Z", provider: "p", model: "m", amount_usd: "0.01" },
      ],
    }),
  ],
  ...Object.fromEntries(
    ["traces", "logs", "metrics"].flatMap((signal) => [
      [`post_v1_${signal}`, [telemetry]],
      [`post_otlp_v1_${signal}`, [telemetry]],
    ]),
  ),
  post_budgets: [
    () => ({
      budget_id: unique("b"),
      budget_type: "team",
      resource_id: unique("t"),
      amount: "5.50",
      period: "day",
      time_zone: "Europe/Berlin",
    }),
    () => ({
      budget_id: unique("b"),
      budget_type: "tag:x",
      resource_id: "*",
      amount: 100,
      currency: "requests",
      policy: "soft",
      thresholds: [0.5, 1],
    }),
  ],
  patch_budgets_budget_id: [
    () => ({ amount: "7" }),
    () => ({ thresholds: [{ at: 0.9, action: "notify" }], unpriced: "allow" }),
  ],
  post_budgets_budget_id_pause: [() => ({ reason: "r" }), () => ({ value: "p1" })],
  post_budgets_budget_id_resume: [() => ({ reason: "r" }), () => ({ value: "p1" })],
  post_budgets_budget_id_extend: [() => ({ amount: "1" }), () => ({ amount: "1", value: "p1" })],
  post_budgets_budget_id_decline: [() => ({ reason: "r" }), () => ({ value: "p1" })],
  put_rules_rule_id: [
    () => ({ when: "threshold", budget_id: "all", percent: 80, of: "forecast" }),
    () => ({ when: "spend_over", amount: "0.01", window: "24h", by: "project" }),
    () => ({ when: "operation_over", amount: 1000, currency: "tokens", notify: ["logged"] }),
  ],
  post_rules_rule_id_acknowledge: [() => ({ note: "seen" }), () => ({ value: "p1" })],
  post_epochs: [
    () => ({}),
    () => ({ name: "pilot", attribution: { project: "p1", tags: { a: "b" } }, note: "n" }),
  ],
  post_reconciliations: [
    () => ({ bill: { data: [{ date: "2026-01-01", model: "m", usage: 1, requests: 1 }] } }),
    () => ({ bill: "date,model,usage\n2026-01-01,m,1\n", provider: "openai" }),
  ],
  post_keys: [
    () => ({
      name: unique("k"),
      role: "reader",
      attribution: { project: "p1", tags: { a: "b" } },
      expires_at: "2099-01-01T00:00:00Z",
    }),
  ],
  patch_keys_key_id: [() => ({ name: unique("k"), may_refine: ["task"], max_concurrent: 3 })],
  post_holds: [
    () => ({ operation_id: unique("h"), attribution: { project: "p1" }, amount: "0.000001" }),
    () => ({
      operation_id: unique("h"),
      provider: "openai",
      model: "sim-small",
      estimate: { input_tokens: 5, max_output_tokens: 5 },
    }),
  ],
  post_holds_operation_id_settle: [
    () => ({ amount: "0.000001" }),
    () => ({ usage: { input: 3, output: 2 }, latency_ms: 4 }),
  ],
  post_holds_operation_id_release: [() => ({ reason: "done" })],
  post_holds_operation_id_top_up: [() => ({ amount: "0.000001" }), () => ({ output_tokens: 1 })],
  post_estimate: [
    () => ({
      provider: "openai",
      model: "sim-small",
      input_tokens: 5,
      max_output_tokens: 5,
      attribution: { project: "p1" },
    }),
    () => ({ provider: "openai", model: "sim-small", text: "a few words", max_output_tokens: 5 }),
  ],
  post_entries_operation_id_correct: [
    () => ({ amount: "0.000002", reason: "as the provider billed it" }),
  ],
  post_prices: [
    () => ({
      provider: "openai",
      model: unique("m"),
      input: "1.5",
      output: 3,
      valid_from: "2026-01-01",
    }),
  ],
  post_prices_updates: [() => ({ text: listOf(unique("m")), name: "list.json" })],
};

/** Values of parameters by name, because texts at random hardly ever pass as a time or a name. */
const plausible: Readonly<Record<string, readonly string[]>> = {
  from: ["2026-01-01", "2026-10-25T01:30:00+02:00"],
  to: ["2027-01-01", "2026-12-31T23:59:59.999Z"],
  last: ["24h", "7d", "4w", "3m"],
  by: ["project", "model,key", "tag:a,status,user", "provider,endpoint,operation,task"],
  metrics: ["cost", "calls,latency_p95", "cost_per_task,cost_per_user,cache_hit_share"],
  sort: ["cost", "calls:asc", "latency_p50"],
  time_zone: ["UTC", "Europe/Berlin", "Asia/Kathmandu"],
  currency: ["USD"],
  threshold: ["0", "0.5"],
  deliverable: ["task", "tag:a"],
  version: ["1.4", "1.2"],
  limit: ["1", "200"],
  after: ["0", "5"],
  cursor: ["0", "1"],
  provider: ["openai"],
  model: ["sim-small"],
  project: ["p1"],
  team: ["t"],
  operation_id: ["h2"],
};

/** Texts that have broken programs elsewhere. */
const hostile = [
  "\u0000",
  "\u{202e}\u{fffd}",
  "../../etc/passwd",
  "%00%2e%2e",
  "' OR 1=1;--",
  "__proto__",
  "constructor",
  "NaN",
  "-0",
  "1e309",
  "9".repeat(400),
  "é".repeat(700),
  "9999-12-31T23:59:59Z",
  "-271821-04-20",
  "{}",
  "a,,b",
] as const;

/** Requests of OTLP for each signal at once: each path reads all of them. */
function telemetry(): object {
  const value = { intValue: "3" };
  const attributes = [{ key: "gen_ai.usage.input_tokens", value }];
  return {
    resourceSpans: [{ scopeSpans: [{ spans: [{ attributes }] }] }],
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: "claude_code.api_request" }] }] }],
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "m", sum: {} }] }] }],
  };
}

/** A published list, in the form of genai-prices. */
function listOf(id: string): string {
  const model = { id, match: { equals: id }, prices: { input_mtok: 1, output_mtok: 2 } };
  return JSON.stringify([{ id: "openai", api_pattern: "api", models: [model] }]);
}

let made = 0;

function unique(prefix: string): string {
  made += 1;
  return `${prefix}-${made}`;
}

/** A request for an operation: valid by the document, or with one change. */
function requestsOf(operation: Operation): fc.Arbitrary<Sent> {
  const path = operation.parameters.filter((parameter) => parameter.in === "path");
  const query = operation.parameters.filter((parameter) => parameter.in === "query");
  const schema = operation.requestBody?.content["application/json"].schema;
  return fc.record({
    path: fc.record(
      Object.fromEntries(path.map(({ name, schema: of }) => [name, idsOf(name, of)])),
    ),
    query: queriesOf(query),
    body: schema ? bodiesOf(schema, samples[operation.operationId] ?? []) : fc.constant(null),
  });
}

function queriesOf(
  parameters: readonly Parameter[],
): fc.Arbitrary<readonly (readonly [string, string])[]> {
  const names = parameters.map(({ name }) => name);
  const pairOf = (values: (parameter: Parameter) => fc.Arbitrary<string>) =>
    parameters.map((parameter) => fc.tuple(fc.constant(parameter.name), values(parameter)));
  const some = (
    pairs: fc.Arbitrary<[string, string]>[],
    maxLength: number,
  ): fc.Arbitrary<[string, string][]> =>
    fc
      .subarray(pairs, { maxLength: Math.min(maxLength, pairs.length) })
      .chain((chosen) => fc.tuple(...chosen));
  const fitting = some(pairOf(fittingOf), 4);
  const valid = pairOf(({ schema }) => valuesOf(schema, components).map(String));
  const wrongName = fc.oneof(fc.constantFrom("limit", "x", ...names), fc.string({ maxLength: 5 }));
  return fc.oneof(
    { weight: 3, arbitrary: fitting },
    some(valid, valid.length),
    fc
      .tuple(fitting, fc.constantFrom("x", ...names), hostileText)
      .map(([pairs, name, text]): [string, string][] => [
        ...pairs.filter(([one]) => one !== name),
        [name, text],
      ]),
    fc.array(fc.tuple(wrongName, fc.string({ maxLength: 8 })), { maxLength: 3 }),
  );
}

const hostileText = fc.constantFrom(...hostile);

function fittingOf({ name, schema }: Parameter): fc.Arbitrary<string> {
  const values = plausible[name];
  return values ? fc.constantFrom(...values) : valuesOf(schema, components).map(String);
}

function idsOf(name: string, schema: Schema): fc.Arbitrary<string> {
  const made = valuesOf(schema, components)
    .map(String)
    .filter((text) => text !== "" && text !== "." && text !== "..");
  return fc.oneof(fc.constantFrom(...(known.get(name) ?? ["x"])), made, hostileText);
}

function bodiesOf(schema: Schema, fitting: readonly (() => object)[]): fc.Arbitrary<string | null> {
  assert.ok(fitting.length > 0, "an operation with a body has a sample in `samples`");
  const valid = valuesOf(schema, components);
  const sample = fc.constantFrom(...fitting).map((make) => make());
  return fc.oneof(
    { weight: 3, arbitrary: sample.map((value) => JSON.stringify(value)) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(sample, valid, fc.nat())
        .map(([value, other, at]) => JSON.stringify(withFieldOf(value, other, at))),
    },
    { weight: 3, arbitrary: valid.map((value) => JSON.stringify(value) ?? "") },
    {
      weight: 3,
      arbitrary: fc
        .tuple(valid, fc.nat(), fc.jsonValue({ maxDepth: 2 }))
        .map(([value, at, other]) => JSON.stringify(mutated(value, at, other))),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(sample, fc.nat(), hostileText)
        .map(([value, at, text]) => JSON.stringify(mutated(value, at * 2 + 1, text))),
    },
    { weight: 1, arbitrary: valid.map((value) => repeated(JSON.stringify(value) ?? "{}")) },
    { weight: 1, arbitrary: fc.oneof(fc.json(), fc.string()) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}

function withFieldOf(value: object, other: unknown, at: number): object {
  const fields = Object.entries((other ?? {}) as Readonly<Record<string, unknown>>);
  const field = fields[at % Math.max(1, fields.length)];
  return field ? { ...value, [field[0]]: field[1] } : value;
}

/** Removes, changes or adds one field. */
function mutated(value: unknown, at: number, other: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return other;
  const names = Object.keys(value);
  const name = names[at % (names.length + 1)];
  if (name === undefined) return { ...value, not_a_field: other };
  const { [name]: _taken, ...rest } = value as Readonly<Record<string, unknown>>;
  return at % 2 === 0 ? rest : { ...rest, [name]: other };
}

function repeated(text: string): string {
  const first = /^\{("(?:[^"\\]|\\.)*"):/.exec(text)?.[1];
  return first === undefined ? text : `{${first}:1,${text.slice(1)}`;
}

/** Sends a request. @returns How the answer violates the document. */
async function faultOfAnswer(
  { method, path, operation }: Place,
  { sent, role }: Case,
): Promise<string | null> {
  const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(sent.path[name] ?? "x"),
  );
  const query = new URLSearchParams(sent.query.map(([name, value]) => [name, value])).toString();
  const key = keys.get(role) ?? null;
  const answer = await fetch(`${gateway.url}${place}${query && `?${query}`}`, {
    method: method.toUpperCase(),
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      "content-type": "application/json",
      // Events are a stream otherwise.
      accept: "application/json",
    },
    ...(sent.body !== null && { body: sent.body }),
  });
  const text = await answer.text();
  const said = `${method} ${place}?${query} ${sent.body ?? ""} as ${role} → ${answer.status} ${text.slice(0, 400)}`;
  const documented = operation.responses[String(answer.status)];
  if (!documented) return `the status is not documented: ${said}`;
  if (answer.status >= 500) return `it failed: ${said}`;
  const type = (answer.headers.get("content-type") ?? "").split(";")[0] ?? "";
  const content = documented.content[type];
  if (!content) return `the type ${type} is not documented: ${said}`;
  if (!type.endsWith("json")) return null;
  const fault = checker.fault(JSON.parse(text), content.schema);
  return fault === null ? null : `${fault}: ${said}`;
}

/** What deletes comes last, so that the others find something. */
const places = Object.entries(document.paths)
  .flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Place => ({ method, path, operation })),
  )
  .sort((left, right) => Number(left.method === "delete") - Number(right.method === "delete"));

/** Slow answers are asked for less often, so that all take less than a minute. */
const fewRuns: Readonly<Record<string, number>> = {
  "/api/v1/verify": 10,
  "/api/v1/exports/pdf": 30,
  "/api/v1/prices/updates": 40,
};

for (const place of places) {
  const { method, path, operation } = place;
  test(`${method.toUpperCase()} ${path} always answers as documented, for any request and role`, async () => {
    const cases = fc.record({
      sent: requestsOf(operation),
      role: fc.oneof({ weight: 4, arbitrary: fc.constant("admin") }, fc.constantFrom(...roles)),
    });
    const property = fc.asyncProperty(cases, async (one) => {
      const fault = await faultOfAnswer(place, one);
      assert.equal(fault, null, fault ?? "");
    });
    await fc.assert(property, { numRuns: fewRuns[path] ?? 120, endOnFailure: true });
  });
}
