/**
 * `purser reconcile` against a real process: bills written by hand as the providers' documentation
 * has them, each residual with its cause.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { before, test } from "node:test";
import { makeFolder, startGateway, type GatewayProcess, type Json } from "./process.ts";

const dayMs = 86_400_000;
/** Two whole days that are over, in UTC. */
const [first, second] = [3, 2].map((ago) => (Math.floor(Date.now() / dayMs) - ago) * dayMs) as [
  number,
  number,
];
let gateway: GatewayProcess;
let folder: string;

before(async () => {
  gateway = await startGateway();
  folder = await makeFolder();
  const calls: readonly (readonly [provider: string, model: string, at: number, usd: string])[] = [
    ["openai", "gpt-5-2025-08-07", first, "1.25"],
    ["openai", "gpt-5-2025-08-07", first, "0.75"],
    ["openai", "gpt-4.1", second, "0.5"],
    ["anthropic", "claude-sonnet-4-5-20250929", first, "0.3712"],
    ["openrouter", "qwen/qwen3-32b", first, "0.02"],
    ["openrouter", "qwen/qwen3-32b", first, "0.02"],
    ["openrouter", "deepseek/deepseek-chat", second, "0.01"],
  ];
  const data = calls.map(([provider, model, at, usd], index) => ({
    operation_id: `call-${index}`,
    provider,
    model,
    amount_usd: usd,
    timestamp: new Date(at + 3_600_000).toISOString(),
  }));
  const { json } = await gateway.api("POST", "/api/v1/usage", { body: { data } });
  assert.equal(json["recorded"], data.length, JSON.stringify(json));
  await gateway.flush();
});

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly notes: string;
}

/** @param words After the name of the file. */
async function run(bill: unknown, words: readonly string[]): Promise<Ran> {
  const file = path.join(folder, "bill");
  await writeFile(file, typeof bill === "string" ? bill : JSON.stringify(bill));
  const data = path.join(gateway.directory, "data");
  const child = spawn(
    process.execPath,
    ["src/cli/main.ts", "reconcile", file, ...words, "--data", data],
    { cwd: path.resolve(import.meta.dirname, "../.."), stdio: ["ignore", "pipe", "pipe"] },
  );
  let [out, notes] = ["", ""];
  child.stdout.on("data", (part: Buffer) => (out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (notes += part.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, notes };
}

/** Day, model, residual and causes of each line. */
async function linesOf(bill: unknown): Promise<readonly (readonly string[])[]> {
  const { code, out, notes } = await run(bill, ["--json"]);
  assert.equal(code, 0, notes);
  const { data, total } = JSON.parse(out) as {
    readonly data: readonly Json[];
    readonly total: Json;
  };
  const pico = (usd: string): number => Math.round(Number(usd) * 1e12);
  for (const line of data) {
    const causes = line["causes"] as unknown as readonly { readonly amount_usd: string }[];
    const explained = causes.reduce((sum, { amount_usd: usd }) => sum + pico(usd), 0);
    assert.equal(explained, pico(line["residual_usd"] ?? ""), JSON.stringify(line));
  }
  const residuals = data.reduce((sum, line) => sum + pico(line["residual_usd"] ?? ""), 0);
  assert.equal(residuals, pico(total["residual_usd"] ?? ""));
  return data.map((line) => [
    String(line["day"]),
    String(line["model"]),
    String(line["residual_usd"]),
    (line["causes"] as unknown as readonly { readonly cause: string }[])
      .map(({ cause }) => cause)
      .join(" "),
  ]);
}

/** As `GET /v1/organization/costs?group_by[]=line_item` answers. */
function openaiCosts(currency = "usd"): object {
  const bucket = (at: number, lines: readonly (readonly [string | null, number])[]): object => ({
    object: "bucket",
    start_time: at / 1000,
    end_time: (at + dayMs) / 1000,
    results: lines.map(([item, value]) => ({
      object: "organization.costs.result",
      amount: { value, currency },
      line_item: item,
      project_id: null,
    })),
  });
  return {
    object: "page",
    data: [
      bucket(first, [
        ["gpt-5-2025-08-07, input", 1.25],
        ["gpt-5-2025-08-07, output", 0.75],
        ["gpt-4o-mini, input", 0.1],
        [null, 0.05],
      ]),
      bucket(second, [["gpt-4.1, output", 0.6]]),
    ],
    has_more: false,
    next_page: null,
  };
}

test("OpenAI's costs: what agrees, a call that is missing, and charges without a model", async () => {
  assert.deepEqual(await linesOf(openaiCosts()), [
    [day(first), "null", "0.05", "no_model"],
    [day(first), "gpt-4o-mini", "0.1", "missing_calls"],
    [day(first), "gpt-5", "0", ""],
    [day(second), "gpt-4.1", "0.1", "calls_or_price"],
  ]);
});

test("Anthropic's cost report is in cents; a difference below half a cent is rounding", async () => {
  const bill = {
    data: [
      {
        starting_at: new Date(first).toISOString(),
        ending_at: new Date(first + dayMs).toISOString(),
        results: [
          {
            currency: "USD",
            amount: "37.12345",
            workspace_id: null,
            description: "Claude Sonnet 4.5 Usage - Input Tokens",
            cost_type: "tokens",
            context_window: "0-200k",
            model: "claude-sonnet-4-5-20250929",
            service_tier: "standard",
            token_type: "uncached_input_tokens",
          },
        ],
      },
    ],
    has_more: false,
    next_page: null,
  };
  assert.deepEqual(await linesOf(bill), [
    [day(first), "claude-sonnet-4-5", "0.0000345", "rounding"],
  ]);
});

test("OpenRouter's activity counts requests, as JSON and as CSV", async () => {
  const rows = [
    { date: day(first), model: "qwen/qwen3-32b", usage: 0.06, requests: 3 },
    { date: day(second), model: "deepseek/deepseek-chat", usage: 0.02, requests: 1 },
  ];
  const expected = [
    [day(first), "qwen/qwen3-32b", "0.02", "missing_calls"],
    [day(second), "deepseek/deepseek-chat", "0.01", "price"],
  ];
  const activity = rows.map((row) => ({
    ...row,
    model_permaslug: row.model,
    endpoint_id: "e",
    provider_name: "p",
    byok_usage_inference: 0,
    prompt_tokens: 1,
    completion_tokens: 1,
    reasoning_tokens: 0,
  }));
  assert.deepEqual(await linesOf({ data: activity }), expected);
  const lines = rows.map((row) => [row.date, row.model, row.usage, row.requests].join(","));
  const csv = `date,model,usage,requests\r\n${lines.join("\r\n")}\r\n`;
  assert.deepEqual(await linesOf(csv), expected);
  const table = await run(csv, ["--csv"]);
  assert.equal(table.code, 0, table.notes);
  assert.match(table.out, /missing_calls/);
});

test("another currency, missing pages and what is no bill are refused with field and remedy", async () => {
  for (const [bill, field, remedy] of [
    [openaiCosts("eur"), "bill.data[0].results[0].amount.currency", "in USD"],
    [{ ...openaiCosts(), has_more: true }, "bill.has_more", "all pages"],
    [{ data: [{ total: 1 }] }, "bill.data[0]", "/v1/organization/costs"],
    ["{ not json", "file", "whole answer"],
  ] as const) {
    const { code, notes, out } = await run(bill, []);
    assert.equal(code, 2, notes);
    assert.equal(out, "");
    assert.ok(notes.includes(remedy) && notes.includes(field.replace(/^bill\./, "")), notes);
  }
});
