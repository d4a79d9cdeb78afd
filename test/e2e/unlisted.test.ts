/**
 * Models without a price at providers that report what they bill: hard budgets hold a ceiling, and
 * the calls cost what is reported.
 */

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { before, test } from "node:test";
import { startGateway, type GatewayProcess } from "./process.ts";
import { startRecorder, type Recorded } from "./recording.ts";
import { always } from "./settings.ts";

let gateway: GatewayProcess;
let made = 0;
/** The usage of the next answers. */
let usage: object = {};
/** Whether the next streams are as long as their `max_tokens` allows. */
let isLong = false;

const { url } = await startRecorder(({ body }: Recorded, response: ServerResponse) => {
  const { stream, max_tokens: most } = JSON.parse(body) as { stream: boolean; max_tokens: number };
  const words = isLong ? most : 1;
  const billed = isLong ? { ...usage, completion_tokens: words } : usage;
  response.writeHead(200, { "content-type": stream ? "text/event-stream" : "application/json" });
  const choice = { index: 0, finish_reason: "stop" };
  const chunks = [
    ...Array.from({ length: words }, () => ({
      id: "c",
      choices: [{ index: 0, delta: { role: "assistant", content: " well" } }],
    })),
    { id: "c", choices: [{ ...choice, delta: {} }] },
    { id: "c", choices: [], usage: billed },
  ];
  const message = { role: "assistant", content: "Well." };
  response.end(
    stream
      ? `${chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("")}data: [DONE]\n\n`
      : JSON.stringify({ id: "c", choices: [{ ...choice, message }], usage }),
  );
});

before(async () => {
  const at = { base_url: `${url}/v1`, api_key: "sk-of-the-provider" };
  const local = { ...at, wire: "openai" } as const;
  gateway = await startGateway({
    providers: {
      openrouter: at,
      xai: at,
      stated: { ...local, unlisted_ceiling: { input: "10", output: "20" } },
      off: { ...local, reported_cost: "charge", unlisted_ceiling: "none" },
      unknown: local,
    },
  });
});

/** A key whose only budget has this amount. */
async function payer(amount: string, more: object = {}): Promise<string> {
  const project = `p${(made += 1)}`;
  await gateway.makeBudget({
    budget_id: project,
    budget_type: "project",
    resource_id: project,
    amount,
    ...always,
    ...more,
  });
  return project;
}

interface Call {
  readonly project: string;
  readonly provider: string;
  readonly model: string;
  readonly stream?: boolean;
  readonly maxTokens?: number;
}

async function call({ project, provider, model, stream = false, maxTokens = 100 }: Call) {
  const { key } = await gateway.makeKey({ project });
  const id = `unlisted-${(made += 1)}`;
  const response = await fetch(`${gateway.url}/${provider}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "x-purser-operation-id": id,
    },
    body: JSON.stringify({
      model,
      stream,
      max_tokens: maxTokens,
      messages: [{ role: "user", content: "How are you?" }],
    }),
  });
  const text = await response.text();
  const [entry] = response.ok ? await gateway.entries(`operation_id=${id}`) : [];
  return { status: response.status, text, headers: response.headers, entry };
}

const counts = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 };
const unlisted = [
  ["openrouter", "claude-sonnet-5.5"],
  ["openrouter", "openai/gpt-4o:nitro"],
  ["openrouter", "nobody/never-listed"],
  ["xai", "grok-4.20-0309-reasoning"],
  ["xai", "never-listed"],
] as const;

test("an unlisted model is admitted by a hard budget and costs what is reported", async () => {
  for (const [provider, model] of unlisted) {
    for (const stream of [false, true]) {
      const project = await payer("1");
      usage =
        provider === "xai"
          ? { ...counts, cost_in_usd_ticks: 5_000_000 }
          : { ...counts, cost: 0.0005 };
      const { status, text, entry } = await call({ project, provider, model, stream });
      assert.equal(status, 200, text);
      assert.deepEqual(
        [entry?.cost_usd, entry?.charges.map(({ meter }) => meter), entry?.status],
        ["0.0005", ["reported_cost"], "settled"],
        `${provider}/${model}`,
      );
      const { spent, held } = await gateway.budget(project);
      assert.deepEqual([spent, held], ["0.0005", "0"]);
    }
  }
});

test("without a reported cost, it is charged at the ceiling, and the bill says whose rates they are", async () => {
  usage = counts;
  const project = await payer("1");
  const { entry, headers } = await call({
    project,
    provider: "openrouter",
    model: "nobody/never-listed",
  });
  assert.ok(Number(entry?.cost_usd) > 0, String(entry?.cost_usd));
  assert.deepEqual(entry?.flags, ["unpriced"]);
  const rates = entry?.charges.map(({ rate }) => rate) ?? [];
  assert.deepEqual(
    rates.map((rate) => [rate?.match, rate?.source]),
    [
      ["fallback", "ceiling"],
      ["fallback", "ceiling"],
    ],
  );
  // Nothing was counted as zero.
  assert.equal(headers.get("x-purser-unpriced"), null);
});

test("a configured ceiling bounds a provider, and a budget that cannot pay it refuses", async () => {
  usage = counts;
  const at = { provider: "stated", model: "never-listed" };
  const { entry } = await call({ project: await payer("1"), ...at });
  // 10 × 10 + 20 × 20 USD per million.
  assert.equal(entry?.cost_usd, "0.0005");
  const refused = await call({ project: await payer("0.0001"), ...at });
  assert.deepEqual([refused.status, /budget_exhausted/.test(refused.text)], [402, true]);
  for (const part of [
    "stated/never-listed has no price, so it is held at the ceiling of stated",
    "USD 10 per million tokens of input, and 20 per million tokens of output",
    "lower rates as `unlisted_ceiling` of its provider",
  ])
    assert.ok(refused.text.includes(part), refused.text);
  const unlisted = { provider: "openrouter", model: "nobody/never-listed" };
  const { text } = await call({ project: await payer("0.0001"), ...unlisted });
  assert.match(text, /per million tokens of output, as openrouter\/[\w./:-]+/);
  const own = { unpriced: { policy: "allow", input: "1000", output: "2000" } };
  const stated = await call({ project: await payer("0.0001", own), ...unlisted });
  assert.deepEqual([stated.status, /ceiling/.test(stated.text)], [402, false], stated.text);
});

test("a budget's own rates take precedence over the ceiling", async () => {
  usage = counts;
  const unpriced = { policy: "allow", input: "1", output: "2" };
  const project = await payer("0.01", { unpriced });
  const { entry } = await call({ project, provider: "openrouter", model: "nobody/never-listed" });
  assert.equal(entry?.cost_usd, "0.00005");
});

test("a provider that does not report what it bills, or has no ceiling, is refused as before", async () => {
  for (const provider of ["off", "unknown"]) {
    const { status, text } = await call({
      project: await payer("1"),
      provider,
      model: "never-listed",
    });
    assert.deepEqual([status, /has no price/.test(text)], [402, true], text);
  }
});

test("the estimate and a hold over the API have the same ceiling as a call", async () => {
  const project = await payer("1");
  const model = { provider: "stated", model: "never-listed", attribution: { project } };
  const sizes = { input_tokens: 100, max_output_tokens: 100 };
  const estimate = await gateway.api("POST", "/api/v1/estimate", { body: { ...model, ...sizes } });
  const { priced, allowed, high_usd, low_usd, fallback, budgets } = estimate.json;
  assert.deepEqual([priced, allowed, high_usd, low_usd], [false, true, "0.003", null]);
  assert.deepEqual(fallback, {
    from: "provider",
    input: "10",
    output: "20",
    input_model: "*",
    output_model: "*",
  });
  assert.equal((budgets as readonly { readonly needed: string }[])[0]?.needed, "0.003");
  const body = { ...model, operation_id: "api-hold", estimate: sizes };
  const hold = await gateway.api("POST", "/api/v1/holds", { body });
  assert.deepEqual([hold.status, hold.json["held_usd"]], [201, "0.003"]);
  const more = { body: { output_tokens: 50 } };
  assert.equal((await gateway.api("POST", "/api/v1/holds/api-hold/top-up", more)).status, 200);
  assert.equal((await gateway.budget(project))["held"], "0.004");
  const settled = await gateway.api("POST", "/api/v1/holds/api-hold/settle", {
    body: { usage: { input: 100, output: 10 } },
  });
  assert.equal(settled.json["cost_usd"], "0.0012");
});

test("a stream tops up its hold at the rates of the ceiling or of the budget, up to what is left", async () => {
  isLong = true;
  usage = { prompt_tokens: 10 };
  const unpriced = { policy: "allow", input: "10", output: "20" };
  for (const [provider, more] of [
    ["stated", {}],
    ["unknown", { unpriced }],
  ] as const) {
    const project = await payer("0.03", more);
    const at = { project, provider, model: "never-listed", stream: true, maxTokens: 4000 };
    const { entry, headers } = await call(at);
    const sent = Number(headers.get("x-purser-max-tokens"));
    // About 1,500 tokens can be paid; the first slice is far shorter.
    assert.ok(sent > 1400 && sent < 1500, `${provider}: ${sent}`);
    assert.equal(Number(entry?.cost_usd), (10 * 10 + sent * 20) / 1e6);
    const { spent, held } = await gateway.budget(project);
    assert.deepEqual([spent, held], [entry?.cost_usd, "0"]);
  }
  isLong = false;
});
