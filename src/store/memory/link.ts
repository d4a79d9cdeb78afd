/** The network between a ledger and its server: plain data only, slow, out of order and lossy. */

import { setImmediate } from "node:timers/promises";

/** The request did not reach the server. */
export class Unreachable extends Error {}

/** The request was carried out, and its reply was lost. */
export class ReplyLost extends Error {}

export interface LinkOptions {
  /** The same seed gives the same delays and losses. */
  readonly seed: number;
  /** The most turns of the event loop that a request or a reply takes. */
  readonly maxDelay: number;
  /** How many replies in a hundred are lost. */
  readonly lossPercent: number;
}

/** @typeParam Server Whose methods are asked, each with one argument. */
export class Link<Server extends object> {
  readonly #server: Server;
  readonly #options: LinkOptions;
  #state: number;
  #isCut = false;

  constructor(server: Server, options: LinkOptions) {
    this.#server = server;
    this.#options = options;
    this.#state = options.seed;
  }

  /** Makes the server unreachable until `mend`. */
  cut(): void {
    this.#isCut = true;
  }

  mend(): void {
    this.#isCut = false;
  }

  /**
   * Delays are independent, so later requests overtake earlier ones, and so do replies.
   *
   * @throws Unreachable, ReplyLost
   */
  async ask<Method extends Methods<Server>>(
    method: Method,
    request: RequestOf<Server, Method>,
  ): Promise<ReplyOf<Server, Method>> {
    const sent: unknown = structuredClone(request);
    await this.#delay();
    if (this.#isCut) throw new Unreachable("the server cannot be reached");
    const answer = this.#server[method] as (request: unknown) => ReplyOf<Server, Method>;
    const reply = structuredClone(answer.call(this.#server, sent));
    await this.#delay();
    if (this.#below(100) < this.#options.lossPercent) throw new ReplyLost("the reply was lost");
    return reply;
  }

  /** Asks until a reply arrives, for requests that may be repeated. @throws Unreachable */
  async askAgain<Method extends Methods<Server>>(
    method: Method,
    request: RequestOf<Server, Method>,
  ): Promise<ReplyOf<Server, Method>> {
    return await untilReplied(() => this.ask(method, request));
  }

  async #delay(): Promise<void> {
    for (let turns = this.#below(this.#options.maxDelay + 1); turns > 0; turns -= 1)
      await setImmediate();
  }

  /** A linear congruential generator; its high bits are uniform enough here. */
  #below(count: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * count);
  }
}

/** Makes requests again, which must be repeatable, until no reply is lost. */
export async function untilReplied<Reply>(request: () => Promise<Reply>): Promise<Reply> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof ReplyLost)) throw error;
    }
  }
}

type Methods<Server> = {
  [Name in keyof Server]: Server[Name] extends (request: never) => unknown ? Name : never;
}[keyof Server];
type RequestOf<Server, Method extends keyof Server> = Server[Method] extends (
  request: infer Request,
) => unknown
  ? Request
  : never;
type ReplyOf<Server, Method extends keyof Server> = Server[Method] extends (
  request: never,
) => infer Reply
  ? Reply
  : never;
