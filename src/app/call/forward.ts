/** Forwards a held call to its provider, with the edits that its body needs. */

import type { RequestEdits, UsageMeter } from "../../wire/wire.ts";
import { habitsOf } from "../caller/client.ts";
import { upstreamHeaders, withoutKey } from "../header/request-headers.ts";
import type { AdmittedHold } from "../hold/hold.ts";
import type { InputCount } from "../hold/input-count.ts";
import { Slices } from "../hold/slices.ts";
import type { Reply } from "../port/reply.ts";
import type { UpstreamRequest } from "../port/upstream.ts";
import { rememberMade } from "./belongings.ts";
import { titleOf } from "../route/route.ts";
import type { CallContext } from "./call-context.ts";
import { Exchange } from "./exchange.ts";
import type { ForwardedCall } from "./forwarded-call.ts";
import type { RoutedCall } from "./route-call.ts";

export interface CallToForward {
  readonly call: RoutedCall;
  readonly held: AdmittedHold;
  readonly input: InputCount;
}

/** @returns The exchange under way; it ends the hold. */
export function forward(context: CallContext, toForward: CallToForward, reply: Reply): Exchange {
  const { call } = toForward;
  const forwarded = forwardedCall(context, toForward);
  const exchange = new Exchange(context, forwarded, reply);
  const request = upstreamRequest(context, call, forwarded.reducedMaxTokens);
  const { belongings, upstream } = context;
  const { caller, route } = call;
  const custody = { belongings, caller, provider: route.provider };
  const receiver = call.request.stored.makes
    ? rememberMade(custody, exchange, { wire: route.wire, of: "call", from: null })
    : exchange;
  exchange.attach(upstream.forward(request, receiver));
  return exchange;
}

function upstreamRequest(
  { observer }: CallContext,
  call: RoutedCall,
  reducedMaxTokens: number | null,
): UpstreamRequest {
  const { route, request, caller, headers, method } = call;
  const { provider, wire, url } = route;
  const forwarded = upstreamHeaders(headers, { provider, wire, caller, observer });
  // The provider must read the body as what it was read as here.
  forwarded["content-type"] = request.contentType ?? "application/json";
  return {
    method,
    url: withoutKey(url, caller),
    headers: forwarded,
    body: request.edit(editsFor(call, reducedMaxTokens)),
  };
}

function editsFor(
  { route, request: { facts } }: RoutedCall,
  reducedMaxTokens: number | null,
): RequestEdits {
  const isRenamed = facts.model !== route.model && route.endpoint.model === undefined;
  const needsUsage = facts.stream && !facts.usageAsked && route.endpoint.name === "chat";
  if (!isRenamed && !needsUsage && reducedMaxTokens === null) return noEdits;
  return {
    ...(isRenamed && { model: route.model }),
    ...(reducedMaxTokens !== null && { maxOutputTokens: reducedMaxTokens }),
    ...(needsUsage && { includeUsage: true }),
  };
}

const noEdits: RequestEdits = {};

function forwardedCall(context: CallContext, toForward: CallToForward): ForwardedCall {
  const { call, held, input } = toForward;
  const { answer, estimate } = held;
  const { route, replaced, caller, headers, prices } = call;
  const { facts } = call.request;
  const payable = payableOutput(held);
  const reducedMaxTokens =
    payable < estimate.ceiling ? Math.max(1, Math.floor(payable / facts.choices)) : null;
  if (isNearLimit(answer)) context.counter.warm();
  const meter = route.wire.meter(route.endpoint, { stream: facts.stream, facts });
  return {
    call: answer.call,
    route,
    askedTitle: replaced ? titleOf(route.provider, replaced.model) : null,
    facts,
    estimate,
    heldAt: held.at,
    prices,
    startedAt: context.clock.monotonic(),
    held: answer.amount,
    ceiling: {
      asked: estimate.ceiling,
      sent: reducedMaxTokens === null ? estimate.ceiling : reducedMaxTokens * facts.choices,
    },
    reducedMaxTokens,
    fallback: answer.fallback,
    meter,
    slices: slicesFor(context, toForward, { payable, meter }),
    input,
    withConfiguredKey: route.provider.apiKey !== null && !caller.bringsProviderKey,
    showsOnlyReason: habitsOf(headers).showsOnlyReason,
  };
}

/**
 * Output tokens, over all choices, that the budgets can pay: what is held if all of it is held, or
 * what the budgets have left if slices follow.
 */
function payableOutput({ answer, estimate: { ceiling, firstSlice } }: AdmittedHold): number {
  if (firstSlice === ceiling) return Math.min(ceiling, answer.outputTokens);
  return answer.affordableOutputTokens === null
    ? ceiling
    : Math.min(ceiling, answer.affordableOutputTokens);
}

/** Whether calls like this one may soon have to be counted. */
function isNearLimit({ tightest, amount }: AdmittedHold["answer"]): boolean {
  return tightest !== null && tightest.available < amount.usd * 32n;
}

/** @returns Null for an answer in a single body. */
function slicesFor(
  { ledger, clock, limits, counter, observer }: CallContext,
  { held, input }: CallToForward,
  { payable, meter }: { readonly payable: number; readonly meter: UsageMeter },
): Slices | null {
  const { output } = meter;
  if (!output) return null;
  return new Slices({
    ledger,
    clock,
    call: held.answer.call,
    rates: held.estimate.rates ?? held.answer.fallback,
    inputTokens: held.estimate.inputTokens,
    heldOutput: held.answer.outputTokens,
    ceiling: payable,
    sliceTokens: limits.streamSliceTokens,
    meter,
    output,
    counter,
    tokenizer: input.tokenizer,
    observer,
  });
}
