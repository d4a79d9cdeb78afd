/** One call at the provider: its answer is metered as it passes to the caller, and its hold ends once, whatever happens. */

import { assert } from "../domain/assert.ts";
import type { FallbackRates } from "../domain/budget/budget.ts";
import type { Refusal, SettleAnswer } from "../domain/ledger/command.ts";
import type { Outcome, Quantities } from "../domain/ledger/entry.ts";
import type { PriceBook } from "../domain/price/sheet.ts";
import type { UsageFlag } from "../domain/usage/usage.ts";
import type { UsageMeter } from "../wire/wire.ts";
import type { Estimate } from "./estimate.ts";
import { release, settle, type FinishContext, type HeldCall } from "./finish.ts";
import { isWhole, replyHeaders } from "./answer-headers.ts";
import { tooLong, type Watched } from "./in-flight.ts";
import type { Ledger } from "./ports.ts";
import type { Reply, ReplyHeaders } from "./reply.ts";
import { outcomeOf, unresolvedOutcome } from "./settle.ts";
import { isSurelyOver, type Slices } from "./slices.ts";
import { cutError } from "./refusal.ts";
import { addCost, costComment } from "./tell-cost.ts";
import { upstreamError } from "./upstream-error.ts";
import type { UpstreamExchange, UpstreamFailure, UpstreamHeaders, UpstreamReceiver } from "./upstream.ts";

export interface ExchangeContext extends FinishContext {
  readonly ledger: Pick<Ledger, "decide" | "holdOf">;
  readonly prices: () => PriceBook;
  readonly limits: { readonly firstByteMs: number; readonly idleStreamMs: number; readonly totalMs: number; readonly drainMs: number };
  readonly onDisconnect: "drain" | "cancel";
}

/** A call that is held and about to be forwarded. */
export interface Forwarded extends HeldCall {
  readonly estimate: Estimate;
  readonly heldAt: number;
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
  /** Null before the first piece of an answer that is passed on in whole. */
  #body: Uint8Array[] | null = null;
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
    this.#lastActivityAt = call.heldAt;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    reply.onGone(() => this.#callerLeft());
  }

  attach(upstream: UpstreamExchange): void {
    this.#upstream = upstream;
    if (this.#goneAt !== null) this.#leaveUpstream();
  }

  head(status: number, headers: UpstreamHeaders): void {
    this.#lastActivityAt = this.#context.clock.now();
    this.#status = status;
    this.#headers = headers;
    const { route, heldAt } = this.#call;
    this.#context.observer.answered({ provider: route.provider.name, seconds: (this.#lastActivityAt - heldAt) / 1000 });
    if (status >= 300) return this.#beginError();
    if (this.#call.facts.stream && !isWhole(headers, route)) {
      this.#phase = "streaming";
      return this.#open(this.#addOwn(replyHeaders(headers)));
    }
    if (this.#call.facts.stream) this.#takeAsWhole();
    this.#phase = "buffering";
  }

  data(chunk: Uint8Array): void {
    this.#lastActivityAt = this.#context.clock.now();
    if (this.#phase === "buffering") this.#keep(chunk);
    else if (this.#phase === "failing") this.#pass(chunk);
    else if (this.#phase === "streaming") this.#stream(chunk);
  }

  end(): void {
    if (this.#phase === "failing") return this.#endError();
    if (this.#phase === "buffering") return this.#run(this.#endBuffered());
    if (this.#phase === "streaming") return this.#run(this.#endStream());
  }

  fail(failure: UpstreamFailure): void {
    if (this.#phase === "failing") return this.#breakError();
    if (this.#phase !== "ended") this.#run(this.#break(failure));
  }

  tick(now: number): void {
    if (this.#phase === "ended") return;
    const { limits } = this.#context;
    const isDrained = this.#goneAt !== null && now - this.#goneAt > limits.drainMs;
    const times = { now, startedAt: this.#call.heldAt, lastActivityAt: this.#lastActivityAt, isAnswering: this.#phase !== "waiting" };
    const late = isDrained ? "the caller left, and the answer was not over in time" : tooLong(limits, times);
    if (late !== null) this.#abort(late);
  }

  stop(): void {
    this.#abort("Purser is shutting down");
  }

  #abort(message: string): void {
    this.#upstream?.abort({ message, timedOut: true });
  }

  #callerLeft(): void {
    if (this.#goneAt !== null || this.#phase === "ended") return;
    // Many clients close the connection at the last event, and have the whole answer.
    if (!this.#call.meter.finished) this.#flags = [...this.#flags, "aborted"];
    this.#goneAt = this.#context.clock.now();
    this.#leaveUpstream();
  }

  /** Nobody reads the answer any more: it is read on for its usage, or broken off, as the configuration says. */
  #leaveUpstream(): void {
    if (this.#context.onDisconnect === "cancel") this.#upstream?.abort({ message: "the caller left", timedOut: false });
    else this.#upstream?.resume();
  }

  /** Although a stream was asked for. */
  #takeAsWhole(): void {
    const { route, facts } = this.#call;
    this.#call = { ...this.#call, meter: route.wire.meter(route.endpoint, { stream: false, facts }), slices: null };
  }

  /** Begins a reply that is passed on as it comes. */
  #open(headers: ReplyHeaders): void {
    this.#reply.onDrain(() => this.#upstream?.resume());
    this.#reply.head(this.#status, headers);
  }

  #addOwn(headers: Record<string, string | readonly string[]>): Record<string, string | readonly string[]> {
    const { call, route, fitted } = this.#call;
    headers["x-purser-operation-id"] = call.operationId;
    headers["x-purser-model"] = route.title;
    if (fitted !== null) headers["x-purser-max-tokens"] = String(fitted);
    return headers;
  }

  #keep(chunk: Uint8Array): void {
    if (this.#body) this.#body.push(chunk);
    else this.#body = [chunk];
  }

  #pass(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#reply.gone) return;
    if (!this.#reply.write(bytes)) this.#upstream?.pause();
  }

  #stream(chunk: Uint8Array): void {
    const { meter, slices } = this.#call;
    this.#pass(meter.push(chunk));
    meter.passed();
    // What is finished is charged as that, whatever the provider or the caller does with the connection.
    if (meter.finished && this.#call.route.wireName !== "gemini") return this.#run(this.#endStream());
    if (slices?.isNeeded(meter.progress)) this.#run(this.#topUp(slices));
  }

  async #topUp(slices: Slices): Promise<void> {
    const refusal = await slices.topUp(() => this.#call.meter.progress);
    if (refusal && this.#phase === "streaming") await this.#cut(refusal);
  }

  /** No budget pays for more: the stream ends in the provider's own format, and what was generated is charged. */
  async #cut(refusal: Refusal): Promise<void> {
    this.#phase = "draining";
    this.#flags = [...this.#flags, "cut"];
    this.#upstream?.abort({ message: "the budget is used up", timedOut: false });
    const { meter, route, showsOnlyReason } = this.#call;
    const { outcome } = this.#read();
    await this.#settle(outcome);
    this.#pass(meter.stop({ error: cutError(refusal), usage: outcome.usage, showsOnlyReason }));
    this.#endReply(costComment(outcome, this.#headers, route));
  }

  async #endStream(): Promise<void> {
    this.#phase = "draining";
    const { outcome, rest } = this.#read();
    await this.#settle(outcome);
    this.#pass(rest);
    // Behind half an event a comment would be taken for the rest of it.
    this.#endReply(rest.length === 0 ? costComment(outcome, this.#headers, this.#call.route) : undefined);
  }

  async #endBuffered(): Promise<void> {
    this.#phase = "draining";
    const body = joined(this.#body ?? []);
    this.#call.meter.push(body);
    const { outcome } = this.#read();
    const settled = await this.#settle(outcome);
    if (this.#reply.gone) return this.#done();
    const headers = this.#addOwn(replyHeaders(this.#headers));
    addCost(headers, outcome, settled);
    headers["content-length"] = String(body.length);
    this.#reply.head(this.#status, headers);
    this.#endReply(body);
  }

  /** What the answer cost, and the bytes of it that were kept back. */
  #read(): { readonly outcome: Outcome; readonly rest: Uint8Array } {
    const { meter } = this.#call;
    const { rest, reading } = meter.end();
    const { inputTokens, outputTokens } = meter.progress;
    const progress = { inputTokens, outputTokens: this.#outputCharged(outputTokens) };
    const answer = { reading, progress, endedAt: this.#context.clock.now(), flags: this.#flags };
    return { outcome: outcomeOf(this.#context.prices(), this.#call, answer), rest };
  }

  /**
   * Output tokens to charge should their usage never come. They are counted in bytes, from above: no more than the ceiling that
   * the provider was given, or an estimate of ours would overrun a budget; unless its stream surely did not keep to that.
   */
  #outputCharged(passed: number): number {
    const { slices, ceiling } = this.#call;
    const judged = slices ? slices.judge(passed) : passed;
    return slices && isSurelyOver(passed, ceiling.fitted) ? judged : Math.min(judged, ceiling.fitted);
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
    this.#run(release(this.#context, this.#call, `the provider answered ${this.#status}`));
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
    if (hadPhase === "streaming") {
      await this.#settle(this.#read().outcome);
      this.#reply.abort();
      return this.#done();
    }
    if (failure.reached) await this.#settleUnresolved();
    else await this.#releaseUnreached();
    this.#answerFailure(failure);
  }

  async #settleUnresolved(): Promise<void> {
    const { route, heldAt, call } = this.#call;
    const held = this.#context.ledger.holdOf(call.operationId)?.amount ?? this.#call.held;
    const ended = { model: route.model, held, heldAt, endedAt: this.#context.clock.now(), flags: this.#flags };
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
  #run(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#context.observer.failed("a call could not be brought to its end", error);
      this.#phase = "draining";
      this.#upstream?.abort({ message: "an error inside Purser", timedOut: false });
      this.#reply.abort();
      if (this.#isFinished || this.#isGivenUp) return this.#done();
      this.#isGivenUp = true;
      this.#run(this.#settleUnresolved().then(() => this.#done()));
    });
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only, second] = chunks;
  return only && !second ? only : Buffer.concat(chunks);
}
