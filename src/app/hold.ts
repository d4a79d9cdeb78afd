/** Holding the estimate in every budget that applies, before anything is forwarded. */

import type { AnswerOf, Demand, HoldCommand } from "../domain/ledger/command.ts";
import type { Clock, Ledger } from "./ports.ts";
import { demandOf, type Estimate } from "./estimate.ts";
import type { Waiting } from "./waiting.ts";

export type HoldAnswer = AnswerOf["hold"];

export interface HoldContext {
  readonly ledger: Pick<Ledger, "commit">;
  readonly clock: Clock;
  readonly waiting: Waiting;
  readonly holdWaitMs: number;
}

export interface HoldRequest extends Omit<HoldCommand, "kind" | "at" | "demand" | "final" | "expiresAt"> {
  /** Called for each try: what was learned meanwhile counts. */
  readonly estimate: () => Estimate;
}

/**
 * Resolves once the hold is durable, or with a refusal that is recorded.
 *
 * A call that would fit if others cost less than they hold waits for them, within `holdWaitMs`, rather than being refused or
 * given a shorter answer than the budget can pay for. Only what is spent shortens an answer at once.
 */
export async function hold(context: HoldContext, request: HoldRequest): Promise<HoldAnswer> {
  const deadline = context.clock.now() + context.holdWaitMs;
  for (;;) {
    const whole = await tryHold(context, request, { shorten: false, final: false });
    if (whole.admitted) return whole;

    const canWait = context.clock.now() < deadline;
    if (whole.refusal.reason !== "budget_held" || !canWait) {
      const shortened = await tryHold(context, request, { shorten: true, final: !canWait });
      if (shortened.admitted || !canWait) return shortened;
      if (shortened.refusal.reason !== "budget_held") return tryHold(context, request, { shorten: true, final: true });
    }
    await context.waiting.forRoom(deadline - context.clock.now());
  }
}

function tryHold(
  context: HoldContext,
  { estimate, ...request }: HoldRequest,
  { shorten, final }: { readonly shorten: boolean; readonly final: boolean },
): Promise<HoldAnswer> {
  const demand = demandFor(estimate(), shorten);
  return context.ledger.commit({ ...request, kind: "hold", at: context.clock.now(), demand, expiresAt: null, final });
}

/** A stream's slice is no shortening: what matters is whether the first one fits whole. */
function demandFor(estimate: Estimate, shorten: boolean): Demand {
  const { firstSlice, least } = estimate;
  return demandOf(estimate, { outputTokens: firstSlice, least: shorten ? Math.min(least, firstSlice) : firstSlice });
}
