/** Test kit: reads and prices an answer, so that tests can check the charge. */

import type { Outcome } from "../../domain/ledger/entry.ts";
import { formatUsd, pico } from "../../domain/money/money.ts";
import { makePriceBook } from "../../domain/price/book.ts";
import { definePrice } from "../../domain/price/text/override.ts";
import type { CatalogueRow } from "../../domain/price/row/row.ts";
import type { UsageFlag } from "../../domain/usage/usage.ts";
import { anthropicWire } from "../../wire/anthropic/index.ts";
import { geminiWire } from "../../wire/gemini/index.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import type { WireFormat } from "../../wire/wire.ts";
import { priceAnswer, type CallToPrice } from "./price-answer.ts";
import { aProvider } from "../port/parts.test-kit.ts";

const openai = openaiWire();

export interface Scene {
  readonly wire?: WireFormat;
  readonly path?: string;
  readonly request?: object;
  /** USD per million tokens, for provider `p` and model `m`; null for a model without a price. */
  readonly price?: Readonly<Record<string, unknown>> | null;
  readonly reportsBilledCost?: boolean;
  readonly fallback?: CallToPrice["fallback"];
  /** Output limit sent to the provider. */
  readonly ceiling?: number;
  /** The model's context window; null if unknown. */
  readonly window?: number | null;
  /** Flags raised outside the reading of the answer. */
  readonly flags?: readonly UsageFlag[];
}

/** The model's entry in the price list. An explicit price takes precedence over its rates. */
const listed: CatalogueRow = {
  provider: "p",
  model: "m",
  ids: { startsWith: "m" },
  rates: { input: pico(1n), output: pico(1n) },
  cacheWrites: "asked",
  source: "list",
  version: "1",
};

const usualPrice = { input: "1", output: "10" };

/** @param answer An object for a whole body, a list for server-sent events. */
export function settle(answer: object | readonly object[], scene: Scene = {}): Outcome {
  const {
    wire = openai,
    path = "/chat/completions",
    price = usualPrice,
    reportsBilledCost = false,
    fallback = null,
  } = scene;
  const stream = Array.isArray(answer);
  const endpoint = wire.endpoint("POST", path);
  const { facts } = wire.read(
    endpoint,
    Buffer.from(JSON.stringify({ model: "m", stream, max_tokens: 1000, ...scene.request })),
  );
  const stated =
    price &&
    definePrice(
      { provider: "p", model: "m", ...price },
      { field: "prices[0]", source: "configuration" },
    );
  const rows = scene.window == null ? [] : [{ ...listed, contextWindow: scene.window }];
  const prices = makePriceBook({
    sources: [() => rows],
    overrides: stated ? [stated] : [],
    version: "test",
  });
  const meter = wire.meter(endpoint, { stream, facts });
  const text = stream
    ? answer.map((event: unknown) => `data: ${JSON.stringify(event)}\n\n`).join("")
    : JSON.stringify(answer);
  meter.push(Buffer.from(text));
  const { reading } = meter.end();
  const ceiling = scene.ceiling ?? facts.maxOutputTokens ?? 32_000;
  const provider = aProvider({ reportsBilledCost });
  const call: CallToPrice = {
    route: {
      provider,
      wire,
      endpoint,
      url: "http://p",
      model: "m",
      title: "p/m",
    },
    facts,
    estimate: {
      inputTokens: 40,
      ceiling,
      firstSlice: 10,
      unknownInput: 0,
      least: 1,
      rates: null,
      fees: pico(0n),
    },
    ceiling: { sent: ceiling },
    heldAt: 0,
    fallback,
  };
  const { inputTokens, outputTokens } = meter.progress;
  // Imitates a token counter: three bytes a token.
  const counted = meter.output
    ? meter.output.tokensOutsideText + Math.ceil(meter.output.textBytes / 3)
    : outputTokens;
  const progress = { inputTokens, outputTokens: Math.min(counted, ceiling) };
  return priceAnswer(prices, call, { reading, progress, latencyMs: 1, flags: scene.flags ?? [] });
}

export function usd(outcome: Outcome): string {
  return formatUsd(outcome.cost.usd);
}

export function chat(usage: object, content = "word ".repeat(100)): object {
  return {
    id: "c",
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage,
  };
}

export const counts = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
/** The cost of `counts` at the usual price: 1000 × 1 + 100 × 10 USD per million. */
export const ours = "0.002";

export const gemini = {
  wire: geminiWire,
  path: "/v1beta/models/m:generateContent",
  request: { contents: [] },
};
export const messages = { wire: anthropicWire, path: "/v1/messages", request: { messages: [] } };
export const responses = {
  path: "/responses",
  request: { max_tokens: undefined, max_output_tokens: 1000 },
};
export const created = {
  type: "response.created",
  response: { id: "r", model: "m", status: "in_progress", output: [], usage: null, error: null },
};
