/** Calls that are not metered: free ones, and those whose cost nobody tells, where the configuration lets them pass. */

import { replyHeaders, upstreamHeaders } from "./forward.ts";
import { checkAllowed, type CallContext, type IncomingCall } from "./call.ts";
import { PurserError } from "../domain/error.ts";
import { matchesName } from "../domain/input/name-pattern.ts";
import type { Reply } from "./reply.ts";
import { chooseRoute, type Route } from "./route.ts";
import type { UpstreamExchange, UpstreamFailure, UpstreamHeaders, UpstreamReceiver } from "./upstream.ts";

/**
 * @throws PurserError `unmetered` where the configuration refuses such endpoints, `forbidden` when the key may not have the provider.
 */
export async function passThrough(context: CallContext, incoming: IncomingCall, reply: Reply): Promise<void> {
  const { caller } = incoming;
  const route = routeOf(context, incoming);
  if (caller.key?.role === "reader") checkAllowed(caller, route);
  if (caller.key && !matchesName(caller.key.providers, route.provider.name)) checkAllowed(caller, route);
  if (route.endpoint.metering === "unmetered" && route.provider.unmetered === "refuse") throw unmetered(route, incoming);

  const { provider, wireName } = route;
  const pipe = new Pipe(route, reply);
  pipe.attach(
    context.upstream.forward(
      {
        method: incoming.method,
        url: route.url,
        headers: upstreamHeaders(incoming.headers, { provider, wireName, bringsProviderKey: caller.bringsProviderKey }),
        body: incoming.body.length > 0 ? incoming.body : null,
      },
      pipe,
    ),
  );
  await pipe.ended;
}

function routeOf(context: CallContext, { target, body }: IncomingCall): Route {
  const { provider, wire, wireName, endpoint, path } = target;
  if (provider) return { provider, wire, wireName, endpoint, url: `${provider.bases[wireName] ?? ""}${path}`, model: endpoint.model ?? "" };
  const at = context.clock.now();
  const model = endpoint.model ?? wire.read(endpoint, body).facts.model;
  return chooseRoute({ providers: context.providers, prices: context.prices(), at }, target, model);
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

class Pipe implements UpstreamReceiver {
  readonly ended: Promise<void>;
  readonly #route: Route;
  readonly #reply: Reply;
  #resolve: () => void = () => undefined;
  #upstream: UpstreamExchange | null = null;
  #hasHead = false;

  constructor(route: Route, reply: Reply) {
    this.#route = route;
    this.#reply = reply;
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
    reply.onGone(() => this.#upstream?.abort({ message: "the caller left", timedOut: false }));
    reply.onDrain(() => this.#upstream?.resume());
  }

  attach(upstream: UpstreamExchange): void {
    this.#upstream = upstream;
  }

  head(status: number, headers: UpstreamHeaders): void {
    this.#hasHead = true;
    const cost = this.#route.endpoint.metering === "free" ? "0" : "unknown";
    this.#reply.head(status, replyHeaders(headers, { "x-purser-cost-usd": cost }));
  }

  data(chunk: Uint8Array): void {
    if (!this.#reply.write(chunk)) this.#upstream?.pause();
  }

  end(): void {
    this.#reply.end();
    this.#resolve();
  }

  fail({ message, timedOut }: UpstreamFailure): void {
    if (this.#hasHead || this.#reply.gone) this.#reply.abort();
    else {
      const status = timedOut ? 504 : 502;
      const text = `${this.#route.provider.name} did not answer: ${message}`;
      this.#reply.head(status, { "content-type": "application/json" });
      this.#reply.end(this.#route.wire.error({ status, message: text, code: "upstream_unreachable", param: null }));
    }
    this.#resolve();
  }
}
