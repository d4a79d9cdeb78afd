/** One call at the provider: its answer is metered as it passes to the caller, and its hold ends once, whatever happens. */

import { assert } from "../domain/assert.ts";
import type { FallbackRates } from "../domain/budget/budget.ts";
import type { Refusal } from "../domain/ledger/command.ts";
import type { Outcome, Quantities } from "../domain/ledger/entry.ts";
import { formatUsd, pico } from "../domain/money/money.ts";
import type { PriceBook } from "../domain/price/sheet.ts";
import type { UsageFlag } from "../domain/usage/usage.ts";
import type { UsageMeter } from "../wire/wire.ts";
import type { Estimate } from "./estimate.ts";
import { release, settle, type FinishContext, type HeldCall } from "./finish.ts";
import { replyHeaders } from "./forward.ts";
import { tooLong, type Watched } from "./in-flight.ts";
import type { Reply } from "./reply.ts";
import type { Route } from "./route.ts";
import { outcomeOf, unresolvedOutcome } from "./settle.ts";
import { isSurelyOver, type Slices } from "./slices.ts";
import type { UpstreamExchange, UpstreamFailure, UpstreamHeaders, UpstreamReceiver } from "./upstream.ts";

export interface ExchangeContext extends FinishContext {
  readonly prices: () => PriceBook;
  readonly limits: { readonly firstByteMs: number; readonly idleStreamMs: number; readonly totalMs: number; readonly drainMs: number };
  readonly onDisconnect: "drain" | "cancel";
}

/** A call that is held and about to be forwarded. */
export interface Forwarded extends HeldCall {
  readonly estimate: Estimate;
  readonly heldAt: number;
  /** What is held at the moment; it grows with top-ups. */
  readonly held: () => Quantities;
  readonly fallback: FallbackRates | null;
  readonly flags: readonly UsageFlag[];
  readonly meter: UsageMeter;
  /** For an answer that comes whole although a stream was asked for. */
  readonly wholeMeter: () => UsageMeter;
  /** Headers of Purser's own in the answer. */
  readonly ownHeaders: Readonly<Record<string, string>>;
}

type Phase = "waiting" | "streaming" | "buffering" | "failing" | "draining" | "ended";

/** Methods are called by the upstream's connection, by the caller's connection, and by the watch for time-outs. */
export class Exchange implements UpstreamReceiver, Watched {
  /** Resolves when the hold has ended and the caller has all that it will get. */
  readonly ended: Promise<void>;
  readonly #context: ExchangeContext;
  #call: Forwarded;
  readonly #reply: Reply;
  readonly #body: Uint8Array[] = [];
  readonly #flags: Set<UsageFlag>;
  #resolveEnded: () => void = () => undefined;
  #upstream: UpstreamExchange | null = null;
  #phase: Phase = "waiting";
  #status = 0;
  #headers: UpstreamHeaders = {};
  #lastActivityAt: number;
  #goneAt: number | null = null;
  /** The hold ends once. */
  #isFinished = false;

  constructor(context: ExchangeContext, call: Forwarded, reply: Reply) {
    this.#context = context;
    this.#call = call;
    this.#reply = reply;
    this.#flags = new Set(call.flags);
    this.#lastActivityAt = context.clock.now();
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    reply.onGone(() => this.#callerLeft());
    reply.onDrain(() => this.#upstream?.resume());
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
      this.#reply.head(status, replyHeaders(headers, this.#call.ownHeaders));
      return;
    }
    if (this.#call.facts.stream) this.#call = { ...this.#call, meter: this.#call.wholeMeter(), slices: null };
    this.#phase = "buffering";
  }

  data(chunk: Uint8Array): void {
    this.#lastActivityAt = this.#context.clock.now();
    if (this.#phase === "buffering") this.#body.push(chunk);
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
    this.#flags.add("aborted");
    this.#goneAt = this.#context.clock.now();
    this.#leaveUpstream();
  }

  /** Nobody reads the answer any more: it is read on for its usage, or broken off, as the configuration says. */
  #leaveUpstream(): void {
    if (this.#context.onDisconnect === "cancel") this.#upstream?.abort({ message: "the caller left", timedOut: false });
    else this.#upstream?.resume();
  }

  #pass(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#reply.gone) return;
    if (!this.#reply.write(bytes)) this.#upstream?.pause();
  }

  #stream(chunk: Uint8Array): void {
    const { meter, slices } = this.#call;
    this.#pass(meter.push(chunk));
    if (slices?.isNeeded(meter.progress)) this.#run(this.#topUp(slices));
  }

  async #topUp(slices: Slices): Promise<void> {
    const refusal = await slices.topUp(() => this.#call.meter.progress);
    if (refusal && this.#phase === "streaming") await this.#cut(refusal);
  }

  /** No budget pays for more: the stream ends in the provider's own format, and what was generated is charged. */
  async #cut(refusal: Refusal): Promise<void> {
    this.#phase = "draining";
    this.#flags.add("cut");
    const closing = this.#call.meter.stop(`budget ${refusal.budgetId} is used up (${refusal.reason})`);
    this.#upstream?.abort({ message: "the budget is used up", timedOut: false });
    const { outcome } = await this.#settleAsRead();
    this.#pass(closing);
    this.#endReply(costComment(outcome));
  }

  async #endStream(): Promise<void> {
    this.#phase = "draining";
    const { outcome, rest } = await this.#settleAsRead();
    this.#pass(rest);
    // Behind half an event the comment would be taken for the rest of it.
    const canTell = isEventStream(this.#headers) && rest.length === 0;
    this.#endReply(canTell ? costComment(outcome) : undefined);
  }

  async #endBuffered(): Promise<void> {
    this.#phase = "draining";
    const body = Buffer.concat(this.#body);
    this.#call.meter.push(body);
    const { outcome, remaining } = await this.#settleAsRead();
    if (this.#reply.gone) return this.#done();
    const cost = { "x-purser-cost-usd": formatUsd(outcome.cost.usd), "content-length": String(body.length) };
    const own: Record<string, string> = { ...this.#call.ownHeaders, ...cost, ...remaining };
    this.#reply.head(this.#status, replyHeaders(this.#headers, own));
    this.#endReply(body);
  }

  async #settleAsRead(): Promise<{ readonly outcome: Outcome; readonly rest: Uint8Array; readonly remaining: Record<string, string> }> {
    const { meter, route, facts, estimate, heldAt, fallback } = this.#call;
    const { rest, reading } = meter.end();
    const endedAt = this.#context.clock.now();
    const ceiling = this.#call.ceiling.fitted;
    const ended = { route, facts, estimate, ceiling, heldAt, held: this.#call.held(), endedAt, fallback, flags: [...this.#flags] };
    const progress = { inputTokens: meter.progress.inputTokens, outputTokens: this.#outputPassed() };
    const outcome = outcomeOf(this.#context.prices(), ended, { reading, progress });
    const remaining = await this.#settle(outcome);
    return { outcome, rest, remaining };
  }

  /**
   * Output tokens to charge should their usage never come. They are counted in bytes, from above: no more than the ceiling that
   * the provider was given, or an estimate of ours would overrun a budget; unless its stream surely did not keep to that.
   */
  #outputPassed(): number {
    const { meter, slices, ceiling } = this.#call;
    const passed = meter.progress.outputTokens;
    const judged = slices ? slices.judge(passed) : passed;
    return slices && isSurelyOver(passed, ceiling.fitted) ? judged : Math.min(judged, ceiling.fitted);
  }

  async #settle(outcome: Outcome): Promise<Record<string, string>> {
    assert(!this.#isFinished, "a hold is ended once");
    this.#isFinished = true;
    this.#call.slices?.end();
    const { tightest } = await settle(this.#context, this.#call, outcome);
    return tightest ? { "x-purser-budget-remaining-usd": formatUsd(pico(tightest.available)) } : {};
  }

  /** Providers do not charge for an error or a redirect: the hold is given back, and their answer passes as it is. */
  #beginError(): void {
    this.#phase = "failing";
    this.#isFinished = true;
    const { route } = this.#call;
    this.#run(release(this.#context, this.#call, `the provider answered ${this.#status}`));
    this.#context.observer.callFailed({ provider: route.provider.name, status: this.#status });
    this.#reply.head(this.#status, replyHeaders(this.#headers, { ...this.#call.ownHeaders, "x-purser-cost-usd": "0" }));
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
    this.#phase = "draining";
    if (hadPhase === "streaming") {
      await this.#settleAsRead();
      this.#reply.abort();
      return this.#done();
    }
    if (failure.reached) await this.#settleUnresolved();
    else await this.#releaseUnreached();
    this.#answerFailure(failure);
  }

  async #settleUnresolved(): Promise<void> {
    const { route, heldAt } = this.#call;
    const call = { model: route.model, held: this.#call.held(), heldAt, endedAt: this.#context.clock.now() };
    await this.#settle(unresolvedOutcome(this.#context.prices().version, { ...call, flags: [...this.#flags] }));
  }

  async #releaseUnreached(): Promise<void> {
    this.#isFinished = true;
    await release(this.#context, this.#call, "the provider was not reached");
    this.#context.observer.callFailed({ provider: this.#call.route.provider.name, status: 502 });
  }

  #answerFailure({ timedOut, reached, message }: UpstreamFailure): void {
    if (this.#reply.gone) return this.#done();
    const status = timedOut ? 504 : 502;
    const charged = reached ? " What was held for it is charged, since the provider may bill it." : "";
    const text = this.#call.route.wire.error({
      status,
      message: `${this.#call.route.provider.name} did not answer: ${message}.${charged}`,
      code: timedOut ? "upstream_timeout" : "upstream_unreachable",
      param: null,
    });
    this.#reply.head(status, { "content-type": "application/json", ...this.#call.ownHeaders });
    this.#endReply(Buffer.from(text));
  }

  #endReply(bytes?: Uint8Array): void {
    if (!this.#reply.gone) this.#reply.end(bytes);
    this.#done();
  }

  #done(): void {
    this.#phase = "ended";
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
      if (this.#isFinished) this.#done();
      else this.#run(this.#settleUnresolved().then(() => this.#done()));
    });
  }
}

/** A comment that clients skip: the only place where a stream can still say what it cost. */
function costComment(outcome: Outcome): Uint8Array {
  return Buffer.from(`: purser cost_usd=${formatUsd(outcome.cost.usd)} status=${outcome.status}\n\n`);
}

/** Some servers do not stream, and answer in JSON whatever is asked. Gemini's streams are JSON themselves. */
function isWhole({ "content-type": type }: UpstreamHeaders, { wireName }: Route): boolean {
  return wireName !== "gemini" && typeof type === "string" && /^application\/json\b/i.test(type);
}

function isEventStream(headers: UpstreamHeaders): boolean {
  const type = headers["content-type"];
  return typeof type === "string" && type.startsWith("text/event-stream");
}
