/** One call at the provider: its answer is metered as it passes to the caller, and its hold ends once, whatever happens. */

import type { Refusal } from "../../domain/ledger/command.ts";
import type { Outcome } from "../../domain/ledger/entry.ts";
import type { UsageFlag } from "../../domain/usage/usage.ts";
import { addCall, isEncoded, isWhole, replyHeaders } from "../header/answer-headers.ts";
import { CoveredStream } from "./covered-stream.ts";
import type { Forwarded } from "./forwarded.ts";
import { HoldEnd, type HoldEndContext } from "../settle/hold-end.ts";
import { tooLong, type Watched } from "../caller/in-flight.ts";
import { mayHaveHidden, readAnswer, type AnswerEnd } from "../settle/read-answer.ts";
import type { Reply, ReplyHeaders } from "../port/reply.ts";
import { cutError } from "../hold/refusal.ts";
import { outcomeOf } from "../settle/outcome.ts";
import { addCost, costComment } from "./tell-cost.ts";
import { unreadMeter } from "../settle/unread-meter.ts";
import { upstreamError } from "./upstream-error.ts";
import type {
  UpstreamExchange,
  UpstreamFailure,
  UpstreamHeaders,
  UpstreamReceiver,
} from "../port/upstream.ts";
import { WholeAnswer } from "./whole-answer.ts";

export interface ExchangeContext extends HoldEndContext {
  readonly limits: {
    readonly firstByteMs: number;
    readonly idleStreamMs: number;
    readonly totalMs: number;
    readonly drainMs: number;
  };
  readonly onDisconnect: "drain" | "cancel";
}

/** `cutting`: what arrives is counted, and does not pass. */
type Phase = "waiting" | "streaming" | "cutting" | "buffering" | "failing" | "draining" | "ended";

/** Methods are called by the upstream's connection, by the caller's connection, and by the watch for time-outs. */
export class Exchange implements UpstreamReceiver, Watched {
  /** Resolves when the hold has ended and the caller has all that it will get. */
  readonly ended: Promise<void>;
  readonly #context: ExchangeContext;
  #call: Forwarded;
  readonly #reply: Reply;
  readonly #whole = new WholeAnswer();
  readonly #holdEnd: HoldEnd;
  /** Null until the answer passes as it comes. */
  #stream: CoveredStream | null = null;
  #covering: Promise<void> | null = null;
  #flags: readonly UsageFlag[] = [];
  #resolveEnded: () => void = () => undefined;
  #upstream: UpstreamExchange | null = null;
  #phase: Phase = "waiting";
  #status = 0;
  #headers: UpstreamHeaders = {};
  #lastActivityAt: number;
  #goneAt: number | null = null;
  /** What is held is being charged, since something else failed: tried once. */
  #isGivenUp = false;

  constructor(context: ExchangeContext, call: Forwarded, reply: Reply) {
    this.#context = context;
    this.#call = call;
    this.#reply = reply;
    this.#holdEnd = new HoldEnd(context);
    this.#lastActivityAt = call.startedAt;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    reply.onGone(() => this.#callerLeft());
  }

  attach(upstream: UpstreamExchange): void {
    this.#upstream = upstream;
    if (this.#goneAt !== null) this.#leaveUpstream();
  }

  head(status: number, headers: UpstreamHeaders): void {
    this.#lastActivityAt = this.#context.clock.monotonic();
    this.#status = status;
    this.#headers = headers;
    const { route } = this.#call;
    this.#context.observer.answered({
      provider: route.provider.name,
      seconds: this.#latencyMs() / 1000,
    });
    if (status >= 300) return this.#beginError();
    if (isEncoded(headers))
      this.#call = { ...this.#call, meter: unreadMeter(this.#call), slices: null };
    if (this.#call.facts.stream && !isWhole(headers, route.wire)) return this.#beginStream();
    if (this.#call.facts.stream && !isEncoded(headers)) this.#takeAsWhole();
    this.#phase = "buffering";
  }

  data(chunk: Uint8Array): void {
    this.#lastActivityAt = this.#context.clock.monotonic();
    if (this.#phase === "buffering") this.#keep(chunk);
    else if (this.#phase === "failing") void this.#pass(chunk);
    else if (this.#stream && this.#phase === "streaming") this.#take(this.#stream, chunk);
    else if (this.#phase === "cutting") this.#call.meter.push(chunk);
  }

  end(): void {
    if (this.#phase === "failing") return this.#endError();
    if (this.#phase === "buffering") return void this.#run(this.#endBuffered());
    if (this.#phase === "streaming") return void this.#run(this.#endStream());
  }

  fail(failure: UpstreamFailure): void {
    if (this.#phase === "failing") return this.#breakError();
    if (this.#phase !== "ended") void this.#run(this.#break(failure));
  }

  tick(now: number): void {
    if (this.#phase === "ended") return;
    const { limits } = this.#context;
    const isDrained = this.#goneAt !== null && now - this.#goneAt > limits.drainMs;
    const times = {
      now,
      startedAt: this.#call.startedAt,
      lastActivityAt: this.#lastActivityAt,
      isAnswering: this.#phase !== "waiting",
    };
    const late = isDrained
      ? "the caller left, and the answer was not over in time"
      : tooLong(limits, times);
    if (late !== null) this.#abort(late);
  }

  stop(why: string): void {
    this.#abort(why);
  }

  #latencyMs(): number {
    return this.#context.clock.monotonic() - this.#call.startedAt;
  }

  #abort(message: string): void {
    void this.#upstream?.abort({ message, timedOut: true });
  }

  #callerLeft(): void {
    if (this.#goneAt !== null || this.#phase === "ended") return;
    // Many clients close the connection at the last event, and have the whole answer.
    if (!this.#call.meter.finished) this.#flags = [...this.#flags, "aborted"];
    this.#goneAt = this.#context.clock.monotonic();
    this.#leaveUpstream();
  }

  /** Nobody reads the answer any more: it is read on for its usage, or broken off, as the configuration says. */
  #leaveUpstream(): void {
    if (this.#context.onDisconnect === "cancel" || this.#phase === "failing")
      void this.#upstream?.abort({ message: "the caller left", timedOut: false });
    else if (!this.#stream?.isWithholding) this.#upstream?.resume();
  }

  /** Although a stream was asked for. */
  #takeAsWhole(): void {
    const { route, facts } = this.#call;
    this.#call = {
      ...this.#call,
      meter: route.wire.meter(route.endpoint, { stream: false, facts }),
      slices: null,
    };
  }

  /** Begins a reply that is passed on as it comes. */
  #open(headers: ReplyHeaders): void {
    this.#reply.onDrain(() => {
      if (!this.#stream?.isWithholding) this.#upstream?.resume();
    });
    this.#reply.head(this.#status, headers);
  }

  /** The answer passes as it comes, from here on. */
  #beginStream(): void {
    this.#phase = "streaming";
    this.#open(this.#replyHeaders());
    const { meter, slices } = this.#call;
    this.#stream = new CoveredStream({ meter, slices, pass: (bytes) => this.#pass(bytes) });
  }

  /** The provider's headers as the caller gets them, and Purser's own. */
  #replyHeaders(): Record<string, string | readonly string[]> {
    return addCall(replyHeaders(this.#headers), this.#call);
  }

  /** An answer that grows too large to wait passes from here on, its cost in the ledger only. */
  #keep(chunk: Uint8Array): void {
    if (this.#whole.keep(chunk)) return;
    this.#beginStream();
    for (const piece of this.#whole.takePieces()) this.#pass(this.#call.meter.push(piece));
  }

  /** @returns Whether the caller takes more at once; where it does not, the provider is not read until it does. */
  #pass(bytes: Uint8Array): boolean {
    if (bytes.length === 0 || this.#reply.gone || this.#reply.write(bytes)) return true;
    this.#upstream?.pause();
    return false;
  }

  /** Reads no more of the provider until the hold covers what has come. */
  #take(stream: CoveredStream, chunk: Uint8Array): void {
    if (stream.take(chunk)) return this.#endIfFinished();
    if (this.#covering) return;
    this.#upstream?.pause();
    this.#covering = this.#run(this.#cover(stream));
  }

  async #cover(stream: CoveredStream): Promise<void> {
    const refusal = await stream.cover();
    if (this.#phase !== "streaming") return;
    if (refusal) return this.#cut(stream, refusal);
    if (stream.passWithheld()) this.#upstream?.resume();
    this.#covering = null;
    this.#endIfFinished();
  }

  /** What is finished is charged as that, whatever the provider or the caller does with the connection. */
  #endIfFinished(): void {
    if (this.#call.meter.finished && this.#call.route.wire.stream.hasClosingEvent)
      void this.#run(this.#endStream());
  }

  /** No budget pays for more: the stream ends in the provider's own format, and what was generated is charged. */
  async #cut(stream: CoveredStream, refusal: Refusal): Promise<void> {
    this.#phase = "cutting";
    this.#flags = [...this.#flags, "cut"];
    if (stream.isPaid) stream.passWithheld();
    await this.#upstream?.abort({ message: "the budget is used up", timedOut: false });
    this.#phase = "draining";
    const { meter, route, showsOnlyReason } = this.#call;
    const { outcome } = await this.#read({ closed: true });
    await this.#holdEnd.settle(this.#call, outcome);
    this.#pass(meter.stop({ error: cutError(refusal), usage: outcome.usage, showsOnlyReason }));
    this.#endReply(costComment(outcome, this.#headers, route.wire));
  }

  async #endStream(): Promise<void> {
    await this.#covering;
    if (this.#phase !== "streaming") return;
    this.#phase = "draining";
    const { outcome, rest } = await this.#read({ closed: false });
    await this.#holdEnd.settle(this.#call, outcome);
    this.#stream?.passWithheld();
    this.#pass(rest);
    // Behind half an event a comment would be taken for the rest of it.
    this.#endReply(
      rest.length === 0 ? costComment(outcome, this.#headers, this.#call.route.wire) : undefined,
    );
  }

  async #endBuffered(): Promise<void> {
    this.#phase = "draining";
    const body = this.#whole.take();
    this.#call.meter.push(body);
    const { outcome } = await this.#read({ closed: false });
    const settled = await this.#holdEnd.settle(this.#call, outcome);
    if (this.#reply.gone) return this.#done();
    const headers = this.#replyHeaders();
    addCost(headers, outcome, settled);
    headers["content-length"] = String(body.length);
    this.#reply.head(this.#status, headers);
    this.#endReply(body);
  }

  /** What the answer cost, and the bytes of it that were kept back. */
  async #read(ended: AnswerEnd): Promise<{ readonly outcome: Outcome; readonly rest: Uint8Array }> {
    const { rest, reading, progress } = await readAnswer(this.#context, this.#call, ended);
    const answer = { reading, progress, latencyMs: this.#latencyMs(), flags: this.#flags };
    return { outcome: outcomeOf(this.#context.prices(), this.#call, answer), rest };
  }

  /** Providers do not charge for an error or a redirect: the hold is given back, and their answer passes as it is. */
  #beginError(): void {
    this.#phase = "failing";
    const { route, withConfiguredKey } = this.#call;
    void this.#run(this.#holdEnd.release(this.#call, `the provider answered ${this.#status}`));
    this.#context.observer.callFailed({
      provider: route.provider.name,
      status: this.#status,
      withConfiguredKey,
    });
    const headers = this.#replyHeaders();
    headers["x-purser-cost-usd"] = "0";
    this.#open(headers);
  }

  #endError(): void {
    this.#phase = "draining";
    this.#endReply();
  }

  /** The provider's error is not whole, and must not look so. */
  #breakError(): void {
    this.#reply.abort();
    this.#done();
  }

  /** The answer broke off, or never came. */
  async #break(failure: UpstreamFailure): Promise<void> {
    const hadPhase = this.#phase;
    if (hadPhase === "draining" || hadPhase === "cutting") return;
    if (hadPhase === "streaming" && this.#call.meter.finished) return this.#endStream();
    this.#phase = "draining";
    const closed = this.#goneAt !== null || failure.timedOut;
    // Cancelled at once, that is: one that was waited for may have been answered on the way, out of sight.
    const isSoon = this.#goneAt !== null && !failure.timedOut;
    const wasCancelled =
      hadPhase === "waiting" &&
      isSoon &&
      failure.reached &&
      this.#call.slices !== null &&
      !mayHaveHidden(this.#call);
    if (hadPhase === "streaming" || wasCancelled) {
      const { outcome } = await this.#read({ closed });
      await this.#holdEnd.settle(this.#call, outcome);
      this.#reply.abort();
      return this.#done();
    }
    if (failure.reached) await this.#settleUnresolved();
    else await this.#releaseUnreached();
    this.#answerFailure(failure);
  }

  #settleUnresolved(): Promise<void> {
    return this.#holdEnd.settleUnresolved(this.#call, {
      latencyMs: this.#latencyMs(),
      flags: this.#flags,
    });
  }

  async #releaseUnreached(): Promise<void> {
    await this.#holdEnd.release(this.#call, "the provider was not reached");
    const { route, withConfiguredKey } = this.#call;
    this.#context.observer.callFailed({
      provider: route.provider.name,
      status: 502,
      withConfiguredKey,
    });
  }

  #answerFailure(failure: UpstreamFailure): void {
    if (this.#reply.gone) return this.#done();
    const { provider, wire } = this.#call.route;
    const error = upstreamError(failure, { provider: provider.name, isCharged: failure.reached });
    this.#reply.head(error.status, addCall({ "content-type": "application/json" }, this.#call));
    this.#endReply(Buffer.from(wire.error(error)));
  }

  #endReply(bytes?: Uint8Array): void {
    if (!this.#reply.gone) this.#reply.end(bytes);
    this.#done();
  }

  #done(): void {
    this.#phase = "ended";
    this.#upstream?.finish();
    this.#resolveEnded();
  }

  /**
   * A failure here is a bug or a lost store: it is told, the caller's connection breaks, and what is held is charged, as after
   * a crash. If that fails too, recovery does it.
   */
  #run(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => {
      this.#context.observer.failed("a call could not be brought to its end", error);
      this.#phase = "draining";
      void this.#upstream?.abort({ message: "an error inside Purser", timedOut: false });
      this.#reply.abort();
      if (this.#holdEnd.isOver || this.#isGivenUp) return this.#done();
      this.#isGivenUp = true;
      return this.#run(this.#settleUnresolved().then(() => this.#done()));
    });
  }
}
