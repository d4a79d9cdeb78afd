/** One call, from its key to its charge: the story that the rest of this folder tells in parts. */

import { PurserError } from "../../domain/error.ts";
import { mayCall } from "../../domain/key/key.ts";
import type { Refusal } from "../../domain/ledger/command.ts";
import { anonymousOwner, operationOf } from "../../domain/ledger/operation.ts";
import type { ReadRequest, RequestEdits, UsageMeter } from "../../wire/wire.ts";
import { tokenizerOf } from "../../domain/estimate/tokenizer.ts";
import { checkReferences, rememberMade } from "./belongings.ts";
import { checkModel } from "./own-models.ts";
import { habitsOf } from "../caller/client.ts";
import { estimate } from "../hold/estimate.ts";
import { Exchange, type ExchangeContext } from "./exchange.ts";
import type { Forwarded } from "./forwarded.ts";
import { release } from "../settle/settle.ts";
import { InputCount } from "../hold/input-count.ts";
import { upstreamHeaders, withoutKey } from "../header/request-headers.ts";
import { hold, type Held as HeldOrNot, type HoldRequest } from "../hold/hold.ts";
import type { Caller, Headers, Identification } from "../caller/identify.ts";
import type { InFlight } from "../caller/in-flight.ts";
import type { CallLimits } from "../port/limits.ts";
import { makeOperationId } from "../caller/operation-id.ts";
import { withOtherModels } from "../hold/other-models.ts";
import type { Belongings } from "../port/belongings.ts";
import type { Ledger } from "../port/ledger.ts";
import type { AskedFor } from "../hold/refusal.ts";
import type { Reply } from "../port/reply.ts";
import type { Router } from "../route/router.ts";
import type { Route, Target } from "../route/target.ts";
import type { Scouts } from "../hold/scouts.ts";
import { Slices } from "../hold/slices.ts";
import type { TokenCounter } from "../port/token-counter.ts";
import type { Upstream } from "../port/upstream.ts";

export interface CallContext extends ExchangeContext {
  readonly ledger: Ledger;
  readonly identification: Identification;
  readonly router: Router;
  readonly limits: CallLimits;
  readonly upstream: Upstream;
  readonly inFlight: InFlight;
  readonly scouts: Scouts;
  readonly counter: TokenCounter;
  readonly belongings: Belongings;
}

/** A call whose caller is known, whose path was understood and whose body has arrived. */
export interface IncomingCall {
  readonly caller: Caller;
  readonly target: Target;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** A call that a budget said no to. */
export interface RefusedCall {
  readonly refusal: Refusal;
  readonly askedFor: AskedFor;
}

/** A call that was read and may be made; nothing is held yet. */
interface ReadCall extends IncomingCall {
  readonly at: number;
  readonly route: Route;
  readonly request: ReadRequest;
  readonly input: InputCount;
}

/**
 * Serves a call whose usage is metered.
 *
 * @returns The refused call, if a budget said no: nothing was forwarded then. Otherwise the reply has been written.
 * @throws PurserError for a bad request, a key that may not, or a ledger that cannot be written: nothing was forwarded.
 */
export async function serveCall(
  context: CallContext,
  incoming: IncomingCall,
  reply: Reply,
): Promise<RefusedCall | null> {
  const call = readCall(context, incoming);
  const request = holdRequest(context, call);
  const held = await hold(context, request);
  if (!held.admitted) return { refusal: held.refusal, askedFor: request.route };
  try {
    checkLive(context, incoming.caller);
    if (reply.gone) await release(context, held.answer, "the caller left before the call was made");
    else {
      const exchange = forward(context, { call, held }, reply);
      const place = context.inFlight.add(exchange, incoming.caller.key);
      await exchange.ended;
      context.inFlight.remove(place);
    }
  } catch (error) {
    // Whatever failed did so before anything was sent: once it is on its way, the exchange ends the hold.
    await release(context, held.answer, "the call could not be made");
    throw error;
  } finally {
    held.ended();
  }
  return null;
}

/** A key may be revoked while its call sends a body or waits for room. @throws PurserError `unauthenticated`. */
export function checkLive(
  { identification }: Pick<CallContext, "identification">,
  { key }: Caller,
): void {
  if (key) identification.checkLive(key);
}

function readCall(context: CallContext, incoming: IncomingCall): ReadCall {
  const { caller, target, headers, body, method } = incoming;
  const request = target.wire.read(target.endpoint, body);
  const at = context.clock.now();
  const route = context.router.route(target, request.facts.model, {
    prices: context.prices(),
    at,
  });
  checkAllowed(caller, route);
  const custody = {
    belongings: context.belongings,
    caller,
    provider: route.provider,
    wire: route.wire,
  };
  checkModel(custody, route.model);
  for (const { model } of request.facts.otherModels ?? []) {
    checkOther(caller, { route, model });
    if (model !== null) checkModel(custody, model);
  }
  checkReferences(custody, request.stored.uses);
  const input = new InputCount(context.counter, {
    body,
    tokenizer: tokenizerOf({ family: route.provider.tokenizer, model: route.model }),
  });
  return { at, caller, target, method, headers, body, route, request, input };
}

/** @param other.model Null where the provider chooses it. */
function checkOther(
  caller: Caller,
  { route, model }: { readonly route: Route; readonly model: string | null },
): void {
  if (model !== null) return checkAllowed(caller, { ...route, model });
  if (!caller.key?.models) return;
  throw new PurserError(
    "forbidden",
    `model: the key "${caller.key.name}" may call some models only, and the provider would choose one`,
    {
      field: "model",
      remedy: `Name the models that may answer: ${caller.key.models.join(", ")}.`,
    },
  );
}

/** @throws PurserError `forbidden` when the key may not have this provider or model. */
export function checkAllowed(
  { key }: Caller,
  { provider, model }: Pick<Route, "provider" | "model">,
): void {
  if (!key) return;
  if (key.role === "reader") {
    throw new PurserError("forbidden", `the key "${key.name}" reads figures and makes no calls`, {
      remedy: "Use a key with the role `caller`.",
    });
  }
  if (mayCall(key, { provider: provider.name, model })) return;
  const allowed = [...(key.providers ?? []), ...(key.models ?? [])].join(", ");
  throw new PurserError(
    "forbidden",
    `model: the key "${key.name}" may not call ${provider.name}/${model}`,
    {
      field: "model",
      remedy: `It may call: ${allowed}.`,
    },
  );
}

function holdRequest(
  context: CallContext,
  { at, caller, headers, route, request, input }: ReadCall,
): HoldRequest {
  const asked = operationIdOf(headers);
  const fit = fitWanted(headers);
  const { facts } = request;
  const { provider, model } = route;
  return {
    at,
    operationId:
      asked === null
        ? makeOperationId(at)
        : operationOf(asked, caller.key?.keyId ?? anonymousOwner),
    repeat: asked === null ? "new" : "next",
    attribution: caller.attribution,
    route: context.router.callRoute(route, caller.key?.keyId ?? null),
    budgets: caller.key?.budgets ?? none,
    estimate: (now, counted) => {
      const prices = context.prices();
      const sheet = prices.sheet({ provider: provider.name, model, at: now });
      const own = estimate(context, { route, facts, sheet, fit }, counted);
      return withOtherModels(prices, {
        route,
        facts,
        estimate: own,
        at: now,
        limits: context.limits,
      });
    },
    count: () => input.count(),
  };
}

const none: readonly string[] = [];

type Held = Extract<HeldOrNot, { admitted: true }>;

/** @returns The exchange under way. */
function forward(
  context: CallContext,
  { call, held }: { readonly call: ReadCall; readonly held: Held },
  reply: Reply,
): Exchange {
  const { route, request, caller, headers, method } = call;
  const { provider, wire, url } = route;
  const ceiling = payableOutput(held);
  const fitted =
    ceiling < held.estimate.ceiling
      ? Math.max(1, Math.floor(ceiling / request.facts.choices))
      : null;
  const exchange = new Exchange(
    context,
    forwarded(context, call, { held, ceiling, fitted }),
    reply,
  );
  const upstreamRequest = {
    method,
    url: withoutKey(url, caller),
    // The body was read as JSON, and must be what the provider reads it as.
    headers: {
      ...upstreamHeaders(headers, { provider, wire, caller, observer: context.observer }),
      "content-type": "application/json",
    },
    body: request.edit(editsFor(call, fitted)),
  };
  const custody = { belongings: context.belongings, caller, provider };
  const receiver = request.stored.makes
    ? rememberMade(custody, exchange, { wire: route.wire, of: "call", from: null })
    : exchange;
  exchange.attach(context.upstream.forward(upstreamRequest, receiver));
  return exchange;
}

/** Tokens of the output: what the budgets can pay, over all choices; what one choice was cut to, null when it was not. */
interface Fit {
  readonly held: Held;
  readonly ceiling: number;
  readonly fitted: number | null;
}

function forwarded(
  context: CallContext,
  call: ReadCall,
  { held, ceiling, fitted }: Fit,
): Forwarded {
  const { answer, estimate } = held;
  const { facts } = call.request;
  if (isNearLimit(answer)) context.counter.warm();
  const { route, input } = call;
  const meter = route.wire.meter(route.endpoint, { stream: facts.stream, facts });
  return {
    call: answer.call,
    route,
    facts,
    estimate,
    heldAt: context.clock.now(),
    startedAt: context.clock.monotonic(),
    held: answer.amount,
    ceiling: {
      asked: estimate.ceiling,
      fitted: fitted === null ? estimate.ceiling : fitted * facts.choices,
    },
    fitted,
    fallback: answer.fallback,
    meter,
    slices: slicesFor(context, { call, held, ceiling, meter }),
    input,
    withConfiguredKey: route.provider.apiKey !== null && !call.caller.bringsProviderKey,
    showsOnlyReason: habitsOf(call.headers).showsOnlyReason,
  };
}

/** The output that the budgets can pay: the hold where all is held, what they have left where slices will follow. */
function payableOutput({ answer, estimate: { ceiling, firstSlice } }: Held): number {
  if (firstSlice === ceiling) return Math.min(ceiling, answer.outputTokens);
  return answer.affordableOutputTokens === null
    ? ceiling
    : Math.min(ceiling, answer.affordableOutputTokens);
}

/** Whether calls like this one may soon have to be counted. */
function isNearLimit({ tightest, amount }: Held["answer"]): boolean {
  return tightest !== null && tightest.available < amount.usd * 32n;
}

/** @returns Null for an answer that comes as one body. */
function slicesFor(
  { ledger, clock, limits, counter, observer }: CallContext,
  {
    call: { input },
    held,
    ceiling,
    meter,
  }: {
    readonly call: ReadCall;
    readonly held: Held;
    readonly ceiling: number;
    readonly meter: UsageMeter;
  },
): Slices | null {
  const { output } = meter;
  if (!output) return null;
  const { call, outputTokens: heldOutput } = held.answer;
  const { tokenizer } = input;
  const sliceTokens = limits.streamSliceTokens;
  return new Slices({
    ledger,
    clock,
    call,
    estimate: held.estimate,
    heldOutput,
    ceiling,
    sliceTokens,
    meter,
    output,
    counter,
    tokenizer,
    observer,
  });
}

function editsFor({ route, request: { facts } }: ReadCall, fitted: number | null): RequestEdits {
  const isRenamed = facts.model !== route.model && route.endpoint.model === undefined;
  const needsUsage = facts.stream && !facts.usageAsked && route.endpoint.name === "chat";
  if (!isRenamed && !needsUsage && fitted === null) return noEdits;
  return {
    ...(isRenamed && { model: route.model }),
    ...(fitted !== null && { maxOutputTokens: fitted }),
    ...(needsUsage && { includeUsage: true }),
  };
}

const noEdits: RequestEdits = {};

/** @throws PurserError `invalid_request` for an id that could not stand in a header or a log. */
function operationIdOf(headers: Headers): string | null {
  const value = headers["x-purser-operation-id"];
  if (value === undefined) return null;
  if (typeof value === "string" && /^[\x21-\x7e]{1,128}$/.test(value)) return value;
  throw new PurserError(
    "invalid_request",
    "x-purser-operation-id: must be 1 to 128 printable characters without spaces",
    {
      field: "x-purser-operation-id",
      remedy: "Send one id for each operation, such as a UUID.",
    },
  );
}

/** @throws PurserError `invalid_request` for anything but on and off. */
function fitWanted(headers: Headers): boolean {
  const value = headers["x-purser-fit"];
  if (value === undefined || value === "on") return true;
  if (value === "off") return false;
  throw new PurserError(
    "invalid_request",
    `x-purser-fit: "${String(value)}" is neither "on" nor "off"`,
    {
      field: "x-purser-fit",
      remedy:
        "Leave it out to let max_tokens be fitted to the budget, or send `off` to be refused instead.",
    },
  );
}
