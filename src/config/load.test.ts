/** Tests valid configurations: fields, defaults, variables and warnings. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../domain/money/money.ts";
import type { Configuration } from "./configuration.ts";
import { defaultConfiguration, loadConfiguration } from "./load.ts";

const environment = {
  OPENAI_KEY: "sk-openai-0123456789",
  TEAM_KEY: "team-secret-0123456789",
  PORT: "8080",
  EMPTY: "",
  BAD: "sk with space",
};

function load(text: string, more: Readonly<Record<string, string>> = {}): Configuration {
  return loadConfiguration(text, { environment: { ...environment, ...more }, file: "purser.yaml" });
}

const whole = `
server: { host: 127.0.0.1, port: 4142, hosts: [purser], origins: ["https://app.example.com"], metrics: open }
data: /var/lib/purser
durability: process
providers:
  openai: { wire: openai, base_url: "http://127.0.0.1:9999/v1/", api_key: "\${OPENAI_KEY}" }
  anthropic: { api_key: "\${OPENAI_KEY}" }
  local:
    wire: openai
    base_url: http://127.0.0.1:8000/v1
    prices: openai
    unmetered: allow
    region: EU
    reported_cost: beside
    headers: { X-Team: "a", authorization: "Bearer \${TEAM_KEY}", x-literal: "$\${NOT_A_VARIABLE}" }
prices:
  - { provider: openai, model: my-model, input: "0.15", cache_read: "0.075", output: "0.60", valid_from: 2026-01-01 }
budgets:
  - { budget_id: a, parent_budget_id: all, budget_type: project, resource_id: p1, amount: 1.50, period: day, timezone: Europe/Berlin }
  - { budget_id: all, budget_type: platform, resource_id: main, amount: "100", period: month }
keys:
  - { name: team, secret: "\${TEAM_KEY}", attribution: { project: p1 }, may_refine: [task], budgets: [a] }
aliases:
  gpt-4.1: openai/gpt-5-mini
  toy: sim/toy
limits: { body_bytes: 1048576, hold_wait_ms: 0, concurrent_calls_per_key: 10 }
allow_anonymous: true
on_disconnect: cancel
`;

test("a file with all fields is read", () => {
  const configuration = load(whole);
  assert.deepEqual(configuration.server, {
    host: "127.0.0.1",
    port: 4142,
    hosts: ["purser"],
    origins: ["https://app.example.com"],
    metrics: "open",
  });
  assert.equal(configuration.data, "/var/lib/purser");
  assert.equal(configuration.durability, "process");
  assert.deepEqual(configuration.providers, [
    {
      name: "openai",
      wire: "openai",
      baseUrl: "http://127.0.0.1:9999/v1",
      apiKey: environment.OPENAI_KEY,
      headers: {},
      passHeaders: [],
      priceProvider: null,
      unmetered: "refuse",
      reportedCost: null,
      stored: "refuse",
    },
    {
      name: "anthropic",
      wire: "anthropic",
      baseUrl: "https://api.anthropic.com",
      apiKey: environment.OPENAI_KEY,
      headers: {},
      passHeaders: [],
      priceProvider: null,
      unmetered: "refuse",
      reportedCost: null,
      stored: "refuse",
    },
    {
      name: "local",
      wire: "openai",
      baseUrl: "http://127.0.0.1:8000/v1",
      apiKey: null,
      headers: {
        "x-team": "a",
        authorization: "Bearer team-secret-0123456789",
        "x-literal": "${NOT_A_VARIABLE}",
      },
      passHeaders: [],
      priceProvider: "openai",
      region: "eu",
      unmetered: "allow",
      reportedCost: "beside",
      stored: "refuse",
    },
  ]);
  assert.equal(configuration.prices[0]?.row.model, "my-model");
  assert.equal(configuration.prices[0]?.source, "configuration");
  const [day, all] = configuration.budgets;
  assert.deepEqual(
    [day?.parentBudgetId, day?.amount, day?.timeZone],
    ["all", pico(1_500_000_000_000n), "Europe/Berlin"],
  );
  assert.equal(all?.budgetType, "platform");
  const [key] = configuration.keys;
  assert.equal(key?.secret, environment.TEAM_KEY);
  assert.deepEqual(
    [key?.definition.name, key?.definition.mayRefine, key?.definition.budgets],
    ["team", ["task"], ["a"]],
  );
  assert.deepEqual(
    [...configuration.aliases],
    [
      ["gpt-4.1", "openai/gpt-5-mini"],
      ["toy", "sim/toy"],
    ],
  );
  assert.equal(configuration.limits.bodyBytes, 1_048_576);
  assert.equal(configuration.limits.holdWaitMs, 0);
  assert.equal(configuration.limits.concurrentCallsPerKey, 10);
  assert.equal(configuration.limits.streamSliceTokens, 256);
  assert.deepEqual([configuration.allowAnonymous, configuration.onDisconnect], [true, "cancel"]);
  assert.deepEqual(configuration.warnings, []);
});

test("an empty file is the same as no file", () => {
  for (const text of ["", "# only a comment\n", "budgets:\nlimits:\nserver:\n"]) {
    assert.deepEqual({ ...load(text), file: null }, defaultConfiguration({}));
  }
});

test("without a file, the server listens only on 127.0.0.1:4141 and requires keys", () => {
  const configuration = defaultConfiguration({});
  assert.deepEqual(configuration.server, {
    host: "127.0.0.1",
    port: 4141,
    hosts: [],
    origins: [],
    metrics: "key",
  });
  assert.deepEqual(
    [configuration.data, configuration.durability, configuration.allowAnonymous],
    [".purser", "full", false],
  );
  assert.equal(configuration.limits.bodyBytes, 32 * 1024 * 1024);
  assert.equal(configuration.limits.holdWaitMs, 5000);
  assert.deepEqual(configuration.providers, []);
});

test("a key in the environment adds its provider", () => {
  const keys = {
    OPENAI_API_KEY: "k1",
    ANTHROPIC_API_KEY: "k2",
    OPENROUTER_API_KEY: "k3",
    DEEPSEEK_API_KEY: "k4",
    XAI_API_KEY: "k5",
    GEMINI_API_KEY: "k6\n",
  };
  const { providers } = defaultConfiguration({ ...keys, OTHER: "x" });
  assert.deepEqual(
    providers.map((provider) => [provider.name, provider.wire, provider.baseUrl, provider.apiKey]),
    [
      ["openai", "openai", "https://api.openai.com/v1", "k1"],
      ["anthropic", "anthropic", "https://api.anthropic.com", "k2"],
      ["openrouter", "openai", "https://openrouter.ai/api/v1", "k3"],
      ["deepseek", "openai", "https://api.deepseek.com/v1", "k4"],
      ["xai", "openai", "https://api.x.ai/v1", "k5"],
      ["gemini", "gemini", "https://generativelanguage.googleapis.com", "k6"],
    ],
  );
  assert.deepEqual(defaultConfiguration({ OPENAI_API_KEY: "  " }).providers, []);
  assert.throws(
    () => defaultConfiguration({ OPENAI_API_KEY: "a b" }),
    /environment variable OPENAI_API_KEY/,
  );
});

test("a provider in the file takes precedence over the environment, which adds the others", () => {
  const { providers } = load("providers: { openai: { base_url: 'http://127.0.0.1:1/v1' } }", {
    OPENAI_API_KEY: "env",
    XAI_API_KEY: "x",
  });
  assert.deepEqual(
    providers.map(({ name, apiKey, baseUrl }) => [name, apiKey, baseUrl]),
    [
      ["openai", null, "http://127.0.0.1:1/v1"],
      ["xai", "x", "https://api.x.ai/v1"],
    ],
  );
});

test("a variable can be part of a text, or a number", () => {
  const configuration = load('server:\n  port: ${PORT}\ndata: "/srv/${PORT}/$${PORT}"');
  assert.deepEqual([configuration.server.port, configuration.data], [8080, "/srv/8080/${PORT}"]);
});

test("the value of a variable is text, whatever it contains", () => {
  assert.equal(
    load("data: ${ODD}", { ODD: 'a: [1, "${PORT}"] # b\n*x' }).data,
    'a: [1, "${PORT}"] # b\n*x',
  );
});

test("a provider key in the file itself causes a warning with its line", () => {
  const { warnings, providers } = load('providers:\n  openai: { api_key: "sk-upstream" }');
  assert.equal(providers[0]?.apiKey, "sk-upstream");
  assert.deepEqual(
    warnings.map(({ line, field }) => [line, field]),
    [[2, "providers.openai.api_key"]],
  );
  assert.ok(!JSON.stringify(warnings).includes("sk-upstream"));
});

test("a provider that looks misspelt causes a warning with its line; an unknown one does not", () => {
  const { warnings } = load(`
prices:
  - { provider: opnai, model: m, input: "1", output: "2" }
  - { provider: google, model: m, input: "1", output: "2" }
budgets:
  - { budget_id: a, budget_type: platform, amount: 1, providers: [openai, open*, sim] }
  - { budget_id: b, budget_type: platform, amount: 1, providers: [openai,
      antropic] }
keys:
  - { name: k, secret: "\${TEAM_KEY}", providers: ["acme*"] }
`);
  assert.deepEqual(
    warnings.map(({ line, field, remedy }) => [line, field, remedy]),
    [
      [3, "prices[0].provider", "Did you mean openai?"],
      [8, "budgets[1].providers[1]", "Did you mean anthropic?"],
    ],
  );
});

test("a price that a later one leaves no time for causes a warning with both lines", () => {
  const { warnings } = load(`prices:
  - { provider: xai, model: m, input: "1", output: "2" }
  - { provider: x-ai, model: M, input: "3", output: "4" }
  - { provider: openai, model: m, input: "1", output: "2", valid_from: 2026-01-01 }
  - { provider: openai, model: m, input: "1", output: "2", valid_from: 2025-01-01 }
  - { provider: openai, model: later, input: "1", output: "2" }
  - { provider: openai, model: later, input: "1", output: "2", valid_from: 2027-01-01 }
  - { provider: openai, model: offer, input: "1", output: "2" }
  - { provider: openai, model: offer, input: "1", output: "2", valid_to: 2027-01-01 }
  - { provider: openai, model: "m*", input: "1", output: "2" }
`);
  assert.deepEqual(
    warnings.map(({ line, field, message }) => [line, field, message.match(/\(.*\)/)?.[0]]),
    [
      [2, "prices[0]", "(line 2 and line 3)"],
      [4, "prices[2]", "(line 4 and line 5)"],
    ],
  );
});

test("a budget that has ended causes a warning with its line", () => {
  const text = `budgets:
  - { budget_id: a, budget_type: platform, amount: 1, end: 2026-11-01 }
  - budget_id: b
    budget_type: platform
    amount: 1
    end: 2026-10-31T23:59:59Z
  - { budget_id: c, budget_type: platform, amount: 1, end: 2026-11-02 }
`;
  const { warnings } = loadConfiguration(text, {
    environment: {},
    file: "purser.yaml",
    now: Date.UTC(2026, 10, 1),
  });
  assert.deepEqual(
    warnings.map(({ line, field }) => [line, field]),
    [
      [2, "budgets[0].end"],
      [6, "budgets[1].end"],
    ],
  );
  assert.match(warnings[0]?.message ?? "", /"a" ended at 2026-11-01T00:00:00Z and limits no calls/);
});

test("a YAML anchor that is used twice is read in both places", () => {
  const { budgets } = load(
    "budgets:\n  - &a { budget_id: a, budget_type: user, resource_id: '*', amount: &amount '5' }\n  - { budget_id: b, budget_type: user, resource_id: u, amount: *amount }",
  );
  assert.deepEqual(
    budgets.map((item) => item.amount),
    [pico(5_000_000_000_000n), pico(5_000_000_000_000n)],
  );
});

test("the prices are updated only if the file says from where", () => {
  const read = (text: string) =>
    loadConfiguration(text, { environment: {}, file: "f" }).priceUpdates;
  assert.equal(read(""), null);
  const daily = { from: "litellm", everyMs: 86_400_000, accept: [] };
  assert.deepEqual(read("price_updates: { from: litellm }"), daily);
  assert.deepEqual(
    read("price_updates: { from: 'https://example.com/p', every: 90m, accept: [zero, tenfold] }"),
    { from: "https://example.com/p", everyMs: 5_400_000, accept: ["zero", "tenfold"] },
  );
});
