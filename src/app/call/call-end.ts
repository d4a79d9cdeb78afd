/** Ends a call: first its hold, at what the call cost, then the reply to its caller. */

import type { Refusal } from "../../domain/ledger/command.ts";
import type { UsageFlag } from "../../domain/usage/usage.ts";
import { cutError } from "../hold/refusal.ts";
import type { UpstreamFailure } from "../port/upstream.ts";
import { HoldEnd, type HoldEndContext } from "../settle/hold-end.ts";
import { mayHaveHidden } from "../settle/count-passed.ts";
import type { CallReply } from "./call-reply.ts";
import type { CoveredStream } from "./covered-stream.ts";
import type { ForwardedCall } from "./forwarded-call.ts";

interface Break {
  readonly failure: UpstreamFailure;
  /** Whether the caller left before. */
  readonly isLeft: boolean;
  /** What had arrived: nothing, a part of a stream, or a part of a single body. */
  readonly before: "waiting" | "streaming" | "buffering";
}

/** Only one of the endings is called, except that `giveUp` may follow one that failed. */
export class CallEnd {
  readonly #context: HoldEndContext;
  readonly #reply: CallReply;
  readonly #hold: HoldEnd;

  constructor(context: HoldEndContext, reply: CallReply) {
    this.#context = context;
    this.#reply = reply;
    this.#hold = new HoldEnd(context);
  }

  flag(flag: UsageFlag): void {
    this.#hold.flag(flag);
  }

  /** The provider ended the stream. */
  async streamed(call: ForwardedCall, stream: CoveredStream): Promise<void> {
    const { outcome, rest } = await this.#hold.settleAnswer(call, { closed: false });
    stream.passWithheld();
    this.#reply.pass(rest);
    // A comment after half an event would be read as the rest of it.
    if (rest.length === 0) this.#reply.endStream(outcome);
    else this.#reply.end();
  }

  /** The whole answer arrived and has not been passed on. */
  async whole(call: ForwardedCall, body: Uint8Array): Promise<void> {
    call.meter.push(body);
    const { outcome, answer } = await this.#hold.settleAnswer(call, { closed: false });
    this.#reply.writeWhole(body, outcome, answer);
  }

  /** A budget has no more room. The stream ends in the provider's format; its output is charged. */
  async cut(call: ForwardedCall, refusal: Refusal): Promise<void> {
    const { meter, showsOnlyReason } = call;
    const { outcome } = await this.#hold.settleAnswer(call, { closed: true });
    this.#reply.pass(
      meter.stop({ error: cutError(refusal), usage: outcome.usage, showsOnlyReason }),
    );
    this.#reply.endStream(outcome);
  }

  /** The answer broke off, or never arrived. */
  async broken(call: ForwardedCall, broken: Break): Promise<void> {
    const { failure, isLeft, before } = broken;
    if (before === "streaming" || wasCancelled(call, broken)) {
      await this.#hold.settleAnswer(call, { closed: isLeft || failure.timedOut });
      return this.#reply.abort();
    }
    if (failure.reached) await this.#hold.settleUnresolved(call);
    else {
      await this.#hold.release(call, "the provider was not reached");
      this.#reportFailed(call, 502);
    }
    this.#reply.writeFailure(failure);
  }

  /**
   * The provider answered with an error or a redirect, which providers do not charge for. The
   * release is under way when this returns; the answer passes on meanwhile.
   */
  refused(call: ForwardedCall, status: number): Promise<void> {
    const released = this.#hold.release(call, `the provider answered ${status}`);
    this.#reportFailed(call, status);
    return released;
  }

  /** Charges the amount held after an ending failed. @returns Null if nothing is left to charge. */
  giveUp(call: ForwardedCall): Promise<void> | null {
    return this.#hold.giveUp(call);
  }

  #reportFailed({ route, withConfiguredKey }: ForwardedCall, status: number): void {
    this.#context.observer.callFailed({
      provider: route.provider.name,
      status,
      withConfiguredKey,
    });
  }
}

/**
 * Whether the caller left and the stream was cancelled before it began, so that little was
 * generated. After a longer wait, the provider may have generated an answer that never arrived.
 */
function wasCancelled(call: ForwardedCall, { failure, isLeft, before }: Break): boolean {
  const isSoon = before === "waiting" && isLeft && failure.reached && !failure.timedOut;
  return isSoon && call.slices !== null && !mayHaveHidden(call);
}
