/** Ends the hold of a call exactly once: settled, released, or charged at the amount held. */

import { assert } from "../../domain/assert.ts";
import type { SettleAnswer } from "../../domain/ledger/command.ts";
import type { Outcome, Quantities } from "../../domain/ledger/entry.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import type { UsageFlag } from "../../domain/usage/usage.ts";
import { release, settle, type FinishContext, type HeldCall } from "./settle.ts";
import type { Ledger } from "../port/ledger.ts";
import { unresolvedOutcome } from "./outcome.ts";

export interface HoldEndContext extends FinishContext {
  readonly ledger: Pick<Ledger, "decide" | "holdOf">;
  readonly prices: () => PriceBook;
}

export class HoldEnd {
  readonly #context: HoldEndContext;
  #isOver = false;

  constructor(context: HoldEndContext) {
    this.#context = context;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  settle(held: HeldCall, outcome: Outcome): Promise<SettleAnswer> {
    return this.#end(held, () => outcome);
  }

  /** Charges the amount held, for a call whose result is unknown. */
  async settleUnresolved(
    held: HeldCall & { readonly held: Quantities },
    ended: { readonly latencyMs: number; readonly flags: readonly UsageFlag[] },
  ): Promise<void> {
    const { ledger, prices } = this.#context;
    await this.#end(held, async () => {
      const open = await ledger.holdOf(held.call.operationId);
      const amount = open?.amount ?? held.held;
      return unresolvedOutcome(prices().version, {
        model: held.route.model,
        held: amount,
        ...ended,
      });
    });
  }

  async release(held: Pick<HeldCall, "call">, reason: string): Promise<void> {
    this.#isOver = true;
    await release(this.#context, held, reason);
  }

  /** @param outcomeOf Called once nothing else may end the hold. */
  async #end(held: HeldCall, outcomeOf: () => Outcome | Promise<Outcome>): Promise<SettleAnswer> {
    assert(!this.#isOver, "a hold is ended once");
    this.#isOver = true;
    held.slices?.end();
    try {
      return await settle(this.#context, held, await outcomeOf());
    } catch (error) {
      // If the hold did not end after all, it can still be charged.
      const { operationId, attempt } = held.call;
      const open = await this.#context.ledger.holdOf(operationId);
      this.#isOver = open?.attempt !== attempt;
      throw error;
    }
  }
}
