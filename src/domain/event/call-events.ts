/** Events about calls: what they cost, and why one was refused. */

import { assert } from "../assert.ts";
import type { Attribution } from "../attribution/attribution.ts";
import { formatAmount } from "../budget/amount.ts";
import type { Budget } from "../budget/budget.ts";
import { formatInstant } from "../input/scalar.ts";
import type {
  CallId,
  CallRoute,
  CorrectionEntry,
  ExpireEntry,
  Outcome,
  RefusalEntry,
  SettleEntry,
} from "../ledger/entry.ts";
import { idOfOperation } from "../ledger/operation.ts";
import { formatUsd, toNumber } from "../money/money.ts";
import { countContext, countOutput, countTokens, totalUsage } from "../usage/usage.ts";
import type { HeldCall } from "./context.ts";
import type { Happening } from "./event.ts";
import { costBySide } from "../price/cost-by-side.ts";

/** A settled call: its cost, and what is odd about it. */
export function charged(entry: SettleEntry, held: HeldCall | undefined): readonly Happening[] {
  const call = heldCall(held);
  const happenings = [happening("cost.recorded", entry, { call, data: costOf(entry, call) })];
  if (entry.status === "unresolved")
    happenings.push(
      happening("hold.unresolved", entry, {
        call,
        data: {
          ...callFields(entry, call),
          cost_usd: formatUsd(entry.cost.usd),
          flags: entry.flags,
        },
      }),
    );
  if (entry.flags.includes("unpriced"))
    happenings.push(priceMissing(entry, { ...call, served: entry.model, refused: false }));
  return happenings;
}

export function corrected(entry: CorrectionEntry, held: HeldCall | undefined): Happening {
  const call = heldCall(held);
  const { difference, reason } = entry;
  const data = { ...costOf(entry, call), difference_usd: formatUsd(difference.usd), reason };
  return happening("cost.corrected", entry, { call, data });
}

/** Its owner did not end it in time: what it held is free again. */
export function callLapsed(entry: ExpireEntry, held: HeldCall | undefined): Happening {
  const call = heldCall(held);
  const data = { ...callFields(entry, call), held_at: formatInstant(call.at) };
  return happening("hold.expired", entry, { call, data });
}

export function callRefused(entry: RefusalEntry, budget: Budget | undefined): readonly Happening[] {
  const { reason, budgetId, needed, route } = entry;
  const currency = budget?.currency ?? "USD";
  const data = {
    ...callFields({ ...entry, attempt: 0 }, entry),
    reason,
    budget_id: budgetId,
    needed: formatAmount(needed, currency),
    currency,
  };
  const refused = happening("call.refused", entry, { call: entry, data, budgetId });
  if (reason !== "unpriced") return [refused];
  const missing = { ...entry, served: route.model, refused: true };
  return [refused, priceMissing({ ...entry, attempt: 0 }, missing)];
}

type Ended = CallId & { readonly at: number };

interface CallOf {
  readonly attribution: Attribution;
  readonly route: CallRoute;
}

interface About {
  readonly call: CallOf;
  readonly data: Happening["data"];
  readonly budgetId?: string | null;
}

function happening(
  type: Happening["type"],
  { operationId, at }: Omit<Ended, "attempt">,
  { call: { attribution, route }, data, budgetId = null }: About,
): Happening {
  const about = { kind: "call", attribution, provider: route.provider, budgetId } as const;
  return { type, at, subject: idOfOperation(operationId), about, data };
}

function priceMissing(
  entry: Ended,
  { served, refused, ...call }: CallOf & { readonly served: string; readonly refused: boolean },
): Happening {
  const data = { ...callFields(entry, call), served_model: served, refused };
  const { provider, model } = call.route;
  return { ...happening("price.missing", entry, { call, data }), subject: `${provider}/${model}` };
}

/** Fields of every event about a call. */
function callFields({ operationId, attempt, at }: Ended, { attribution, route }: CallOf) {
  return {
    operation_id: idOfOperation(operationId),
    attempt,
    provider: route.provider,
    requested_model: route.replaced?.model ?? route.model,
    ...(route.replaced && { replaced_by_rule: route.replaced.ruleId }),
    endpoint: route.endpoint,
    key_id: route.keyId,
    attribution,
    timestamp: formatInstant(at),
  };
}

/** The fields of a usage record and of a cost entry, in one; the floats are for display. */
function costOf(entry: Ended & Outcome, call: HeldCall): Happening["data"] {
  const { agent = null, capability = null } = call.attribution;
  const usage = totalUsage(entry);
  const total = entry.cost.usd;
  const {
    input: prompt,
    output: completion,
    other,
  } = costBySide({ charges: entry.charges, cost: total });
  return {
    ...callFields(entry, call),
    agent_id: agent,
    capability_type: capability,
    model_id: entry.model,
    prompt_tokens: countContext(usage),
    completion_tokens: countOutput(usage),
    total_tokens: countTokens(usage),
    token_usage_id: idOfOperation(entry.operationId),
    prompt_cost: toNumber(prompt),
    completion_cost: toNumber(completion),
    other_cost: toNumber(other),
    total_cost: toNumber(total),
    currency: "USD",
    prompt_cost_usd: formatUsd(prompt),
    completion_cost_usd: formatUsd(completion),
    other_cost_usd: formatUsd(other),
    total_cost_usd: formatUsd(total),
    status: entry.status,
    usage,
    flags: entry.flags,
    latency_ms: entry.latencyMs,
    started_at: formatInstant(call.at),
  };
}

function heldCall(call: HeldCall | undefined): HeldCall {
  assert(call !== undefined, "an entry about an ended call has the call as its context");
  return call;
}
