/** Ends the hold of a call exactly once: settled, released, or charged at the amount held. */

import { assert } from "../../domain/assert.ts";
import type { SettleAnswer } from "../../domain/ledger/command.ts";
import type { Outcome, Quantities } from "../../domain/ledger/entry.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import type { UsageFlag } from "../../domain/usage/usage.ts";
import type { Ledger } from "../port/ledger.ts";
import { priceAnswer, type CallToPrice } from "./price-answer.ts";
import { countPassed, isReported, type AnswerEnd, type MeteredCall } from "./count-passed.ts";
import { release, settle, type CallToSettle, type SettleContext } from "./settle.ts";
import { unresolvedOutcome } from "./unresolved-outcome.ts";

export interface HoldEndContext extends SettleContext {
  readonly ledger: Pick<Ledger, "decide" | "holdOf">;
  readonly prices: () => PriceBook;
}

/** A call whose time is measured. */
interface TimedCall {
  /** When it was forwarded, in monotonic time. */
  readonly startedAt: number;
}

type EndedCall = Pick<CallToSettle, "call" | "slices">;

interface PricedCall extends CallToPrice {
  /** The book that held the call: a price set later does not apply, whatever time it begins at. */
  readonly prices: PriceBook;
}

type AnsweredCall = MeteredCall & PricedCall & CallToSettle & TimedCall;

/** A call whose hold may have to be charged as it is. */
type UnresolvedCall = CallToSettle & TimedCall & { readonly held: Quantities };

export interface SettledAnswer {
  readonly outcome: Outcome;
  readonly answer: SettleAnswer;
  /** Bytes that the meter held back. */
  readonly rest: Uint8Array;
}

export class HoldEnd {
  readonly #context: HoldEndContext;
  #flags: readonly UsageFlag[] = [];
  #isOver = false;
  #isGivenUp = false;

  constructor(context: HoldEndContext) {
    this.#context = context;
  }

  /** Adds a flag to the charge that does not come from the answer itself. */
  flag(flag: UsageFlag): void {
    this.#flags = [...this.#flags, flag];
  }

  /** Meters what arrived of an answer, prices it, and settles the hold at that cost. */
  async settleAnswer(call: AnsweredCall, end: AnswerEnd): Promise<SettledAnswer> {
    const { rest, reading } = call.meter.end();
    const progress = isReported(reading)
      ? call.meter.progress
      : await countPassed(this.#context, call, { ...end, reading });
    const latencyMs = this.#latencyMs(call);
    const outcome = priceAnswer(call.prices, call, {
      reading,
      progress,
      latencyMs,
      flags: this.#flags,
    });
    return { outcome, answer: await this.settle(call, outcome), rest };
  }

  settle(call: CallToSettle, outcome: Outcome): Promise<SettleAnswer> {
    return this.#end(call, () => settle(this.#context, call, outcome));
  }

  /** Charges the amount held, for a call whose result is unknown. */
  async settleUnresolved(call: UnresolvedCall): Promise<void> {
    const { ledger, prices } = this.#context;
    await this.#end(call, async () => {
      const open = await ledger.holdOf(call.call.operationId);
      const outcome = unresolvedOutcome(prices().version, {
        model: call.route.model,
        held: open?.amount ?? call.held,
        latencyMs: this.#latencyMs(call),
        flags: this.#flags,
      });
      return settle(this.#context, call, outcome);
    });
  }

  release(call: EndedCall, reason: string): Promise<void> {
    return this.#end(call, () => release(this.#context, call, reason));
  }

  /**
   * Charges the amount held, because something else failed. Tried once: if that fails too, recovery
   * charges it at the next start.
   *
   * @returns Null if the hold is over or was given up before.
   */
  giveUp(call: UnresolvedCall): Promise<void> | null {
    if (this.#isOver || this.#isGivenUp) return null;
    this.#isGivenUp = true;
    return this.settleUnresolved(call);
  }

  #latencyMs({ startedAt }: TimedCall): number {
    return this.#context.clock.monotonic() - startedAt;
  }

  /** @param end Called at once; from then on, nothing else may end the hold. */
  async #end<Answer>(call: EndedCall, end: () => Promise<Answer>): Promise<Answer> {
    assert(!this.#isOver, "a hold is ended once");
    this.#isOver = true;
    call.slices?.end();
    try {
      return await end();
    } catch (error) {
      this.#isOver = await this.#isKnownToBeOver(call);
      throw error;
    }
  }

  /** After an ending that failed. If the ledger cannot say, `giveUp` may still try. */
  async #isKnownToBeOver({ call }: Pick<CallToSettle, "call">): Promise<boolean> {
    try {
      const open = await this.#context.ledger.holdOf(call.operationId);
      return open?.attempt !== call.attempt;
    } catch {
      return false;
    }
  }
}
