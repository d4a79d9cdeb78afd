/** Handles one call, from its request to its row in the books. */

import type { ServerResponse } from "node:http";
import { PurserError } from "../domain/error.ts";
import { noCounts, type Books } from "./books.ts";
import type { Counts, Plan, Route } from "./call.ts";
import { readDirective } from "./ask/directive.ts";
import { failureBody } from "./answer/failure.ts";
import { faultOf, type Fault, type FaultDice } from "./play/faults.ts";
import { isObject, type JsonObject } from "./ask/json.ts";
import { Line } from "./play/line.ts";
import type { SimulatorSettings } from "./options.ts";
import { saidWords } from "./answer/content.ts";
import { plan as planCall } from "./answer/plan.ts";
import { speakerOf } from "./answer/token-text.ts";
import type { Compression } from "./play/compress.ts";
import { playStream, playWhole, type Outcome, type Playing } from "./play/play.ts";
import type { PromptCache } from "./answer/prompt-cache.ts";

/** The state that all calls of one simulator share. */
export interface Provider {
  readonly settings: SimulatorSettings;
  readonly books: Books;
  readonly cache: PromptCache;
  dice: FaultDice;
  /** The number of the last call. */
  number: number;
}

export interface Exchange {
  readonly provider: Provider;
  readonly route: Route;
  readonly response: ServerResponse;
  /** Null for an uncompressed answer. */
  readonly compression: Compression | null;
}

/** Answers a call whose body has arrived. Rejects only for a bug. */
export async function exchange(call: Exchange, body: Buffer): Promise<void> {
  const number = ++call.provider.number;
  let asked: JsonObject = {};
  try {
    asked = parse(body);
    const ask = call.route.format.read(asked, call.route);
    const directive = readDirective(ask.lastText, asked["sim"]);
    const faults = call.route.format.billed ? (directive.fault ?? call.provider.dice.throw()) : [];
    const refusal = faultOf(faults, "status");
    if (refusal)
      return refuse(call, {
        number,
        model: ask.model,
        tag: directive.tag ?? ask.tag,
        fault: refusal,
      });
    const { settings, cache } = call.provider;
    const speak = directive.text === undefined ? saidWords : await speakerOf(directive.text);
    const plan = planCall({
      number,
      ask,
      route: call.route,
      directive,
      speak,
      faults,
      settings,
      cache,
    });
    await answer(call, plan);
  } catch (error) {
    if (!(error instanceof PurserError) || error.code !== "invalid_request") throw error;
    rejectRequest(call, { number, error, asked });
  }
}

/** @throws PurserError `invalid_request` if the body is not a JSON object. */
function parse(body: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (cause) {
    throw new PurserError("invalid_request", "the body is not JSON", {
      remedy: "Send a JSON object.",
      cause,
    });
  }
  if (isObject(value)) return value;
  throw new PurserError("invalid_request", "the body is not a JSON object", {
    remedy: "Send a JSON object.",
  });
}

function requestIdHeaders(route: Route, number: number): readonly string[] {
  if (route.provider === "anthropic") return ["request-id", `req_sim_${number}`];
  const generation =
    route.provider === "openrouter" ? ["x-generation-id", `gen-sim-${number}`] : [];
  return ["x-request-id", `req_sim_${number}`, ...generation];
}

async function answer(call: Exchange, plan: Plan): Promise<void> {
  const { route, response } = call;
  // On truncated input, a decoder drops its pending output: a fault would hide what came before it.
  const compression = plan.faults.length > 0 ? null : call.compression;
  const encoding = compression
    ? ["content-encoding", compression.name, "vary", "accept-encoding"]
    : [];
  const headers = [...requestIdHeaders(route, plan.number), ...encoding];
  const { format } = route;
  if (plan.ask.stream && format.stream) {
    const type =
      route.provider === "gemini" && !route.query.includes("alt=sse")
        ? "application/json"
        : "text/event-stream; charset=utf-8";
    const line = new Line(call.response, compression);
    const playing = playingOf(call, plan, {
      line,
      headers: ["content-type", type, "cache-control", "no-cache", ...headers],
    });
    const outcome = await playStream(playing, format.stream(plan, route));
    book(call, { plan, counts: billedCounts(plan, outcome), outcome });
    return;
  }

  const plain = Buffer.from(format.answer(plan));
  const body = compression?.whole(plain) ?? plain;
  const whole = { output: plan.counts.output, reasoning: plan.counts.reasoning };
  const playing = playingOf(call, plan, {
    line: new Line(response),
    headers: ["content-type", "application/json", ...headers],
  });
  if (plan.faults.length > 0 || playing.pace.latencyMs + playing.pace.ttftMs > 0) {
    const outcome = { ...whole, ...(await playWhole(playing, body)) };
    book(call, { plan, counts: billedCounts(plan, outcome), outcome });
    return;
  }
  book(call, { plan, counts: plan.counts, outcome: { ...whole, finished: true, answered: true } });
  response.writeHead(200, [...playing.headers, "content-length", String(body.length)]);
  response.end(body);
}

function playingOf(
  { provider }: Exchange,
  plan: Plan,
  { line, headers }: Pick<Playing, "line" | "headers">,
): Playing {
  const { directive, faults } = plan;
  const { settings } = provider;
  const pace = {
    latencyMs: directive.latency_ms ?? settings.latencyMs,
    ttftMs: directive.ttft_ms ?? settings.ttftMs,
    gapMs: directive.gap_ms ?? settings.gapMs,
  };
  return { line, faults, pace, headers };
}

/**
 * Input is billed once the call is accepted; output is billed as generated, unless `bill` overrides
 * it.
 */
function billedCounts(plan: Plan, { output, reasoning, finished }: Outcome): Counts | null {
  const { bill } = plan.directive;
  if (finished || bill === "full") return plan.counts;
  return bill === "none" ? null : { ...plan.counts, output, reasoning };
}

interface Ended {
  readonly plan: Plan;
  /** Null if nothing is billed. */
  readonly counts: Counts | null;
  readonly outcome: Outcome;
}

function book({ provider, route }: Exchange, { plan, counts, outcome }: Ended): void {
  const { format } = route;
  if (!format.billed) return;
  provider.books.append({
    number: plan.number,
    kind: {
      wire: format.wire,
      provider: route.provider,
      endpoint: format.endpoint,
      model: plan.model,
      idPrefix: format.idPrefix(route.provider),
    },
    at: Date.now(),
    status: outcome.answered ? 200 : 0,
    counts: counts ?? noCounts,
    billed: counts !== null,
    finished: outcome.finished,
    cutAt: outcome.finished ? null : outcome.output,
    tag: plan.directive.tag ?? plan.ask.tag,
  });
}

interface Refused {
  readonly number: number;
  readonly model: string;
  readonly tag: string | null;
}

/** Sends a refusal requested by a fault: 429 and the like. */
function refuse(call: Exchange, refused: Refused & { readonly fault: Fault }): void {
  const [status = 500, retryAfter] = refused.fault.numbers;
  bookRefusal(call, refused, status);
  sendFailure(call, {
    status,
    number: refused.number,
    message: `a simulated fault refuses this call with ${status}`,
    field: null,
    headers: retryAfter === undefined ? [] : ["retry-after", String(retryAfter)],
  });
}

/** Rejects a request that the provider would not accept. */
function rejectRequest(
  call: Exchange,
  rejected: { readonly number: number; readonly error: PurserError; readonly asked: JsonObject },
): void {
  const { number, error, asked } = rejected;
  const model = call.route.model ?? (typeof asked["model"] === "string" ? asked["model"] : "");
  if (call.route.format.billed) bookRefusal(call, { number, model, tag: null }, 400);
  const { field, remedy } = error.detail;
  const message = remedy === undefined ? error.message : `${error.message}. ${remedy}`;
  sendFailure(call, { status: 400, number, message, field: field ?? null, headers: [] });
}

function bookRefusal(
  { provider, route }: Exchange,
  { number, model, tag }: Refused,
  status: number,
): void {
  const { format } = route;
  const kind = {
    wire: format.wire,
    provider: route.provider,
    endpoint: format.endpoint,
    model,
    idPrefix: format.idPrefix(route.provider),
  };
  provider.books.append({
    number,
    kind,
    at: Date.now(),
    status,
    counts: noCounts,
    billed: false,
    finished: true,
    cutAt: null,
    tag,
  });
}

interface FailureAnswer {
  readonly status: number;
  readonly number: number;
  readonly message: string;
  readonly field: string | null;
  readonly headers: readonly string[];
}

function sendFailure({ route, response }: Exchange, { headers, ...failure }: FailureAnswer): void {
  const body = failureBody(route.format.wire, failure);
  const all = [
    "content-type",
    "application/json",
    ...requestIdHeaders(route, failure.number),
    ...headers,
  ];
  response.writeHead(failure.status, [...all, "content-length", String(Buffer.byteLength(body))]);
  response.end(body);
}
