/** Unmetered calls: free ones, and those of unknown cost, which are recorded and pass if the configuration allows it. */

import { replyHeaders } from "../header/answer-headers.ts";
import { upstreamHeaders, withoutKey } from "../header/request-headers.ts";
import { PurserError } from "../../domain/error.ts";
import { nothing, type Outcome } from "../../domain/ledger/entry.ts";
import { zero } from "../../domain/money/money.ts";
import { checkPlace, checkReferences, isBound, rememberMade } from "./belongings.ts";
import { ListOfModels } from "./list-of-models.ts";
import { checkModel, type ModelCustody } from "./own-models.ts";
import type { StoredPlace } from "../../wire/wire.ts";
import { checkAllowed, checkLive, type CallContext, type IncomingCall } from "./call.ts";
import type { Caller } from "../caller/identify.ts";
import { tooLong, type Watched } from "../caller/in-flight.ts";
import { makeOperationId } from "../caller/operation-id.ts";
import { announceChange, announceRefusal } from "../hold/announce.ts";
import { explainRefusal } from "../hold/refusal.ts";
import { matchesName } from "../../domain/input/name-pattern.ts";
import type { Reply } from "../port/reply.ts";
import { titleOf } from "../route/route.ts";
import type { Route } from "../route/target.ts";
import { upstreamError } from "./upstream-error.ts";
import type {
  UpstreamExchange,
  UpstreamFailure,
  UpstreamHeaders,
  UpstreamReceiver,
} from "../port/upstream.ts";

/**
 * @throws PurserError `unmetered` where the configuration refuses such endpoints, `forbidden` when the key may not have the provider,
 *   or what is asked for is not its own.
 */
export async function passThrough(
  context: CallContext,
  incoming: IncomingCall,
  reply: Reply,
): Promise<void> {
  const { caller } = incoming;
  checkLive(context, caller);
  const route = routeOf(context, incoming);
  if (caller.key?.role === "reader") checkAllowed(caller, route);
  if (caller.key && !matchesName(caller.key.providers, route.provider.name))
    checkAllowed(caller, route);
  const { provider, wire } = route;
  const { method, target, body } = incoming;
  const custody = { belongings: context.belongings, caller, provider, wire };
  const place = wire.storedPlace(method, target.path);
  checkPlace(custody, place, `${method} ${target.path.split("?", 1)[0] ?? ""}`);
  checkNamed(custody, incoming, { route, isPlace: place !== undefined });
  if (route.endpoint.metering === "unmetered") await record(context, incoming, route);

  const pipe = new Pipe(context, route, reply);
  pipe.attach(
    context.upstream.forward(
      {
        method,
        url: withoutKey(route.url, caller),
        headers: upstreamHeaders(incoming.headers, {
          provider,
          wire,
          caller,
          observer: context.observer,
        }),
        body: body.length > 0 ? body : null,
      },
      receiverOf(custody, { place, route, pipe }),
    ),
  );
  const inFlight = context.inFlight.add(pipe, caller.key);
  await pipe.ended;
  context.inFlight.remove(inFlight);
}

/**
 * What a request names is decided by two rules: whose it is, where the caller reaches its own things only, and the key's list of models,
 * which counts for every provider and account.
 *
 * @throws PurserError `forbidden` for a model that the key may not have, or for what is not its own.
 */
function checkNamed(
  custody: ModelCustody,
  { method, target, headers, body }: IncomingCall,
  { route, isPlace }: { readonly route: Route; readonly isPlace: boolean },
): void {
  const { caller } = custody;
  const list = route.endpoint.metering === "unmetered" ? caller.key?.models : undefined;
  if (!list && !isBound(custody)) return;
  const contentType = headers["content-type"];
  const named = route.wire.named({
    method,
    path: target.path,
    contentType: typeof contentType === "string" ? contentType : undefined,
    body,
  });
  const models = route.model === "" ? named.models : [...named.models, route.model];
  for (const model of models) checkModel(custody, model);
  checkReferences(custody, named.uses);
  if (list) checkListed(caller, { route, models, needsModel: !isPlace });
}

/** @throws PurserError `forbidden` for a model that is not on the key's list, or where one is needed and none is named. */
function checkListed(
  caller: Caller,
  {
    route,
    models,
    needsModel,
  }: { readonly route: Route; readonly models: readonly string[]; readonly needsModel: boolean },
): void {
  for (const model of models) checkAllowed(caller, { ...route, model });
  if (!needsModel || models.length > 0) return;
  throw new PurserError(
    "forbidden",
    `model: the key "${caller.key?.name}" may call some models only, and the request names none`,
    {
      field: "model",
      remedy: `Name one of: ${caller.key?.models?.join(", ")}.`,
    },
  );
}

interface Passing {
  readonly place: StoredPlace | undefined;
  readonly route: Route;
  readonly pipe: Pipe;
}

function receiverOf(custody: ModelCustody, { place, route, pipe }: Passing): UpstreamReceiver {
  if (place)
    return place.made
      ? rememberMade(custody, pipe, { wire: route.wire, of: place.made, from: place.id })
      : pipe;
  const isList = route.endpoint.name === "models" && /\/models\/?(?:\?|$)/.test(route.url);
  return isList && isBound(custody) ? new ListOfModels(pipe, custody) : pipe;
}

/**
 * An unmetered call counts as a request whose cost is not known, before it is made.
 *
 * @throws PurserError `unmetered` where the configuration refuses it, `forbidden` when a budget does.
 */
async function record(context: CallContext, incoming: IncomingCall, route: Route): Promise<void> {
  if (route.provider.unmetered === "refuse") throw unmetered(route, incoming);
  const { caller } = incoming;
  const at = context.clock.now();
  const call = {
    operationId: makeOperationId(at),
    repeat: "new",
    attribution: caller.attribution,
    route: {
      provider: route.provider.name,
      model: route.model,
      endpoint: route.endpoint.name,
      keyId: caller.key?.keyId ?? null,
    },
    budgets: caller.key?.budgets ?? [],
    expiresAt: null,
    fingerprint: null,
    final: true,
  } as const;
  const cost = { ...nothing, requests: 1n };
  const demand = {
    fixed: cost,
    perOutputToken: zero,
    outputTokens: 0,
    leastOutputTokens: 0,
    inputTokens: 0,
  };
  const answer = await context.ledger.commit({ kind: "hold", at, ...call, demand });
  if (!answer.admitted) {
    announceRefusal(context, answer.refusal);
    throw new PurserError("forbidden", explainRefusal(answer.refusal, call.route), {
      field: "budget",
      remedy: "Wait for the window to reset, or raise the amount.",
    });
  }
  const outcome: Outcome = {
    status: "estimated",
    model: route.model,
    usage: { request: 1 },
    charges: [],
    cost,
    reportedCost: null,
    rawUsage: null,
    flags: ["unmetered"],
    latencyMs: 0,
    priceVersion: context.prices().version,
  };
  const settled = await context.ledger.decide({
    kind: "settle",
    at,
    ...answer.call,
    outcome,
    fingerprint: null,
  });
  announceChange(context, settled.crossed);
}

function routeOf(context: CallContext, { target, body }: IncomingCall): Route {
  const { provider, wire, endpoint, path } = target;
  if (provider) {
    const named = endpoint.model ?? "";
    const url = `${provider.bases[wire.name] ?? ""}${path}`;
    return {
      provider,
      wire,
      endpoint,
      url,
      model: named,
      title: titleOf(provider, named),
    };
  }
  const at = context.clock.now();
  const model = endpoint.model ?? wire.read(endpoint, body).facts.model;
  return context.router.route(target, model, { prices: context.prices(), at });
}

function unmetered({ provider, endpoint }: Route, { method, target }: IncomingCall): PurserError {
  return new PurserError(
    "unmetered",
    `${method} ${target.path} (${endpoint.name}) of ${provider.name} costs what its answer does not tell`,
    {
      field: "path",
      remedy: `Set providers.${provider.name}.unmetered to \`allow\` to let such calls pass without a charge.`,
    },
  );
}

class Pipe implements UpstreamReceiver, Watched {
  readonly ended: Promise<void>;
  readonly #context: Pick<CallContext, "clock" | "limits">;
  readonly #route: Route;
  readonly #reply: Reply;
  readonly #startedAt: number;
  #lastActivityAt: number;
  #resolve: () => void = () => undefined;
  #upstream: UpstreamExchange | null = null;
  #hasHead = false;

  constructor(context: Pick<CallContext, "clock" | "limits">, route: Route, reply: Reply) {
    this.#context = context;
    this.#route = route;
    this.#reply = reply;
    this.#startedAt = this.#lastActivityAt = context.clock.monotonic();
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
    reply.onGone(() => this.#leave());
    reply.onDrain(() => this.#upstream?.resume());
  }

  attach(upstream: UpstreamExchange): void {
    this.#upstream = upstream;
    if (this.#reply.gone) this.#leave();
  }

  head(status: number, headers: UpstreamHeaders): void {
    this.#hasHead = true;
    this.#lastActivityAt = this.#context.clock.monotonic();
    const cost = this.#route.endpoint.metering === "free" ? "0" : "unknown";
    this.#reply.head(status, { ...replyHeaders(headers), "x-purser-cost-usd": cost });
  }

  data(chunk: Uint8Array): void {
    this.#lastActivityAt = this.#context.clock.monotonic();
    if (!this.#reply.write(chunk)) this.#upstream?.pause();
  }

  end(): void {
    this.#reply.end();
    this.#resolve();
  }

  fail(failure: UpstreamFailure): void {
    if (this.#hasHead || this.#reply.gone) this.#reply.abort();
    else {
      const { provider, wire } = this.#route;
      const error = upstreamError(failure, { provider: provider.name, isCharged: false });
      this.#reply.head(error.status, { "content-type": "application/json" });
      this.#reply.end(wire.error(error));
    }
    this.#resolve();
  }

  tick(now: number): void {
    const times = {
      now,
      startedAt: this.#startedAt,
      lastActivityAt: this.#lastActivityAt,
      isAnswering: this.#hasHead,
    };
    const late = tooLong(this.#context.limits, times);
    if (late !== null) this.#abort(late);
  }

  stop(why: string): void {
    this.#abort(why);
  }

  #leave(): void {
    void this.#upstream?.abort({ message: "the caller left", timedOut: false });
  }

  #abort(message: string): void {
    void this.#upstream?.abort({ message, timedOut: true });
  }
}
