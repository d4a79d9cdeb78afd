/**
 * Generates calls like those of a team's agents over a year; the same number always gives the same
 * call.
 */

import type { PriceBook } from "../../src/domain/price/sheet.ts";
import { add, zero } from "../../src/domain/money/money.ts";
import type { CallRoute } from "../../src/domain/ledger/entry.ts";
import type { HoldCommand, SettleCommand } from "../../src/domain/ledger/command.ts";
import type { Attribution } from "../../src/domain/attribution/attribution.ts";
import { countTokens } from "../../src/domain/usage/usage.ts";
import { assert } from "../../src/domain/assert.ts";

const models = [
  { provider: "openai", model: "gpt-4.1-mini", endpoint: "chat" },
  { provider: "openai", model: "gpt-4.1", endpoint: "responses" },
  { provider: "anthropic", model: "claude-sonnet-4-5", endpoint: "messages" },
  { provider: "anthropic", model: "claude-haiku-4-5", endpoint: "messages" },
  { provider: "google", model: "gemini-2.5-flash", endpoint: "generate_content" },
] as const;
const teams = 5;
const projects = 20;
const users = 100;
/** Milliseconds between two calls, so that five million of them fill about three months. */
const stepMs = 1500;

export const firstAt = Date.UTC(2026, 6, 1);

export interface InventedCall {
  readonly hold: HoldCommand;
  readonly settle: SettleCommand;
}

export function inventCall(book: PriceBook, number: number): InventedCall {
  // A multiplier coprime to the sizes spreads the values evenly.
  const dice = (number * 7919) % 1_000_003;
  const { provider, model, endpoint } = models[dice % models.length] ?? models[0];
  const project = dice % projects;
  const at = firstAt + number * stepMs;
  // From 0.3 to 4 s, evenly spread on a logarithmic scale: more than the calls of one model.
  const latencyMs = Math.round(300 * 1.03 ** (dice % 89));
  const operationId = `bench${number.toString(36).padStart(16, "0")}`;
  const usage = {
    input: 500 + (dice % 3000),
    cache_read: (dice % 7) * 1024,
    output: 50 + (dice % 700),
  };
  const sheet = book.sheet({ provider, model, at });
  assert(sheet !== undefined, `${provider}/${model} has a price`);
  const charges = sheet.charge({ model: null, usage }, { serviceTier: "standard", at });
  const usd = charges.reduce((sum, { cost }) => add(sum, cost), zero);
  const rates = sheet.dearest({
    inputTokens: 10_000,
    cacheWrite: "none",
    serviceTier: "standard",
    media: false,
  });
  const attribution = attributionOf(project, dice % users);
  return {
    hold: {
      kind: "hold",
      at,
      operationId,
      repeat: "new",
      attribution,
      route: routeOf({ provider, model, endpoint, keyId: `key-${project}` }),
      budgets: [],
      demand: {
        fixed: { usd: zero, tokens: 10_000n, requests: 1n },
        perOutputToken: rates.output,
        outputTokens: 1000,
        leastOutputTokens: 1,
        inputTokens: 10_000,
      },
      expiresAt: null,
      fingerprint: null,
      final: true,
    },
    settle: {
      kind: "settle",
      at: at + latencyMs,
      operationId,
      attempt: 1,
      fingerprint: null,
      outcome: {
        status: "settled",
        model,
        usage,
        charges,
        cost: { usd, tokens: BigInt(countTokens(usage)), requests: 1n },
        reportedCost: null,
        rawUsage: rawUsage(usage),
        flags: [],
        latencyMs,
        priceVersion: book.version,
      },
    },
  };
}

/** Returns the same object for the same values, as all calls of a key share one attribution. */
function attributionOf(project: number, user: number): Attribution {
  const known = attributions.get(project * users + user);
  if (known) return known;
  const attribution = {
    org: "bench",
    team: `team-${project % teams}`,
    project: `project-${project}`,
    user: `user-${user}`,
  };
  attributions.set(project * users + user, attribution);
  return attribution;
}

const attributions = new Map<number, Attribution>();

/** Returns the same object for the same values, as the gateway does. */
function routeOf(route: CallRoute): CallRoute {
  const name = `${route.model} ${route.keyId}`;
  const known = routes.get(name);
  if (known) return known;
  routes.set(name, route);
  return route;
}

const routes = new Map<string, CallRoute>();

/** The usage object in OpenAI's format. */
function rawUsage({
  input,
  cache_read: cached,
  output,
}: {
  readonly input: number;
  readonly cache_read: number;
  readonly output: number;
}): string {
  const details = { cached_tokens: cached, audio_tokens: 0 };
  const outputDetails = {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  };
  return JSON.stringify({
    prompt_tokens: input + cached,
    completion_tokens: output,
    total_tokens: input + cached + output,
    prompt_tokens_details: details,
    completion_tokens_details: outputDetails,
  });
}
