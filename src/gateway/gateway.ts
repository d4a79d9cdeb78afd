/**
 * The gateway's HTTP entry point: turns a request into a served call, or an error in the provider's
 * format.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { habitsOf } from "../app/caller/client.ts";
import type { CallContext, IncomingCall } from "../app/call/call-context.ts";
import { serveCall, type CallRefusal } from "../app/call/call.ts";
import { similarVisible, visibleModels } from "../app/call/find-route.ts";
import { meteredWherePriced } from "../app/call/metered-where-priced.ts";
import { acceptedEncodings, decodeBody } from "../app/header/content-encoding.ts";
import type { Headers } from "../app/caller/identify.ts";
import { passThrough } from "../app/call/pass-through.ts";
import { announceRefusal } from "../app/hold/announce.ts";
import { describeRefusal, explainRefusal } from "../app/hold/refusal.ts";
import { dialectOf } from "../app/route/dialect.ts";
import { tidyPath } from "../app/route/provider-path.ts";
import type { Target } from "../app/route/target.ts";
import type { Visit } from "../app/caller/visitor.ts";
import { PurserError, type ErrorCode } from "../domain/error.ts";
import { didYouMean } from "../domain/price/similar-models.ts";
import type { Endpoint, WireError } from "../wire/wire.ts";
import { findAddress, splitKey, type Address } from "./address.ts";
import { readBody } from "./body.ts";
import { HttpReply } from "./http-reply.ts";
import { answerModels, readModelsRequest } from "./models.ts";

export interface GatewayContext extends CallContext {
  /** @throws PurserError `forbidden` for a disallowed host name or origin. */
  readonly admit: (visit: Visit) => void;
}

/** @returns false if the gateway does not serve the path. */
export type Gateway = (request: IncomingMessage, response: ServerResponse) => boolean;

export function makeGateway(context: GatewayContext): Gateway {
  const { router } = context;
  return (request, response) => {
    const { method = "GET", url = "/" } = request;
    if (method === "GET" && listModels(context, { request, response, url })) return true;
    const address = findAddress(router, { method, url, headers: request.headers });
    if (!address) return false;
    const reply = new HttpReply(response, context.inFlight);
    serve(context, { request, address }, reply).catch((error: unknown) =>
      answerError(context, address.target, { error, reply, request }),
    );
    return true;
  };
}

interface ListRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: string;
}

/** @returns false for any other path. */
function listModels(context: GatewayContext, { request, response, url }: ListRequest): boolean {
  const { path, queryKey } = splitKey(url);
  const { wires } = context.router;
  const byKey = queryKey === null ? undefined : wires.find(({ keyInQuery }) => keyInQuery);
  const asked = readModelsRequest(
    wires,
    tidyPath(path),
    dialectOf(wires, request.headers) ?? byKey,
  );
  if (!asked) return false;
  try {
    context.admit(visitOf(request));
    const caller = context.identification.identify(request.headers, queryKey);
    const at = context.clock.now();
    answerModels(response, visibleModels(context, caller, asked.wire), {
      ...asked,
      similar: (model) => similarVisible(context, { caller, wire: asked.wire }, { model, at }),
    });
  } catch (error) {
    const target = { wire: asked.wire, endpoint: modelsEndpoint, path, provider: null };
    answerError(context, target, {
      error,
      reply: new HttpReply(response, context.inFlight),
      request,
    });
  }
  return true;
}

const modelsEndpoint: Endpoint = { name: "models", metering: "free" };

function visitOf({ headers: { host, origin } }: IncomingMessage): Visit {
  return { host: host ?? null, origin: origin ?? null };
}

interface Incoming {
  readonly request: IncomingMessage;
  readonly address: Address;
}

async function serve(
  context: GatewayContext,
  { request, address }: Incoming,
  reply: HttpReply,
): Promise<void> {
  const headers: Headers = request.headers;
  const { target, queryKey, method } = address;
  if (isUpgrade(headers)) throw noWebSocket(address);
  context.admit(visitOf(request));
  const caller = context.identification.identify(headers, queryKey);
  if (target.problem) throw target.problem;
  const leave = context.inFlight.enter(caller.key);
  try {
    const { bodyBytes } = context.limits;
    const body = await readBody(request, bodyBytes);
    const sent = { caller, target, method, headers, body };
    const plain = isEncoded(headers) ? await decoded(sent, bodyBytes) : sent;
    const call = meteredWherePriced(context, plain);
    if (call.target.endpoint.metering !== "metered") return await passThrough(context, call, reply);
    const refused = await serveCall(context, call, reply);
    if (refused) answerRefusal(context, call, { refused, reply });
  } finally {
    leave();
  }
}

function isEncoded(headers: Headers): boolean {
  return headers["content-encoding"] !== undefined;
}

/** Decompresses the body of a request, which is then read and forwarded uncompressed. */
async function decoded(call: IncomingCall, limitBytes: number): Promise<IncomingCall> {
  const { "content-encoding": encoding, ...headers } = call.headers;
  return { ...call, headers, body: await decodeBody(call.body, String(encoding), limitBytes) };
}

function isUpgrade({ upgrade }: Headers): boolean {
  return typeof upgrade === "string" && upgrade.toLowerCase().includes("websocket");
}

/**
 * Some clients try a WebSocket first. Only a 426 makes them fall back to HTTP at once: see
 * `app/caller/client.ts`.
 */
function noWebSocket({ url }: Address): PurserError {
  return new PurserError(
    "websocket_unsupported",
    `${splitKey(url).path}: Purser does not support WebSockets`,
    {
      field: "upgrade",
      remedy: "Send the same request as an HTTP POST; an answer streams with `stream: true`.",
    },
  );
}

function answerRefusal(
  context: GatewayContext,
  { target, caller, headers }: IncomingCall,
  { refused, reply }: { readonly refused: CallRefusal; readonly reply: HttpReply },
): void {
  const { refusal, requested } = refused;
  announceRefusal(context, refusal);
  const asked = { model: `${requested.provider}/${requested.model}`, at: context.clock.now() };
  const similar =
    refusal.reason === "unpriced" && !requested.units?.length
      ? similarVisible(context, { caller, wire: target.wire }, asked)
      : [];
  writeError(reply, target, { error: refusalError(refused, similar), headers });
}

/**
 * Statuses after which a retry is pointless. Clients that retry them anyway get a 400 with the same
 * body.
 */
const isFinal: ReadonlySet<number> = new Set([402, 403, 404, 409, 413]);

function answerError(
  context: GatewayContext,
  target: Target,
  {
    error,
    reply,
    request,
  }: { readonly error: unknown; readonly reply: HttpReply; readonly request: IncomingMessage },
): void {
  const known = error instanceof PurserError && error.code !== "bug" ? error : null;
  if (!known) context.observer.failed("a call failed", error);
  if (reply.begun) return reply.abort();
  const failure = errorOf(
    known ?? new PurserError("bug", "an error inside Purser; its log has the details"),
  );
  const answer = (): void =>
    writeError(reply, target, { error: failure, headers: request.headers });
  if (request.complete) return answer();
  request.unpipe().resume();
  // While closing, an answer also ends the connection. Wait for the end of the request, or the
  // answer may be lost.
  if (context.inFlight.isClosing) request.once("end", answer);
  else answer();
}

/** @param headers The request's headers, which identify the client. */
function writeError(
  reply: HttpReply,
  target: Target,
  { error, headers: asked }: { readonly error: WireError; readonly headers: Headers },
): void {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (error.status === 429 || error.code === "budget_held" || error.status === 503)
    headers["retry-after"] = "1";
  if (error.status === 401) headers["www-authenticate"] = 'Bearer realm="purser"';
  if (error.status === 413 || error.status === 426) headers["connection"] = "close";
  if (error.status === 415) headers["accept-encoding"] = acceptedEncodings;
  // The vendors' SDKs retry a 409. By then the first call may have ended, and the retry
  // would be charged.
  if (error.status === 409) headers["x-should-retry"] = "false";
  const isRepeated = isFinal.has(error.status) && habitsOf(asked).retriesPaymentRequired;
  reply.head(isRepeated ? 400 : error.status, headers);
  reply.end(target.wire.error(error));
}

const statuses: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  invalid_configuration: 500,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported_encoding: 415,
  websocket_unsupported: 426,
  too_many: 429,
  unpriced: 402,
  unmetered: 403,
  upstream_unreachable: 502,
  upstream_timeout: 504,
  store_unavailable: 503,
  shutting_down: 503,
  bug: 500,
};

function errorOf(error: PurserError): WireError {
  const { field, remedy } = error.detail;
  return {
    status: statuses[error.code],
    message: remedy ? `${error.message}. ${remedy}` : error.message,
    code: error.code,
    param: field ?? null,
    purser: { reason: error.code, ...(field ? { field } : {}), ...(remedy ? { remedy } : {}) },
  };
}

/** 402, which SDKs do not retry. */
function refusalError({ refusal, requested }: CallRefusal, similar: readonly string[]): WireError {
  const described = describeRefusal(refusal, requested);
  const purser = { ...described, remedy: `${didYouMean(similar)}${described.remedy}` };
  return {
    status: 402,
    message: `${explainRefusal(refusal, requested)}. ${purser.remedy}`,
    code: refusal.reason,
    param: null,
    purser,
  };
}
