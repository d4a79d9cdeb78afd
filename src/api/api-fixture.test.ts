/** Opens an API on a real ledger in a temporary folder, for the tests of this folder. */

import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ledger } from "../app/port/ledger.ts";
import type { LedgerReader } from "../app/port/reader.ts";
import { Waiting } from "../app/hold/waiting.ts";
import { ObservedSessions } from "../app/ingest/telemetry/sessions.ts";
import { FileExporter } from "../app/export/file-exporter.ts";
import { hashSecret } from "../app/caller/secret.ts";
import { CurrentPrices } from "../app/manage/current-prices.ts";
import { PriceUpdates } from "../app/manage/update-prices.ts";
import { makePriceBook } from "../domain/price/book.ts";
import { definePrice } from "../domain/price/text/override.ts";
import type { ReadList } from "../app/port/price-lists.ts";
import { parseRow } from "../domain/price/text/row-text.ts";
import { makeMetrics } from "../metrics/metrics.ts";
import { otlp } from "../otlp/otlp.ts";
import type { TelemetryRules } from "../app/port/telemetry.ts";
import { drawReport } from "../export/draw-report.ts";
import { workbook } from "../export/workbook.ts";
import { openLedger } from "../store/sqlite/open.ts";
import { ThreadCounter } from "../tokenizer/thread-counter.ts";
import { makeApi } from "./api.ts";
import type { ApiContext } from "./context.ts";

export const adminSecret = "admin-secret-of-the-tests-0123456789";

export interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  readonly json: any;
  readonly text: string;
  readonly headers: Headers;
}

export interface Bench {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly bugs: unknown[];
  /** Moves the clock. */
  advance(ms: number): void;
  now(): number;
  call(method: string, path: string, body?: unknown, secret?: string): Promise<Answer>;
  request(path: string, init: RequestInit): Promise<Response>;
  /** Makes a key, and gives its secret. */
  key(fields: object): Promise<string>;
}

/** 2026-03-10T12:00:00Z, a Tuesday. */
export const beginning = Date.UTC(2026, 2, 10, 12);

/** USD per million: input 1, cached 0.1, output 10. */
export const model = { provider: "openai", model: "m1" };

/** A list in the language of prices: `[{provider, model, input, output}]`. */
async function readList(text: string): Promise<ReadList> {
  const rows = (JSON.parse(text) as readonly unknown[]).map((row, index) =>
    parseRow(row, { field: `[${index}]`, source: "list", version: "1" }),
  );
  return { source: "list", version: "1", sha256: "", rows, skipped: [] };
}

/**
 * @param changes What the process says otherwise than usual.
 * @param rules What the configuration says about telemetry.
 */
export async function openBench(
  test: { after(clean: () => Promise<void>): void },
  changes: Partial<ApiContext> = {},
  rules: TelemetryRules = { attribution: new Map(), exclude: new Map() },
): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), "purser-api-"));
  let now = beginning;
  const clock = { now: () => now, monotonic: () => now };
  const { ledger, reader, feed } = await openLedger({ directory, durability: "process", clock });
  const stated = definePrice(
    { ...model, input: "1", cache_read: "0.1", output: "10" },
    { field: "prices[0]", source: "configuration" },
  );
  const providerIds = (name: string): readonly string[] => [name === "renamed" ? "openai" : name];
  const prices = new CurrentPrices({
    make: (overrides, { rows }) =>
      makePriceBook({
        sources: [(id) => rows.filter(({ provider }) => provider === id)],
        overrides,
        version: "test",
        providerIds,
      }),
    declared: [stated],
    kept: () => ({ overrides: ledger.prices(), updates: ledger.priceUpdates() }),
  });
  const bugs: unknown[] = [];
  const counter = new ThreadCounter();
  const metrics = makeMetrics({
    ledger,
    version: "0.0.0",
    pricesUpdatedAt: () => 0,
    providers: ["p"],
  });
  const app = makeApi({
    ledger,
    reader,
    feed,
    rulesChanged: async () => undefined,
    notifiers: null,
    scheduledExports: null,
    clock,
    exporter: new FileExporter({ reader, files: { workbook, report: drawReport } }),
    counter,
    prices: () => prices.book,
    tokenizerFamily: (name) => (name === "openai" ? "openai" : "other"),
    expectedOutput: () => null,
    reportsBilledCost: (name) => name === "openrouter",
    declaredPrices: [stated],
    declaredItems: [],
    displayRates: [],
    providerNames: ["openai", "anthropic"],
    reloadPrices: () => prices.reload(),
    priceUpdates: new PriceUpdates({
      ledger,
      reader,
      clock,
      prices,
      observer: metrics,
      models: () => prices.updated,
      reportsBilledCost: () => false,
      lists: { read: readList, download: (from) => Promise.reject(new Error(from)) },
    }),
    telemetry: {
      format: otlp,
      rules,
      sessions: new ObservedSessions(reader),
    },
    admit: () => undefined,
    openMetrics: false,
    holdLimits: { holdSeconds: 3600, holdSharePercent: 50, openHoldsPerKey: 1000 },
    endCallsOf: () => undefined,
    adminKeyHashes: [hashSecret(adminSecret)],
    version: "0.0.0",
    metrics: (of) => metrics.text(of),
    ready: () => ({ ready: true, reasons: [] }),
    status: () => ({
      node: "26.0.0",
      processId: 1,
      startedAt: beginning,
      data: directory,
      configuration: null,
      durability: "process",
      pricesCheckedOn: "2026-03-01",
      pricesUpdatedAt: Date.parse("2026-03-05T06:00:00Z"),
      pricesStated: 1,
      priceSchedule: null,
      providers: [{ name: "openai", baseUrls: ["https://api.openai.com/v1"], key: "set" }],
    }),
    probeProviders: async () => [],
    catalogue: () => [model],
    waiting: new Waiting(),
    observer: metrics,
    reportBug: (error) => bugs.push(error),
    ...changes,
  });
  test.after(async () => {
    metrics.close();
    await counter.close();
    await reader.close();
    await ledger.close();
    await rm(directory, { recursive: true });
  });

  const request = async (path: string, init: RequestInit): Promise<Response> =>
    app.request(path, init);
  // oxlint-disable-next-line max-params -- reads as a request line
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    secret = adminSecret,
  ): Promise<Answer> => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const response = await request(path, {
      method,
      headers: { authorization: `Bearer ${secret}` },
      ...(body !== undefined && { body: text }),
    });
    const answered = await response.text();
    // A price begins a millisecond after it is set, when the next request of a caller comes.
    if (method !== "GET" && path.startsWith("/api/v1/prices")) now += 1;
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      json: isJson ? JSON.parse(answered) : null,
      text: answered,
      headers: response.headers,
    };
  };
  return {
    ledger,
    reader,
    bugs,
    advance: (ms) => void (now += ms),
    now: () => now,
    call,
    request,
    key: async (fields) =>
      (await call("POST", "/api/v1/keys", { name: `test ${randomUUID()}`, ...fields })).json.key,
  };
}

/** Holds and settles one call: 100 tokens in, 20 out, 0.0003 USD. */
// oxlint-disable-next-line max-params -- what differs between tests, in a row
export async function spend(
  bench: Bench,
  operationId: string,
  attribution: object,
  usage: object = { input: 100, output: 20 },
): Promise<Answer> {
  const estimate = { input_tokens: 100, max_output_tokens: 50 };
  const held = await bench.call("POST", "/api/v1/holds", {
    operation_id: operationId,
    attribution,
    ...model,
    estimate,
  });
  if (held.status !== 201) return held;
  return bench.call("POST", `/api/v1/holds/${encodeURIComponent(operationId)}/settle`, {
    usage,
    latency_ms: 40,
  });
}
