/** Tests invalid configurations: each error has its line, its field and a remedy. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { PurserError } from "../domain/error.ts";
import type { Configuration } from "./configuration.ts";
import { loadConfiguration } from "./load.ts";

const environment = {
  OPENAI_KEY: "sk-openai-0123456789",
  TEAM_KEY: "team-secret-0123456789",
  PORT: "8080",
  SIP_PORT: "5060",
  EMPTY: "",
  BAD: "sk with space",
};

function load(text: string, more: Readonly<Record<string, string>> = {}): Configuration {
  return loadConfiguration(text, { environment: { ...environment, ...more }, file: "purser.yaml" });
}

function failureOf(text: string): PurserError {
  try {
    load(text);
  } catch (error) {
    assert.ok(error instanceof PurserError, String(error));
    return error;
  }
  return assert.fail("it was accepted");
}

const provider = (fields: string): string =>
  `providers:\n  own:\n    wire: openai\n    base_url: http://127.0.0.1:1\n    ${fields}\n`;
const url = (text: string): string =>
  `providers:\n  own: { wire: openai,\n    base_url: "${text}" }`;
const budget = (fields: string): string =>
  `budgets:\n  - budget_id: a\n    budget_type: project\n    resource_id: p\n    ${fields}\n`;
const key = (fields: string): string =>
  `keys:\n  - name: k\n    secret: \${TEAM_KEY}\n    ${fields}\n`;

const refused: readonly (readonly [
  fact: string,
  text: string,
  line: number,
  field: string | undefined,
  remedy: RegExp,
])[] = [
  ["an unknown section", "data: x\nbugdets: []", 2, "bugdets", /Did you mean budgets\?/],
  [
    "a price list with an unknown name",
    "price_updates:\n  from: lite",
    2,
    "price_updates.from",
    /litellm/,
  ],
  [
    "a price list in a file",
    "price_updates:\n  from: prices.json",
    2,
    "price_updates.from",
    /an https URL/,
  ],
  [
    "price updates without a source",
    "price_updates:\n  every: 24h",
    1,
    "price_updates.from",
    /Give one of genai-prices/,
  ],
  [
    "price updates every minute",
    "price_updates:\n  from: litellm\n  every: 1m",
    3,
    "price_updates.every",
    /from 10m to 14d/,
  ],
  [
    "an unknown kind of doubt",
    "price_updates:\n  from: litellm\n  accept: [zeros]",
    3,
    "price_updates.accept[0]",
    /Did you mean zero\?/,
  ],
  ["a list as the whole file", "- a", 1, undefined, /fields server/],
  ["text as the whole file", "hello", 1, undefined, /fields server/],
  ["broken YAML", "data: x\nserver: { host: [\n", 3, undefined, /Fix the YAML/],
  ["a tab as indentation", "server:\n\tport: 1", 2, undefined, /Fix the YAML/],
  ["a field that is repeated", "data: a\ndata: b", 2, undefined, /Fix the YAML/],
  ["two documents", "data: a\n---\ndata: b", 2, undefined, /Fix the YAML/],
  ["an unknown alias", "server:\n  host: *x", 2, undefined, /Write &x before/],
  ["a name that is a list", "data: x\n? [a]\n: b", 2, undefined, /NAME: VALUE/],
  ["an unknown tag", "data: !!js/function x", 1, undefined, /Fix the YAML/],
  [
    "an unknown field of the server",
    "server:\n  host: a\n  prot: 1",
    3,
    "server.prot",
    /Did you mean port\?/,
  ],
  ["a port above 65535", "server:\n  port: 65536", 2, "server.port", /from 0 to 65535/],
  ["a negative port", "server:\n  port: -1", 2, "server.port", /from 0 to 65535/],
  [
    "a port that fetch refuses",
    "server:\n  port: 4190",
    2,
    "server.port",
    /another port, such as 4191/,
  ],
  [
    "a port of the environment that fetch refuses",
    "server:\n  port: ${SIP_PORT}",
    2,
    "server.port",
    /such as 5062/,
  ],
  ["a port that is text", "server:\n  port: http", 2, "server.port", /whole number/],
  ["a host that is a number", "server: { host: 5 }", 1, "server.host", /address/],
  ["another durability", "durability: ful", 1, "durability", /Did you mean full\?/],
  ["another on_disconnect", "on_disconnect: drian", 1, "on_disconnect", /Did you mean drain\?/],
  ["allow_anonymous as text", 'allow_anonymous: "yes"', 1, "allow_anonymous", /true or false/],
  [
    "an unknown limit",
    "limits:\n  body_bites: 5",
    2,
    "limits.body_bites",
    /Did you mean body_bytes\?/,
  ],
  ["a negative duration", "limits:\n  total_ms: -1", 2, "limits.total_ms", /whole number from 1/],
  ["a duration with a unit", "limits:\n  total_ms: 5s", 2, "limits.total_ms", /whole number/],
  ["an infinite duration", "limits:\n  total_ms: .inf", 2, "limits.total_ms", /whole number/],
  [
    "a missing variable",
    'data: x\nproviders:\n  openai: { api_key: "${NOPE}" }',
    3,
    "providers.openai.api_key",
    /Set NOPE\./,
  ],
  ["an empty variable", "data: ${EMPTY}", 1, "data", /Set EMPTY\./],
  [
    "a variable named like an object property",
    "data: ${constructor}",
    1,
    "data",
    /Set constructor\./,
  ],
  [
    "a variable in a list",
    "budgets:\n  - amount: 5\n  - budget_id: ${NOPE}",
    3,
    "budgets[1].budget_id",
    /Set NOPE\./,
  ],
  ["a variable without a name", "data: ${}", 1, "data", /\$\{NAME\}/],
  ["a variable without an end", "data: ${OPENAI", 1, "data", /\$\{NAME\}/],
  ["a default for a variable", 'data: "${A:-b}"', 1, "data", /\$\{NAME\}/],
  ["providers as a list", "providers: [openai]", 1, "providers", /Give each provider a name/],
  ["a provider with a slash", "providers:\n  a/b: {}", 2, "providers.a/b", /a-z 0-9/],
  [
    "a reserved provider name",
    "providers:\n  api: { wire: openai }",
    2,
    "providers.api",
    /not api/,
  ],
  [
    "an unknown field of a provider",
    provider("base_urll: x"),
    5,
    "providers.own.base_urll",
    /Did you mean base_url\?/,
  ],
  [
    "a wire that is misspelt",
    "providers:\n  own:\n    wire: opnai",
    3,
    "providers.own.wire",
    /Did you mean openai\?/,
  ],
  [
    "a wire that is not available",
    "providers:\n  own:\n    wire: cohere",
    3,
    "providers.own.wire",
    /openai, anthropic, gemini/,
  ],
  [
    "the wire of Bedrock's own API",
    "providers:\n  own:\n    wire: bedrock",
    3,
    "providers.own.wire",
    /wire: openai with base_url: https:\/\/bedrock-runtime\.REGION\.amazonaws\.com\/openai\/v1/,
  ],
  [
    "no wire",
    "providers:\n  own: { base_url: 'http://127.0.0.1' }",
    2,
    "providers.own.wire",
    /openai, anthropic or gemini/,
  ],
  [
    "the name of a known provider that is misspelt",
    "providers:\n  openia: {}",
    2,
    "providers.openia.wire",
    /Did you mean openai\?/,
  ],
  ["no base URL", "providers:\n  own: { wire: openai }", 2, "providers.own.base_url", /https:\/\//],
  ["a base URL without a scheme", url("127.0.0.1:1"), 3, "providers.own.base_url", /http or https/],
  ["a base URL of a file", url("file:///etc/passwd"), 3, "providers.own.base_url", /http or https/],
  [
    "a base URL with a password",
    url("https://u:p@127.0.0.1"),
    3,
    "providers.own.base_url",
    /api_key/,
  ],
  [
    "a base URL with a query",
    url("https://127.0.0.1/v1?x=1"),
    3,
    "providers.own.base_url",
    /put its content in headers/,
  ],
  [
    "a provider's key with a space",
    provider("api_key: ${BAD}"),
    5,
    "providers.own.api_key",
    /on one line/,
  ],
  [
    "a provider's key that is a list",
    provider("api_key: [a]"),
    5,
    "providers.own.api_key",
    /\$\{NAME\}/,
  ],
  ["a region that is not text", provider("region: [us]"), 5, "providers.own.region", /such as us/],
  [
    "unmetered in another way",
    provider("unmetered: alow"),
    5,
    "providers.own.unmetered",
    /Did you mean allow\?/,
  ],
  [
    "headers that are a list",
    provider("headers: [a]"),
    5,
    "providers.own.headers",
    /names and values/,
  ],
  [
    "a header that is a number",
    provider("headers: { x-a: 5 }"),
    5,
    "providers.own.headers.x-a",
    /in quotes/,
  ],
  [
    "a header with a line break",
    provider('headers: { x-a: "a\\nb: c" }'),
    5,
    "providers.own.headers.x-a",
    /in quotes/,
  ],
  [
    "a header that belongs to the connection",
    provider("headers: { Host: x }"),
    5,
    "providers.own.headers.Host",
    /Leave it out/,
  ],
  [
    "a header name with a space",
    provider('headers: { "a b": x }'),
    5,
    "providers.own.headers.a b",
    /letters/,
  ],
  [
    "an amount that is misspelt",
    budget("amuont: 5"),
    5,
    "budgets[0].amuont",
    /Did you mean amount\?/,
  ],
  [
    "an id by its last word",
    "budgets:\n  - id: a\n    budget_type: platform\n    amount: 5",
    2,
    "budgets[0].id",
    /Did you mean budget_id\?/,
  ],
  [
    "a type by its last word",
    "budgets:\n  - budget_id: a\n    type: platform\n    amount: 5",
    3,
    "budgets[0].type",
    /Did you mean budget_type\?/,
  ],
  ["a negative amount", budget("amount: -5"), 5, "budgets[0].amount", /zero or more/],
  ["an infinite amount", budget("amount: .inf"), 5, "budgets[0].amount", /plain decimal/],
  ["an amount of 1e30", budget("amount: 1e30"), 5, "budgets[0].amount", /plain decimal/],
  ["a missing amount", budget("period: day"), 2, "budgets[0].amount", /"1\.50"/],
  [
    "a nested threshold",
    budget(
      "amount: 5\n    thresholds:\n      - 0.5\n      - { at: 1,\n          action: rebalance }",
    ),
    9,
    "budgets[0].thresholds[1].action",
    /notify or pause/,
  ],
  [
    "a budget twice",
    `${budget("amount: 5")}  - { budget_id: a, amount: 5 }`,
    6,
    "budgets[1].budget_id",
    /unique id/,
  ],
  [
    "budgets in a circle",
    budget("amount: 5\n    parent_budget_id: b") + "  - { budget_id: b, parent_budget_id: a }",
    6,
    "budgets[0].parent_budget_id",
    /not below it/,
  ],
  [
    "an unknown parent",
    budget("amount: 5\n    parent_budget_id: nope"),
    6,
    "budgets[0].parent_budget_id",
    /Define the parent first/,
  ],
  ["budgets that are an object", "budgets: { a: 1 }", 1, "budgets", /Give a list/],
  ["a budget that is text", "budgets:\n  - a", 2, "budgets[0]", /fields budget_id/],
  [
    "a price that is misspelt",
    "prices:\n  - { provider: p, model: m,\n      input: '1', outptu: '2' }",
    3,
    "prices[0].outptu",
    /output/,
  ],
  [
    "a price that is not a number",
    "prices:\n  - provider: p\n    model: m\n    input: abc\n    output: '1'",
    4,
    "prices[0].input",
    /./,
  ],
  ["a key without a secret", "keys:\n  - name: k", 2, "keys[0].secret", /\$\{NAME\}/],
  [
    "a secret in the file itself",
    "keys:\n  - name: k\n    secret: team-secret-0123456789",
    3,
    "keys[0].secret",
    /\$\{NAME\}/,
  ],
  ["a short secret", "keys:\n  - name: k\n    secret: ${PORT}", 3, "keys[0].secret", /16 to 512/],
  [
    "one secret for two keys",
    `${key("role: caller")}  - { name: l, secret: "\${TEAM_KEY}" }`,
    5,
    "keys[1].secret",
    /unique name|different secret/,
  ],
  [
    "one name for two keys",
    `${key("role: caller")}  - { name: k, secret: "\${OPENAI_KEY}" }`,
    5,
    "keys[1].name",
    /unique name|different secret/,
  ],
  ["a role that is misspelt", key("role: calller"), 4, "keys[0].role", /Did you mean caller\?/],
  ["a key's unknown field", key("rol: caller"), 4, "keys[0].rol", /Did you mean role\?/],
  [
    "a key with an unknown budget",
    key("budgets: [nope]"),
    4,
    "keys[0].budgets[0]",
    /Define the budget first/,
  ],
  [
    "a key's unknown dimension",
    key("attribution:\n      projct: p"),
    5,
    "keys[0].attribution.projct",
    /Did you mean project\?/,
  ],
  ["an alias without a provider", "aliases:\n  fast: gpt-5", 2, "aliases.fast", /PROVIDER\/MODEL/],
  [
    "an alias with dots to an unknown provider",
    "aliases:\n  gpt-4: sim/x\n  gpt-4.1: opnai/gpt-4.1",
    3,
    "aliases.gpt-4.1",
    /Use one of: sim/,
  ],
  ["aliases as a list", "aliases: [a]", 1, "aliases", /names and models/],
];

for (const [fact, text, line, field, remedy] of refused) {
  test(`refused at line ${line}${field === undefined ? "" : `, naming ${field}`}: ${fact}`, () => {
    const error = failureOf(text);
    assert.equal(error.code, "invalid_configuration");
    const fault = error.detail.faults?.find((one) => one.line === line && one.field === field);
    assert.ok(fault, JSON.stringify(error.detail.faults));
    assert.match(fault.remedy ?? "", remedy);
    assert.ok(fault.message.startsWith(`purser.yaml line ${line}: `), fault.message);
  });
}

test("all errors of a file are reported at once, in order, each once", () => {
  const text = `server: { port: 99999, hots: a }
data: [x]
providers:
  own: { base_url: ftp://x, unmetered: maybe }
  openai: { api_key: "\${NOPE}" }
prices:
  - { provider: openai, model: a, input: x, outptu: "2" }
budgets:
  - { budget_id: a, budget_type: tem, resource_id: x, amount: -1, period: mnth, warning_threshold: 0 }
  - { budget_id: b, parent_budget_id: a, budget_type: platform, amuont: 5 }
  - { budget_id: a, budget_type: platform, amount: 1 }
  - text
keys:
  - { name: k, secret: in-the-file-itself, role: adnim, budgets: [a, gone] }
  - { secret: "\${TEAM_KEY}", max_concurrent: 0 }
aliases: { fast: gpt-5, slow: own/m }
limits: { body_bytes: 1, drain_ms: -1 }
durability: ful
allow_anonymous: 1
`;
  const error = failureOf(text);
  assert.deepEqual(
    error.detail.faults?.map((fault) => [fault.line, fault.field]),
    [
      [1, "server.hots"],
      [1, "server.port"],
      [2, "data"],
      [4, "providers.own.wire"],
      [4, "providers.own.base_url"],
      [4, "providers.own.unmetered"],
      [5, "providers.openai.api_key"],
      [7, "prices[0].outptu"],
      [7, "prices[0].input"],
      [9, "budgets[0].budget_type"],
      [9, "budgets[0].amount"],
      [9, "budgets[0].period"],
      [9, "budgets[0].warning_threshold"],
      [10, "budgets[1].amuont"],
      [11, "budgets[2].budget_id"],
      [12, "budgets[3]"],
      [14, "keys[0].secret"],
      [14, "keys[0].role"],
      [14, "keys[0].budgets[1]"],
      [15, "keys[1].name"],
      [15, "keys[1].max_concurrent"],
      [16, "aliases.fast"],
      [17, "limits.body_bytes"],
      [17, "limits.drain_ms"],
      [18, "durability"],
      [19, "allow_anonymous"],
    ],
  );
  assert.match(
    error.message,
    /^purser\.yaml line 1: server\.hots is not a known field \(and 25 more errors\)$/,
  );
});

test("all YAML errors are reported at once", () => {
  const error = failureOf("data: a\ndata: b\nserver: { host: x\n");
  assert.deepEqual(
    error.detail.faults?.map(({ line }) => line),
    [2, 4],
  );
});

test("an error never shows the value of a variable", () => {
  const secret = "sk-very-secret-value";
  const places = [
    "server: { host: a, port: ${S} }",
    url("${S}"),
    provider("wire2: ${S}"),
    provider("unmetered: ${S}"),
    budget("amount: ${S}"),
    budget("amount: 5\n    parent_budget_id: ${S}"),
    budget("amount: 5\n    models: [a*${S}]"),
    "prices:\n  - { provider: p, model: 'a*b${S}', input: '1', output: '1' }",
    "prices:\n  - { provider: p, model: m, input: '${S}', output: '1' }",
    key("role: ${S}"),
    key("expires_at: ${S}"),
    "aliases: { a: '${S}' }",
    "durability: ${S}",
    "${S}",
  ];
  for (const text of places) {
    assert.throws(
      () => load(text, { S: secret }),
      (error) => {
        assert.ok(error instanceof PurserError, String(error));
        assert.ok(
          !`${error.stack} ${JSON.stringify(error.detail)} ${String(error.cause)}`.includes(
            "very-secret",
          ),
          error.message,
        );
        return true;
      },
    );
  }
});

test("YAML aliases that expand without limit are refused", () => {
  const levels = Array.from(
    { length: 12 },
    (_, level) =>
      `x${level}: &x${level} [${Array(10)
        .fill(level === 0 ? "a" : `*x${level - 1}`)
        .join(",")}]`,
  );
  const error = failureOf(levels.join("\n"));
  assert.equal(error.code, "invalid_configuration");
  assert.match(error.message, /expand|not a known field/);
});

test("any text gives a configuration or an error with a line", () => {
  const word = fc.constantFrom(
    "server",
    "port",
    "providers",
    "openai",
    "budgets",
    "- ",
    ": ",
    "\n",
    "  ",
    "{",
    "}",
    "[",
    "]",
    "&a",
    "*a",
    "${PORT}",
    "${",
    "$${",
    '"',
    "'",
    "|",
    "!!map",
    "? ",
    "1",
    "keys",
    "aliases",
    "limits",
    "#",
    "---",
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 25 }), (words) => {
      try {
        load(words.join(""));
      } catch (error) {
        assert.ok(
          error instanceof PurserError && error.code === "invalid_configuration",
          String(error),
        );
        assert.ok((error.detail.line ?? 0) >= 1 && error.detail.remedy);
      }
    }),
    { numRuns: 2000 },
  );
});

test("a misspelt field is a single error: its value is not checked under the suggested name", () => {
  const faultsOf = (text: string): readonly (string | undefined)[] =>
    (failureOf(text).detail.faults ?? []).map(({ field }) => field);
  assert.deepEqual(faultsOf("server: { hots: [a] }"), ["server.hots"]);
  assert.deepEqual(faultsOf("server: { hots: [a], port: x }"), ["server.hots", "server.port"]);
  assert.deepEqual(faultsOf("server: { hots: [a], host: 5 }"), ["server.hots", "server.host"]);
  assert.deepEqual(
    faultsOf("budgets:\n  - { budget_id: a, budget_type: platform, amuont: x, period: mnth }"),
    ["budgets[0].amuont", "budgets[0].period"],
  );
});

test("an error for a file without fields names the file", () => {
  assert.match(
    failureOf("hello").message,
    /^purser\.yaml line 1: the file must be an object, not "hello"$/,
  );
});
