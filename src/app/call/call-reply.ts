/** The reply to a call: the provider's answer with Purser's headers, or an error in its format. */

import type { SettleAnswer } from "../../domain/ledger/command.ts";
import type { Outcome } from "../../domain/ledger/entry.ts";
import { addCall, replyHeaders, type RepliedCall } from "../header/answer-headers.ts";
import type { Reply } from "../port/reply.ts";
import type { UpstreamFailure, UpstreamHeaders } from "../port/upstream.ts";
import type { Route } from "../route/target.ts";
import type { Connection } from "./connection.ts";
import { addCost, costComment } from "./reply-cost.ts";
import { upstreamError } from "./upstream-error.ts";

interface CallToReply extends RepliedCall {
  readonly route: Route;
}

type Headers = Record<string, string | readonly string[]>;

/** Writes nothing to a caller that has disconnected. */
export class CallReply {
  readonly #reply: Reply;
  readonly #call: CallToReply;
  readonly #connection: Connection;
  #status = 0;
  #headers: UpstreamHeaders = {};

  constructor(
    reply: Reply,
    { call, connection }: { readonly call: CallToReply; readonly connection: Connection },
  ) {
    this.#reply = reply;
    this.#call = call;
    this.#connection = connection;
  }

  /** Takes the head of the provider's answer. Nothing is written until the reply begins. */
  takeHead(status: number, headers: UpstreamHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  /**
   * Begins a reply that is passed on as it arrives.
   *
   * @param onDrain Called when the caller can take more after `pass` returned false.
   */
  begin(onDrain: () => void): void {
    this.#reply.onDrain(onDrain);
    this.#reply.head(this.#status, this.#answerHeaders());
  }

  /** Begins the reply to a call that the provider does not charge for. */
  beginFree(onDrain: () => void): void {
    this.#reply.onDrain(onDrain);
    const headers = this.#answerHeaders();
    headers["x-purser-cost-usd"] = "0";
    this.#reply.head(this.#status, headers);
  }

  /** @returns Whether the caller takes more at once. If not, the provider is paused. */
  pass(bytes: Uint8Array): boolean {
    if (bytes.length === 0 || this.#reply.gone || this.#reply.write(bytes)) return true;
    this.#connection.pause();
    return false;
  }

  /** Ends a stream with its cost as a comment, if its format allows one. */
  endStream(outcome: Outcome): void {
    this.end(costComment(outcome, this.#headers, this.#call.route.wire));
  }

  /** Writes a whole answer, with its cost in the headers. */
  writeWhole(body: Uint8Array, outcome: Outcome, settled: SettleAnswer): void {
    if (this.#reply.gone) return;
    const headers = this.#answerHeaders();
    addCost(headers, outcome, settled);
    headers["content-length"] = String(body.length);
    this.#reply.head(this.#status, headers);
    this.#reply.end(body);
  }

  /** Writes why no answer arrived. */
  writeFailure(failure: UpstreamFailure): void {
    if (this.#reply.gone) return;
    const { provider, wire } = this.#call.route;
    const error = upstreamError(failure, { provider: provider.name, isCharged: failure.reached });
    this.#reply.head(error.status, addCall({ "content-type": "application/json" }, this.#call));
    this.#reply.end(Buffer.from(wire.error(error)));
  }

  end(bytes?: Uint8Array): void {
    if (!this.#reply.gone) this.#reply.end(bytes);
  }

  /** Resets the caller's connection: the answer is incomplete, and must not look complete. */
  abort(): void {
    this.#reply.abort();
  }

  #answerHeaders(): Headers {
    return addCall(replyHeaders(this.#headers), this.#call);
  }
}
