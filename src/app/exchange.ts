/** One call at the provider: its answer is metered as it passes to the caller, and its hold ends once, whatever happens. */

import { assert } from "../domain/assert.ts";
import type { FallbackRates } from "../domain/budget/budget.ts";
import type { Refusal, SettleAnswer } from "../domain/ledger/command.ts";
import type { Outcome, Quantities } from "../domain/ledger/entry.ts";
import { idOfOperation } from "../domain/ledger/operation.ts";
import type { PriceBook } from "../domain/price/sheet.ts";
import type { UsageFlag } from "../domain/usage/usage.ts";
import type { Progress, UsageMeter } from "../wire/wire.ts";
import { isTextOnly, type Estimate } from "./estimate.ts";
import { release, settle, type FinishContext, type HeldCall } from "./finish.ts";
import { isEncoded, isWhole, replyHeaders } from "./answer-headers.ts";
import type { InputCount } from "./input-count.ts";
import { tooLong, type Watched } from "./in-flight.ts";
import type { Ledger } from "./ports.ts";
import type { Reply, ReplyHeaders } from "./reply.ts";
import { outcomeOf, unresolvedOutcome } from "./settle.ts";
import type { Slices } from "./slices.ts";
import { cutError } from "./refusal.ts";
import { addCost, costComment } from "./tell-cost.ts";
import { unreadMeter } from "./unread-meter.ts";
import { upstreamError } from "./upstream-error.ts";
import type { UpstreamExchange, UpstreamFailure, UpstreamHeaders, UpstreamReceiver } from "./upstream.ts";
import { WholeAnswer } from "./whole-answer.ts";

export interface ExchangeContext extends FinishContext {
  readonly ledger: Pick<Ledger, "decide" | "holdOf">;
  readonly prices: () => PriceBook;
  readonly limits: { readonly firstByteMs: number; readonly idleStreamMs: number; readonly totalMs: number; readonly drainMs: number };
  readonly onDisconnect: "drain" | "cancel";
}

/** A call that is held and about to be forwarded. */
export interface Forwarded extends HeldCall {
  readonly estimate: Estimate;
  readonly input: InputCount;
  readonly heldAt: number;
  /** In monotonic time. */
  readonly startedAt: number;
  /** What was held at first; it grows with top-ups. */
  readonly held: Quantities;
  /** Output tokens for one choice, where fewer were asked of the provider than of Purser; else null. */
  readonly fitted: number | null;
  readonly fallback: FallbackRates | null;
  readonly meter: UsageMeter;
  /** Whether the caller's client shows of a cut stream nothing but its stop reason. */
  readonly showsOnlyReason: boolean;
}

type Phase = "waiting" | "streaming" | "buffering" | "failing" | "draining" | "ended";

/** Methods are called by the upstream's connection, by the caller's connection, and by the watch for time-outs. */
export class Exchange implements UpstreamReceiver, Watched {
  /** Resolves when the hold has ended and the caller has all that it will get. */
  readonly ended: Promise<void>;
  readonly #context: ExchangeContext;
  #call: Forwarded;
  readonly #reply: Reply;
  readonly #whole = new WholeAnswer();
  /** What came and is not covered yet; null while everything is. */
  #withheld: Uint8Array[] | null = null;
  #covering: Promise<void> | null = null;
  #flags: readonly UsageFlag[] = [];
  #resolveEnded: () => void = () => undefined;
  #upstream: UpstreamExchange | null = null;
  #phase: Phase = "waiting";
  #status = 0;
  #headers: UpstreamHeaders = {};
  #lastActivityAt: number;
  #goneAt: number | null = null;
  /** The hold ends once. */
  #isFinished = false;
  /** What is held is being charged, since something else failed: tried once. */
  #isGivenUp = false;

  constructor(context: ExchangeContext, call: Forwarded, reply: Reply) {
    this.#context = context;
    this.#call = call;
    this.#reply = reply;
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
    this.#context.observer.answered({ provider: route.provider.name, seconds: this.#latencyMs() / 1000 });
    if (status >= 300) return this.#beginError();
    if (isEncoded(headers)) this.#call = { ...this.#call, meter: unreadMeter(this.#call) };
    if (this.#call.facts.stream && !isWhole(headers, route)) {
      this.#phase = "streaming";
      return this.#open(this.#addOwn(replyHeaders(headers)));
    }
    if (this.#call.facts.stream && !isEncoded(headers)) this.#takeAsWhole();
    this.#phase = "buffering";
  }

  data(chunk: Uint8Array): void {
    this.#lastActivityAt = this.#context.clock.monotonic();
    if (this.#phase === "buffering") this.#keep(chunk);
    else if (this.#phase === "failing") void this.#pass(chunk);
    else if (this.#phase === "streaming") this.#stream(chunk);
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
    const times = { now, startedAt: this.#call.startedAt, lastActivityAt: this.#lastActivityAt, isAnswering: this.#phase !== "waiting" };
    const late = isDrained ? "the caller left, and the answer was not over in time" : tooLong(limits, times);
    if (late !== null) this.#abort(late);
  }

  stop(why: string): void {
    this.#abort(why);
  }

  #latencyMs(): number {
    return this.#context.clock.monotonic() - this.#call.startedAt;
  }

  #abort(message: string): void {
    this.#upstream?.abort({ message, timedOut: true });
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
      this.#upstream?.abort({ message: "the caller left", timedOut: false });
    else this.#upstream?.resume();
  }

  /** Although a stream was asked for. */
  #takeAsWhole(): void {
    const { route, facts } = this.#call;
    this.#call = { ...this.#call, meter: route.wire.meter(route.endpoint, { stream: false, facts }), slices: null };
  }

  /** Begins a reply that is passed on as it comes. */
  #open(headers: ReplyHeaders): void {
    this.#reply.onDrain(() => {
      if (!this.#withheld) this.#upstream?.resume();
    });
    this.#reply.head(this.#status, headers);
  }

  #addOwn(headers: Record<string, string | readonly string[]>): Record<string, string | readonly string[]> {
    const { call, route, fitted } = this.#call;
    headers["x-purser-operation-id"] = idOfOperation(call.operationId);
    headers["x-purser-model"] = route.title;
    if (fitted !== null) headers["x-purser-max-tokens"] = String(fitted);
    return headers;
  }

  /** An answer that grows too large to wait passes from here on, its cost in the ledger only. */
  #keep(chunk: Uint8Array): void {
    if (this.#whole.keep(chunk)) return;
    this.#phase = "streaming";
    this.#open(this.#addOwn(replyHeaders(this.#headers)));
    for (const piece of this.#whole.takePieces()) this.#pass(this.#call.meter.push(piece));
  }

  /** @returns Whether the caller takes more at once; where it does not, the provider is not read until it does. */
  #pass(bytes: Uint8Array): boolean {
    if (bytes.length === 0 || this.#reply.gone || this.#reply.write(bytes)) return true;
    this.#upstream?.pause();
    return false;
  }

  /** Nothing passes before it is covered. What the provider has already billed passes in any case. */
  #stream(chunk: Uint8Array): void {
    const { meter, slices } = this.#call;
    const bytes = meter.push(chunk);
    const isCovered = !slices || slices.takesPiece() || meter.finished;
    if (this.#withheld) this.#withheld.push(bytes);
    else if (isCovered) this.#passOn([bytes]);
    else this.#withhold(bytes, slices);
    if (!this.#withheld) this.#endIfFinished();
  }

  /** Reads no more of the provider until the hold covers what has come. */
  #withhold(bytes: Uint8Array, slices: Slices): void {
    this.#withheld = [bytes];
    this.#upstream?.pause();
    this.#covering = this.#run(this.#cover(slices));
  }

  async #cover(slices: Slices): Promise<void> {
    const refusal = await slices.cover();
    if (this.#phase !== "streaming") return;
    if (refusal && !this.#call.meter.finished) return this.#cut(refusal, { isPaid: slices.isPaid });
    if (this.#passWithheld()) this.#upstream?.resume();
    this.#covering = null;
    this.#endIfFinished();
  }

  /** @returns Whether the caller takes more at once. */
  #passWithheld(): boolean {
    const withheld = this.#withheld ?? [];
    this.#withheld = null;
    return this.#passOn(withheld);
  }

  /** Pieces of a stream, all that its meter has seen. @returns Whether the caller takes more at once. */
  #passOn(pieces: readonly Uint8Array[]): boolean {
    const isTaken = pieces.map((bytes) => this.#pass(bytes)).every(Boolean);
    this.#call.meter.passed();
    return isTaken;
  }

  /** What is finished is charged as that, whatever the provider or the caller does with the connection. */
  #endIfFinished(): void {
    if (this.#call.meter.finished && this.#call.route.wireName !== "gemini") void this.#run(this.#endStream());
  }

  /** No budget pays for more: the stream ends in the provider's own format, and what was generated is charged. */
  async #cut(refusal: Refusal, { isPaid }: { readonly isPaid: boolean }): Promise<void> {
    this.#phase = "draining";
    this.#flags = [...this.#flags, "cut"];
    this.#upstream?.abort({ message: "the budget is used up", timedOut: false });
    const { meter, route, showsOnlyReason } = this.#call;
    const { outcome } = await this.#read({ closed: true });
    await this.#settle(outcome);
    if (isPaid) this.#passWithheld();
    this.#pass(meter.stop({ error: cutError(refusal), usage: outcome.usage, showsOnlyReason }));
    this.#endReply(costComment(outcome, this.#headers, route));
  }

  async #endStream(): Promise<void> {
    await this.#covering;
    if (this.#phase !== "streaming") return;
    this.#phase = "draining";
    const { outcome, rest } = await this.#read({ closed: false });
    await this.#settle(outcome);
    this.#passWithheld();
    this.#pass(rest);
    // Behind half an event a comment would be taken for the rest of it.
    this.#endReply(rest.length === 0 ? costComment(outcome, this.#headers, this.#call.route) : undefined);
  }

  async #endBuffered(): Promise<void> {
    this.#phase = "draining";
    const body = this.#whole.take();
    this.#call.meter.push(body);
    const { outcome } = await this.#read({ closed: false });
    const settled = await this.#settle(outcome);
    if (this.#reply.gone) return this.#done();
    const headers = this.#addOwn(replyHeaders(this.#headers));
    addCost(headers, outcome, settled);
    headers["content-length"] = String(body.length);
    this.#reply.head(this.#status, headers);
    this.#endReply(body);
  }

  /**
   * What the answer cost, and the bytes of it that were kept back.
   *
   * @param closed Whether the provider's stream was closed from this side.
   */
  async #read(ended: { readonly closed: boolean }): Promise<{ readonly outcome: Outcome; readonly rest: Uint8Array }> {
    const { meter } = this.#call;
    const { rest, reading } = meter.end();
    const isFinal = reading.parts.length > 0 && !reading.partial;
    const progress = isFinal ? meter.progress : await this.#countPassed(ended);
    const answer = { reading, progress, latencyMs: this.#latencyMs(), flags: this.#flags };
    return { outcome: outcomeOf(this.#context.prices(), this.#call, answer), rest };
  }

  /** Tokens to charge where their usage never came. */
  async #countPassed(ended: { readonly closed: boolean }): Promise<Progress> {
    const { meter, slices, ceiling } = this.#call;
    const { inputTokens, outputTokens } = meter.progress;
    const passed = slices ? await slices.charged(ended) : Math.min(outputTokens, ceiling.fitted);
    return {
      inputTokens: inputTokens ?? (await this.#countInput()),
      outputTokens: this.#mayHaveHidden ? Math.max(passed, ceiling.fitted) : passed,
    };
  }

  /** Whether the provider may have generated, and not told of, as much as it was allowed: reasoning of which nothing passes. */
  get #mayHaveHidden(): boolean {
    const { facts, meter } = this.#call;
    return facts.hiddenOutput && !meter.finished && meter.output?.hasReport === false;
  }

  /** Counted where the hold was by bytes, and never more than was held for it. */
  async #countInput(): Promise<number> {
    const { facts, estimate, input } = this.#call;
    if (!isTextOnly(facts)) return estimate.inputTokens;
    try {
      const { tokens } = await input.count();
      return Math.min(tokens, estimate.inputTokens);
    } catch (error) {
      this.#context.observer.failed("an input could not be counted, and is charged as it was held", error);
      return estimate.inputTokens;
    }
  }

  async #settle(outcome: Outcome): Promise<SettleAnswer> {
    assert(!this.#isFinished, "a hold is ended once");
    this.#isFinished = true;
    this.#call.slices?.end();
    try {
      return await settle(this.#context, this.#call, outcome);
    } catch (error) {
      // Where it did not end after all, what is held can still be charged.
      const { operationId, attempt } = this.#call.call;
      this.#isFinished = this.#context.ledger.holdOf(operationId)?.attempt !== attempt;
      throw error;
    }
  }

  /** Providers do not charge for an error or a redirect: the hold is given back, and their answer passes as it is. */
  #beginError(): void {
    this.#phase = "failing";
    this.#isFinished = true;
    const { route } = this.#call;
    void this.#run(release(this.#context, this.#call, `the provider answered ${this.#status}`));
    this.#context.observer.callFailed({ provider: route.provider.name, status: this.#status });
    const headers = this.#addOwn(replyHeaders(this.#headers));
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
    if (hadPhase === "draining") return;
    if (hadPhase === "streaming" && this.#call.meter.finished) return this.#endStream();
    this.#phase = "draining";
    const closed = this.#goneAt !== null || failure.timedOut;
    // Cancelled at once, that is: one that was waited for may have been answered on the way, out of sight.
    const isSoon = this.#goneAt !== null && !failure.timedOut;
    const wasCancelled = hadPhase === "waiting" && isSoon && failure.reached && this.#call.slices !== null && !this.#mayHaveHidden;
    if (hadPhase === "streaming" || wasCancelled) {
      await this.#settle((await this.#read({ closed })).outcome);
      this.#reply.abort();
      return this.#done();
    }
    if (failure.reached) await this.#settleUnresolved();
    else await this.#releaseUnreached();
    this.#answerFailure(failure);
  }

  async #settleUnresolved(): Promise<void> {
    const { route, call } = this.#call;
    const held = this.#context.ledger.holdOf(call.operationId)?.amount ?? this.#call.held;
    const ended = { model: route.model, held, latencyMs: this.#latencyMs(), flags: this.#flags };
    await this.#settle(unresolvedOutcome(this.#context.prices().version, ended));
  }

  async #releaseUnreached(): Promise<void> {
    this.#isFinished = true;
    await release(this.#context, this.#call, "the provider was not reached");
    this.#context.observer.callFailed({ provider: this.#call.route.provider.name, status: 502 });
  }

  #answerFailure(failure: UpstreamFailure): void {
    if (this.#reply.gone) return this.#done();
    const { provider, wire } = this.#call.route;
    const error = upstreamError(failure, { provider: provider.name, isCharged: failure.reached });
    this.#reply.head(error.status, this.#addOwn({ "content-type": "application/json" }));
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
      this.#upstream?.abort({ message: "an error inside Purser", timedOut: false });
      this.#reply.abort();
      if (this.#isFinished || this.#isGivenUp) return this.#done();
      this.#isGivenUp = true;
      return this.#run(this.#settleUnresolved().then(() => this.#done()));
    });
  }
}
