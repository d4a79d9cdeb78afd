/** `/api/v1/estimate`: what a call will cost, before it is made, and which budgets would let it pass. */

import { z } from "zod";
import { appliedBudgets } from "../app/hold/applied-budgets.ts";
import { usefulOutput } from "../app/hold/estimate.ts";
import { demandFor, type Sizing } from "../app/desk/hold.ts";
import { lookUpPrice } from "../app/desk/look-up-price.ts";
import { formatAmount } from "../domain/budget/amount.ts";
import { blocksUnpriced } from "../domain/budget/unpriced.ts";
import { PurserError } from "../domain/error.ts";
import { tokenizerOf } from "../domain/estimate/tokenizer.ts";
import { affordableOutput, refuses } from "../domain/ledger/decide-hold.ts";
import { amountIn, available } from "../domain/ledger/counter.ts";
import type { Applied } from "../domain/ledger/applicable.ts";
import type { Demand } from "../domain/ledger/command.ts";
import type { Quantities } from "../domain/ledger/entry.ts";
import { add, formatUsd, multiply, zero, type PicoUsd } from "../domain/money/money.ts";
import type { Charge, ServiceTier } from "../domain/price/rate.ts";
import type { PriceSheet } from "../domain/price/sheet.ts";
import { attribute } from "./attribute.ts";
import type { ApiContext } from "./context.ts";
import { chargeJson } from "./entries.ts";
import { callers, ok, route, type Route } from "./route.ts";
import {
  answer,
  attributionSchema,
  nameSchema,
  problem,
  serviceTierSchema,
  usdSchema,
} from "./schema.ts";

const tokens = z.int().min(0).max(100_000_000);

const estimateInput = z
  .strictObject({
    provider: nameSchema,
    model: nameSchema,
    input_tokens: tokens.optional().describe("When you have counted them; else give `text`."),
    text: z
      .string()
      .min(1)
      .optional()
      .describe("What will be sent; its tokens are counted here, and nothing of it is kept."),
    max_output_tokens: tokens.optional().describe("The ceiling; the model's own by default."),
    expected_output_tokens: tokens.optional().describe("Half of the ceiling by default."),
    cached_tokens: tokens
      .default(0)
      .describe("The part of the input that will be read from a cache, for the expected cost."),
    cache_write: z.enum(["none", "5m", "1h"]).default("none"),
    service_tier: serviceTierSchema.default("standard"),
    fit: z
      .boolean()
      .default(true)
      .describe(
        "Whether a shorter answer would do, as for a call at the gateway; false as with `x-purser-fit: off`.",
      ),
    attribution: attributionSchema.optional(),
  })
  .meta({ id: "EstimateInput" });

const lineSchema = z.record(z.string(), z.unknown());

const estimateSchema = z
  .object({
    provider: z.string(),
    model: z.string(),
    priced: z.boolean(),
    match: z.string().nullable(),
    price_version: z.string(),
    input_tokens: z.int(),
    input_tokens_from: z.enum(["request", "text"]),
    tokenizer_factor: z
      .number()
      .nullable()
      .describe("By how much the model's family counts more than the tokenizer used here."),
    expected_output_tokens: z.int(),
    max_output_tokens: z.int(),
    low_usd: usdSchema.nullable().describe("The input with an answer of one token."),
    expected_usd: usdSchema.nullable(),
    high_usd: usdSchema
      .nullable()
      .describe("What a hold takes: the whole ceiling, at the dearest rates that can apply."),
    lines: z.array(lineSchema).describe("Of the expected cost."),
    allowed: z
      .boolean()
      .describe("Whether every budget would let the call pass now, be it with a shorter answer."),
    fitted_max_output_tokens: z
      .int()
      .nullable()
      .describe(
        "To what the gateway would fit the output ceiling, where the budgets cannot pay all of it; null where they can, or refuse.",
      ),
    passing_max_output_tokens: z
      .int()
      .nullable()
      .describe(
        "The most `max_output_tokens` with which the same call would pass now, where it is refused as it is; null where none would, or it passes.",
      ),
    budgets: z.array(
      z.object({
        budget_id: z.string(),
        allowed: z.boolean(),
        reason: z.string().nullable(),
        needed: z.string(),
        available: z.string(),
        currency: z.string(),
      }),
    ),
  })
  .meta({ id: "Estimate" });

type EstimateInput = z.output<typeof estimateInput>;

interface Counts {
  readonly input: number;
  readonly least: number;
  readonly from: "request" | "text";
  readonly factor: number | null;
  readonly ceiling: number;
  readonly expectedOutput: number;
}

export const estimateRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/api/v1/estimate",
    access: callers,
    tag: "prices",
    summary:
      "Estimate what a call will cost, and whether the budgets would let it pass, or shorten its answer",
    body: estimateInput,
    responses: {
      200: answer("The estimate. Nothing is held.", estimateSchema),
      400: problem("A field is not valid."),
    },
    async handler({ body, caller, context }) {
      const at = context.clock.now();
      const attribution = attribute(caller, body.attribution);
      const book = context.prices();
      const sheet = lookUpPrice(context, { ...body, at });
      const counts = await countAll(context, body, sheet);
      const demand = demandFor(context, { ...body, sizing: sizingOf(body, counts) }, at);
      const subject = {
        attribution,
        provider: body.provider,
        model: body.model,
        budgets: caller.key?.budgets ?? [],
      };
      const least = leastOf(context, body, counts);
      const budgets = appliedBudgets(context.ledger, subject, at).map((applied) =>
        judge(applied, { demand, least }),
      );
      return ok({
        provider: body.provider,
        model: body.model,
        priced: sheet !== undefined,
        match: sheet?.match ?? null,
        price_version: book.version,
        input_tokens: counts.input,
        input_tokens_from: counts.from,
        tokenizer_factor: counts.factor,
        expected_output_tokens: counts.expectedOutput,
        max_output_tokens: counts.ceiling,
        ...costs(context, { body, sheet, counts, demand }),
        ...verdict(budgets, counts.ceiling),
        passing_max_output_tokens: passing(budgets, demand),
        budgets: budgets.map(({ json }) => json),
      });
    },
  }),
];

async function countAll(
  context: ApiContext,
  body: EstimateInput,
  sheet: PriceSheet | undefined,
): Promise<Counts> {
  const ceiling = body.max_output_tokens ?? sheet?.maxOutputTokens;
  if (ceiling === undefined) {
    throw new PurserError(
      "invalid_request",
      "max_output_tokens is missing, and the model's own ceiling is not known",
      {
        field: "max_output_tokens",
        remedy: "Give max_output_tokens.",
      },
    );
  }
  const expectedOutput = Math.min(body.expected_output_tokens ?? Math.ceil(ceiling / 2), ceiling);
  if ((body.input_tokens === undefined) === (body.text === undefined)) {
    throw new PurserError("invalid_request", "give either input_tokens or text", {
      field: "input_tokens",
      remedy: "Give one of input_tokens and text.",
    });
  }
  return { ...(await countInput(context, body)), ceiling, expectedOutput };
}

async function countInput(
  context: ApiContext,
  { provider, model, input_tokens: stated, text = "" }: EstimateInput,
): Promise<Pick<Counts, "input" | "least" | "from" | "factor">> {
  if (stated !== undefined) return { input: stated, least: stated, from: "request", factor: null };
  const tokenizer = tokenizerOf({ family: context.tokenizerFamily(provider), model });
  const { least, expected } = await context.counter.countText(
    Buffer.from(JSON.stringify(text).slice(1, -1)),
    tokenizer,
  );
  return {
    input: Math.ceil(expected),
    least: Math.ceil(least),
    from: "text",
    factor: tokenizer.expectedPercent / 100,
  };
}

function sizingOf(body: EstimateInput, { input, ceiling }: Counts): Sizing {
  const { cache_write: cacheWrite, service_tier: serviceTier } = body;
  return {
    kind: "estimate",
    inputTokens: input,
    maxOutputTokens: ceiling,
    cacheWrite,
    serviceTier,
    webSearches: 0,
  };
}

interface Costing {
  readonly body: EstimateInput;
  readonly sheet: PriceSheet | undefined;
  readonly counts: Counts;
  readonly demand: Demand;
}

/** Without a price nothing is known: null, and never zero. */
function costs({ clock }: ApiContext, { body, sheet, counts, demand }: Costing): object {
  if (!sheet) return { low_usd: null, expected_usd: null, high_usd: null, lines: [] };
  const options = { serviceTier: body.service_tier, at: clock.now() };
  const low = charge(
    sheet,
    { input: counts.least, cached: 0, output: Math.min(1, counts.ceiling) },
    options,
  );
  const expected = charge(
    sheet,
    { input: counts.input, cached: body.cached_tokens, output: counts.expectedOutput },
    options,
  );
  const high = add(demand.fixed.usd, multiply(demand.perOutputToken ?? zero, demand.outputTokens));
  return {
    low_usd: formatUsd(sum(low)),
    expected_usd: formatUsd(sum(expected)),
    high_usd: formatUsd(high),
    lines: expected.map(chargeJson),
  };
}

function charge(
  sheet: PriceSheet,
  {
    input,
    cached,
    output,
  }: { readonly input: number; readonly cached: number; readonly output: number },
  options: { readonly serviceTier: ServiceTier; readonly at: number },
): readonly Charge[] {
  const cacheRead = Math.min(cached, input);
  return sheet.charge(
    { model: sheet.model, usage: { input: input - cacheRead, cache_read: cacheRead, output } },
    options,
  );
}

function sum(lines: readonly Charge[]): PicoUsd {
  return lines.reduce((cost, line) => add(cost, line.cost), zero);
}

/** The fewest output tokens with which the gateway would serve the call rather than refuse it. */
function leastOf(context: ApiContext, body: EstimateInput, { ceiling }: Counts): number {
  if (!body.fit) return ceiling;
  const expected = context.expectedOutput(body, ceiling);
  return usefulOutput({
    ceiling,
    isAsked: body.max_output_tokens !== undefined,
    choices: 1,
    expected,
  });
}

interface Judgement {
  readonly applied: Applied;
  readonly allowed: boolean;
  /** How much output the budget can pay; null when it does not bound it. */
  readonly affordable: number | null;
  readonly json: object;
}

/** A budget allows a call for the least of which it has enough. */
function judge(
  applied: Applied,
  { demand, least }: { readonly demand: Demand; readonly least: number },
): Judgement {
  const { budget, counter } = applied;
  const reason = reasonAgainst(applied, demand, least);
  const needed = amountIn(budget.currency, amountOf(demand, demand.outputTokens));
  const perOutputToken = demand.perOutputToken ?? zero;
  const json = {
    budget_id: budget.budgetId,
    allowed: reason === null,
    reason,
    needed: formatAmount(needed, budget.currency),
    available: formatAmount(available(counter, budget), budget.currency),
    currency: budget.currency,
  };
  return {
    applied,
    allowed: reason === null,
    affordable: affordableOutput([applied], { fixed: demand.fixed, perOutputToken }),
    json,
  };
}

function reasonAgainst(applied: Applied, demand: Demand, outputTokens: number): string | null {
  const isBlocked = demand.perOutputToken === null && blocksUnpriced(applied.budget);
  return isBlocked ? "unpriced" : refuses(applied, amountOf(demand, outputTokens));
}

/** What is refused for the length of its answer passes with one that is paid for: a caller who asks for no more has all of it. */
function passing(budgets: readonly Judgement[], demand: Demand): number | null {
  if (budgets.every(({ allowed }) => allowed)) return null;
  const most = Math.min(
    demand.outputTokens,
    ...budgets.map(({ affordable }) => affordable ?? demand.outputTokens),
  );
  return most >= 1 && budgets.every(({ applied }) => reasonAgainst(applied, demand, most) === null)
    ? most
    : null;
}

function amountOf(demand: Demand, outputTokens: number): Quantities {
  return {
    usd: add(demand.fixed.usd, multiply(demand.perOutputToken ?? zero, outputTokens)),
    tokens: demand.fixed.tokens + BigInt(outputTokens),
    requests: 1n,
  };
}

function verdict(budgets: readonly Judgement[], ceiling: number): object {
  const allowed = budgets.every((budget) => budget.allowed);
  const affordable = Math.min(ceiling, ...budgets.map((budget) => budget.affordable ?? ceiling));
  return { allowed, fitted_max_output_tokens: allowed && affordable < ceiling ? affordable : null };
}
