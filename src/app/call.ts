/** One call, from its key to its charge: the story that the rest of this folder tells in parts. */

import { PurserError } from "../domain/error.ts";
import { mayCall } from "../domain/key/key.ts";
import type { Refusal } from "../domain/ledger/command.ts";
import type { CallId } from "../domain/ledger/entry.ts";
import type { ReadRequest, RequestEdits, UsageMeter } from "../wire/wire.ts";
import { estimate, type Estimate } from "./estimate.ts";
import { Exchange, type ExchangeContext } from "./exchange.ts";
import { release } from "./finish.ts";
import { upstreamHeaders } from "./forward.ts";
import { hold, type Held as HeldOrNot } from "./hold.ts";
import type { Caller, Headers, Identification } from "./identify.ts";
import type { InFlight } from "./in-flight.ts";
import type { CallLimits } from "./limits.ts";
import { makeOperationId } from "./operation-id.ts";
import type { Ledger } from "./ports.ts";
import type { Providers } from "./provider.ts";
import type { Reply } from "./reply.ts";
import { chooseRoute, type Route, type Target } from "./route.ts";
import type { Scouts } from "./scouts.ts";
import { Slices } from "./slices.ts";
import type { Upstream } from "./upstream.ts";

export interface CallContext extends ExchangeContext {
  readonly ledger: Ledger;
  readonly identification: Identification;
  readonly providers: Providers;
  readonly limits: CallLimits;
  readonly upstream: Upstream;
  readonly inFlight: InFlight;
  readonly scouts: Scouts;
}

/** A call whose caller is known, whose path was understood and whose body has arrived. */
export interface IncomingCall {
  readonly caller: Caller;
  readonly target: Target;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** A call that was read and may be made; nothing is held yet. */
interface ReadCall {
  readonly caller: Caller;
  readonly route: Route;
  readonly request: ReadRequest;
  readonly headers: Headers;
  readonly method: string;
}

/**
 * Serves a call whose usage is metered.
 *
 * @returns The refusal, if a budget said no: nothing was forwarded then. Otherwise the reply has been written.
 * @throws PurserError for a bad request, a key that may not, or a ledger that cannot be written: nothing was forwarded.
 */
export async function serveCall(context: CallContext, incoming: IncomingCall, reply: Reply): Promise<Refusal | null> {
  const call = readCall(context, incoming);
  const held = await holdFor(context, call);
  if (!held.admitted) return held.refusal;
  try {
    if (reply.gone) await release(context, held.answer, "the caller left before the call was made");
    else await forward(context, { ...call, ...held, heldAt: context.clock.now() }, reply);
  } catch (error) {
    // Whatever failed did so before anything was sent: once it is on its way, the exchange ends the hold.
    await release(context, held.answer, "the call could not be made");
    throw error;
  } finally {
    held.ended();
  }
  return null;
}

function readCall(context: CallContext, { caller, target, headers, body, method }: IncomingCall): ReadCall {
  const request = target.wire.read(target.endpoint, body);
  const at = context.clock.now();
  const route = chooseRoute({ providers: context.providers, prices: context.prices(), at }, target, request.facts.model);
  checkAllowed(caller, route);
  return { caller, route, request, headers, method };
}

/** @throws PurserError `forbidden` when the key may not have this provider or model. */
export function checkAllowed({ key }: Caller, { provider, model }: Pick<Route, "provider" | "model">): void {
  if (!key) return;
  if (key.role === "reader") {
    throw new PurserError("forbidden", `the key "${key.name}" reads figures and makes no calls`, {
      remedy: "Use a key with the role `caller`.",
    });
  }
  if (mayCall(key, { provider: provider.name, model })) return;
  const allowed = [...(key.providers ?? []), ...(key.models ?? [])].join(", ");
  throw new PurserError("forbidden", `model: the key "${key.name}" may not call ${provider.name}/${model}`, {
    field: "model",
    remedy: `It may call: ${allowed}.`,
  });
}

function estimator(context: CallContext, { route, request, headers }: ReadCall): () => Estimate {
  const fit = fitWanted(headers);
  return () => {
    const sheet = context.prices().sheet({ provider: route.provider.priceProvider, model: route.model, at: context.clock.now() });
    return estimate(context, { route, facts: request.facts, sheet, fit });
  };
}

function holdFor(context: CallContext, call: ReadCall): Promise<HeldOrNot> {
  const { caller, route, headers } = call;
  const asked = operationIdOf(headers);
  return hold(
    { ...context, holdWaitMs: context.limits.holdWaitMs },
    {
      operationId: asked ?? makeOperationId(context.clock.now()),
      repeat: asked === null ? "new" : "next",
      attribution: caller.attribution,
      route: { provider: route.provider.name, model: route.model, endpoint: route.endpoint.name, keyId: caller.key?.keyId ?? null },
      budgets: caller.key?.budgets ?? [],
      estimate: estimator(context, call),
      fingerprint: null,
    },
  );
}

type Held = Pick<Extract<HeldOrNot, { admitted: true }>, "answer" | "estimate"> & { readonly heldAt: number };

async function forward(context: CallContext, held: ReadCall & Held, reply: Reply): Promise<void> {
  const { route, request, caller, headers, method } = held;
  const { facts } = request;
  const ceiling = payableOutput(held);
  const fitted = ceiling < held.estimate.ceiling ? Math.max(1, Math.floor(ceiling / facts.choices)) : null;
  const meter = (stream: boolean): UsageMeter => route.wire.meter(route.endpoint, { stream, facts });
  const exchange = new Exchange(
    context,
    {
      estimate: held.estimate,
      heldAt: held.heldAt,
      call: held.answer.call,
      route,
      facts,
      ceiling: { asked: held.estimate.ceiling, fitted: fitted === null ? held.estimate.ceiling : fitted * facts.choices },
      held: () => context.ledger.holdOf(held.answer.call.operationId)?.amount ?? held.answer.amount,
      fallback: held.answer.fallback,
      flags: [],
      meter: meter(facts.stream),
      wholeMeter: () => meter(false),
      slices: slicesFor(context, held, { stream: facts.stream, ceiling }),
      ownHeaders: ownHeaders(held.answer.call, route, fitted),
    },
    reply,
  );
  const upstreamRequest = {
    method,
    url: route.url,
    headers: upstreamHeaders(headers, { provider: route.provider, wireName: route.wireName, bringsProviderKey: caller.bringsProviderKey }),
    body: request.edit(editsFor(held, fitted)),
  };
  const upstream = context.upstream.forward(upstreamRequest, exchange);
  const over = context.inFlight.add(exchange);
  exchange.attach(upstream);
  await exchange.ended;
  over();
}

/** The output that the budgets can pay: the hold where all is held, what they have left where slices will follow. */
function payableOutput({ answer, estimate: { ceiling, firstSlice } }: Held): number {
  if (firstSlice === ceiling) return Math.min(ceiling, answer.outputTokens);
  return answer.affordableOutputTokens === null ? ceiling : Math.min(ceiling, answer.affordableOutputTokens);
}

function slicesFor(
  context: CallContext,
  held: Held,
  { stream, ceiling }: { readonly stream: boolean; readonly ceiling: number },
): Slices | null {
  if (!stream) return null;
  return new Slices({
    ledger: context.ledger,
    clock: context.clock,
    call: held.answer.call,
    estimate: held.estimate,
    heldOutput: held.answer.outputTokens,
    ceiling,
    sliceTokens: context.limits.streamSliceTokens,
  });
}

function editsFor({ route, request }: ReadCall, fitted: number | null): RequestEdits {
  const { facts } = request;
  return {
    ...(facts.model === route.model || route.endpoint.model !== undefined ? {} : { model: route.model }),
    ...(fitted === null ? {} : { maxOutputTokens: fitted }),
    ...(facts.stream && !facts.usageAsked && route.endpoint.name === "chat" ? { includeUsage: true } : {}),
  };
}

function ownHeaders({ operationId }: CallId, { provider, model }: Route, fitted: number | null): Record<string, string> {
  const headers: Record<string, string> = {
    "x-purser-operation-id": operationId,
    "x-purser-model": headerText(`${provider.name}/${model}`),
  };
  if (fitted !== null) headers["x-purser-max-tokens"] = String(fitted);
  return headers;
}

/** A model's name is whatever the caller wrote: what a header cannot carry is percent-encoded, as UTF-8. */
function headerText(text: string): string {
  return text.toWellFormed().replaceAll(/[^\x20-\x7e]+/g, encodeURIComponent);
}

/** @throws PurserError `invalid_request` for an id that could not stand in a header or a log. */
function operationIdOf(headers: Headers): string | null {
  const value = headers["x-purser-operation-id"];
  if (value === undefined) return null;
  if (typeof value === "string" && /^[\x21-\x7e]{1,128}$/.test(value)) return value;
  throw new PurserError("invalid_request", "x-purser-operation-id: must be 1 to 128 printable characters without spaces", {
    field: "x-purser-operation-id",
    remedy: "Send one id for each operation, such as a UUID.",
  });
}

/** @throws PurserError `invalid_request` for anything but on and off. */
function fitWanted(headers: Headers): boolean {
  const value = headers["x-purser-fit"];
  if (value === undefined || value === "on") return true;
  if (value === "off") return false;
  throw new PurserError("invalid_request", `x-purser-fit: "${String(value)}" is neither "on" nor "off"`, {
    field: "x-purser-fit",
    remedy: "Leave it out to let max_tokens be fitted to the budget, or send `off` to be refused instead.",
  });
}
