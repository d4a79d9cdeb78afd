/** One call at its provider: the answer is metered as it passes on to the caller. */

import type { Refusal } from "../../domain/ledger/command.ts";
import type { Reply } from "../port/reply.ts";
import type {
  UpstreamExchange,
  UpstreamFailure,
  UpstreamHeaders,
  UpstreamReceiver,
} from "../port/upstream.ts";
import type { HoldEndContext } from "../settle/hold-end.ts";
import { isStreamed, withMeterFor } from "./answer-meter.ts";
import { CallEnd } from "./call-end.ts";
import { CallReply } from "./call-reply.ts";
import { Connection, type ConnectionContext } from "./connection.ts";
import { CoveredStream } from "./covered-stream.ts";
import type { ForwardedCall } from "./forwarded-call.ts";
import { WholeAnswer } from "./whole-answer.ts";

export interface ExchangeContext extends HoldEndContext, ConnectionContext {
  readonly onDisconnect: "drain" | "cancel";
}

/**
 * - `waiting` for the head of the answer
 * - `streaming`, `buffering` or `failing`: the answer passes on, is kept, or is an error
 * - `cutting`: what arrives is metered but not passed on
 * - `ending`: the hold ends, then the reply
 */
type Phase = "waiting" | "streaming" | "cutting" | "buffering" | "failing" | "ending" | "ended";

/** Called by the provider's connection and by the caller's. */
export class Exchange implements UpstreamReceiver {
  readonly connection: Connection;
  /** Resolves when the hold has ended and the caller has everything it will get. */
  readonly ended: Promise<void>;
  readonly #context: ExchangeContext;
  #call: ForwardedCall;
  readonly #reply: CallReply;
  readonly #end: CallEnd;
  #body: WholeAnswer | null = null;
  /** Null until the answer passes on as it arrives. */
  #stream: CoveredStream | null = null;
  #covering: Promise<void> | null = null;
  #resolveEnded: () => void = () => undefined;
  #phase: Phase = "waiting";

  constructor(context: ExchangeContext, call: ForwardedCall, reply: Reply) {
    this.#context = context;
    this.#call = call;
    this.connection = new Connection(context, call.startedAt);
    this.#reply = new CallReply(reply, { call, connection: this.connection });
    this.#end = new CallEnd(context, this.#reply);
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    reply.onGone(() => this.#callerLeft());
  }

  attach(upstream: UpstreamExchange): void {
    this.connection.attach(upstream);
    if (this.connection.isLeft) this.#drainOrCancel();
  }

  head(status: number, headers: UpstreamHeaders): void {
    this.connection.arrived();
    const now = this.#context.clock.monotonic();
    const { route, startedAt } = this.#call;
    this.#reply.takeHead(status, headers);
    this.#context.observer.answered({
      provider: route.provider.name,
      seconds: (now - startedAt) / 1000,
    });
    if (status >= 300) return this.#beginError(status);
    this.#call = withMeterFor(this.#call, headers);
    if (isStreamed(this.#call, headers)) return this.#beginStream();
    this.#phase = "buffering";
    this.#body = new WholeAnswer();
  }

  data(chunk: Uint8Array): void {
    this.connection.arrived();
    if (this.#body && this.#phase === "buffering") this.#keep(this.#body, chunk);
    else if (this.#phase === "failing") this.#reply.pass(chunk);
    else if (this.#stream && this.#phase === "streaming") this.#take(this.#stream, chunk);
    else if (this.#phase === "cutting") this.#call.meter.push(chunk);
  }

  end(): void {
    if (this.#phase === "failing") {
      this.#reply.end();
      this.#done();
    } else if (this.#body && this.#phase === "buffering")
      void this.#run(this.#endWhole(this.#body));
    else if (this.#phase === "streaming") void this.#run(this.#endStream());
  }

  fail(failure: UpstreamFailure): void {
    if (this.#phase === "failing") {
      this.#reply.abort();
      this.#done();
    } else void this.#run(this.#break(failure));
  }

  #callerLeft(): void {
    if (this.connection.isLeft || this.#phase === "ended") return;
    // Many clients close the connection at the last event, when they have the whole answer.
    if (!this.#call.meter.finished) this.#end.flag("aborted");
    this.connection.leave();
    this.#drainOrCancel();
  }

  /** Reads the answer to its end for its usage, or cancels it, as configured. */
  #drainOrCancel(): void {
    if (this.#context.onDisconnect === "cancel" || this.#phase === "failing")
      void this.connection.close("the caller left");
    else this.#resume();
  }

  #resume(): void {
    if (!this.#stream?.isWithholding) this.connection.resume();
  }

  #beginStream(): void {
    this.#phase = "streaming";
    this.#reply.begin(() => this.#resume());
    const { meter, slices } = this.#call;
    this.#stream = new CoveredStream({ meter, slices, pass: (bytes) => this.#reply.pass(bytes) });
  }

  /** The provider's error passes on unchanged. */
  #beginError(status: number): void {
    this.#phase = "failing";
    void this.#run(this.#end.refused(this.#call, status));
    this.#reply.beginFree(() => this.#resume());
  }

  /** An answer that grows too large to keep passes on from here. Its cost is only in the ledger. */
  #keep(body: WholeAnswer, chunk: Uint8Array): void {
    if (body.keep(chunk)) return;
    this.#beginStream();
    for (const piece of body.takePieces()) this.#reply.pass(this.#call.meter.push(piece));
  }

  /** Pauses the provider until the hold covers what has arrived. */
  #take(stream: CoveredStream, chunk: Uint8Array): void {
    if (stream.take(chunk)) return this.#endIfFinished();
    if (this.#covering) return;
    this.connection.pause();
    this.#covering = this.#run(this.#cover(stream));
  }

  async #cover(stream: CoveredStream): Promise<void> {
    const refusal = await stream.cover();
    if (this.#phase !== "streaming") return;
    if (refusal) return this.#cut(stream, refusal);
    if (stream.passWithheld()) this.connection.resume();
    this.#covering = null;
    this.#endIfFinished();
  }

  /** A finished stream is charged as such, whatever happens to the connections afterwards. */
  #endIfFinished(): void {
    if (this.#call.meter.finished && this.#call.route.wire.stream.hasClosingEvent)
      void this.#run(this.#endStream());
  }

  async #cut(stream: CoveredStream, refusal: Refusal): Promise<void> {
    this.#phase = "cutting";
    this.#end.flag("cut");
    if (stream.isPaid) stream.passWithheld();
    await this.connection.close("the budget is used up");
    this.#phase = "ending";
    await this.#end.cut(this.#call, refusal);
    this.#done();
  }

  async #endStream(): Promise<void> {
    await this.#covering;
    if (this.#phase !== "streaming" || !this.#stream) return;
    this.#phase = "ending";
    await this.#end.streamed(this.#call, this.#stream);
    this.#done();
  }

  async #endWhole(body: WholeAnswer): Promise<void> {
    this.#phase = "ending";
    await this.#end.whole(this.#call, body.take());
    this.#done();
  }

  /** The answer broke off, or never arrived. */
  async #break(failure: UpstreamFailure): Promise<void> {
    const before = this.#phase;
    if (before !== "waiting" && before !== "streaming" && before !== "buffering") return;
    if (before === "streaming" && this.#call.meter.finished) return this.#endStream();
    this.#phase = "ending";
    const { isLeft } = this.connection;
    await this.#end.broken(this.#call, { failure, isLeft, before });
    this.#done();
  }

  #done(): void {
    this.#phase = "ended";
    this.connection.finish();
    this.#resolveEnded();
  }

  /**
   * A failure here is a bug or a lost store. It is reported, the caller's connection is reset, and
   * the amount held is charged, as after a crash.
   */
  #run(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => {
      this.#context.observer.failed("a call could not be brought to its end", error);
      this.#phase = "ending";
      void this.connection.close("an error inside Purser");
      this.#reply.abort();
      const givenUp = this.#end.giveUp(this.#call);
      return givenUp ? this.#run(givenUp.then(() => this.#done())) : this.#done();
    });
  }
}
