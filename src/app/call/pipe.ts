/** Passes an answer on to the caller without metering it. */

import { replyHeaders } from "../header/answer-headers.ts";
import type { Reply } from "../port/reply.ts";
import type {
  UpstreamExchange,
  UpstreamFailure,
  UpstreamHeaders,
  UpstreamReceiver,
} from "../port/upstream.ts";
import type { Route } from "../route/target.ts";
import { Connection, type ConnectionContext } from "./connection.ts";
import { upstreamError } from "./upstream-error.ts";

export class Pipe implements UpstreamReceiver {
  /** Resolves when the caller has everything it will get. */
  readonly ended: Promise<void>;
  readonly connection: Connection;
  readonly #route: Route;
  readonly #reply: Reply;
  #resolve: () => void = () => undefined;
  #hasHead = false;

  constructor(context: ConnectionContext, route: Route, reply: Reply) {
    this.connection = new Connection(context, context.clock.monotonic());
    this.#route = route;
    this.#reply = reply;
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
    reply.onGone(() => this.#cancel());
    reply.onDrain(() => this.connection.resume());
  }

  attach(upstream: UpstreamExchange): void {
    this.connection.attach(upstream);
    if (this.#reply.gone) this.#cancel();
  }

  head(status: number, headers: UpstreamHeaders): void {
    this.#hasHead = true;
    this.connection.arrived();
    const cost = this.#route.endpoint.metering === "free" ? "0" : "unknown";
    this.#reply.head(status, { ...replyHeaders(headers), "x-purser-cost-usd": cost });
  }

  data(chunk: Uint8Array): void {
    this.connection.arrived();
    if (!this.#reply.write(chunk)) this.connection.pause();
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

  #cancel(): void {
    void this.connection.close("the caller left");
  }
}
