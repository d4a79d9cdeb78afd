/** Holding the estimate in every budget that applies, before anything is forwarded. */

import type { AnswerOf, HoldCommand, Refusal } from "../domain/ledger/command.ts";
import type { Clock, Ledger } from "./ports.ts";
import { demandOf, type Caution, type Estimate } from "./estimate.ts";
import type { Scouts } from "./scouts.ts";
import type { Waiting } from "./waiting.ts";

/** What a call was admitted with, or why it was not. */
export type Held =
  | {
      readonly admitted: true;
      readonly answer: Extract<AnswerOf["hold"], { admitted: true }>;
      /** What was held for. */
      readonly estimate: Estimate;
      /** To be called when the call has ended. */
      readonly ended: () => void;
    }
  | { readonly admitted: false; readonly refusal: Refusal };

export interface HoldContext {
  readonly ledger: Pick<Ledger, "commit">;
  readonly clock: Clock;
  readonly waiting: Waiting;
  readonly scouts: Scouts;
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
 *
 * Of a model that was never billed, the estimate may be far too small: more is held then. Where a budget has no room for that,
 * one call goes ahead by the plain estimate, and the others wait for what it teaches.
 */
export async function hold(context: HoldContext, request: HoldRequest): Promise<Held> {
  const { waiting, clock } = context;
  const deadline = clock.now() + context.holdWaitMs;
  let place: number | null = null;
  for (;;) {
    const { endings } = waiting;
    const tried = await tryToHold(context, request, clock.now() < deadline);
    if (!("waitFor" in tried)) {
      // Whoever stands behind may find room as well, or has to be told that there is none.
      if (place !== null) waiting.roomMade();
      return tried;
    }
    place ??= waiting.takePlace();
    await waiting.forRoom({ queue: tried.waitFor, place, endings, ms: deadline - clock.now() });
  }
}

/** The call is to wait: in the queue for a budget, or for a scout. */
interface Wait {
  readonly waitFor: string;
}

async function tryToHold(context: HoldContext, request: HoldRequest, canWait: boolean): Promise<Held | Wait> {
  const { caution, ceiling } = request.estimate();
  if (!caution) return tryPlainly(context, request, canWait);
  const careful = await attempt(context, request, { shorten: false, final: false, caution });
  if (careful.admitted) return careful;

  const { provider, model } = request.route;
  const kind = `${provider}\n${model}\n${ceiling}`;
  const scout = context.scouts.send(kind);
  if (!scout) return canWait ? { waitFor: kind } : tryPlainly(context, request, canWait);
  try {
    const tried = await tryPlainly(context, request, canWait);
    if ("waitFor" in tried) scout.stay();
    else if (!tried.admitted) scout.comeBack();
    else return { ...tried, ended: () => scout.comeBack() };
    return tried;
  } catch (error) {
    scout.comeBack();
    throw error;
  }
}

async function tryPlainly(context: HoldContext, request: HoldRequest, canWait: boolean): Promise<Held | Wait> {
  const whole = await attempt(context, request, { shorten: false, final: false, caution: noCaution });
  if (whole.admitted) return whole;
  if (whole.refusal.reason === "budget_held" && canWait) return { waitFor: queueOf(whole.refusal) };

  const shortened = await attempt(context, request, { shorten: true, final: !canWait, caution: noCaution });
  if (shortened.admitted || !canWait) return shortened;
  if (shortened.refusal.reason === "budget_held") return { waitFor: queueOf(shortened.refusal) };
  return attempt(context, request, { shorten: true, final: true, caution: noCaution });
}

/** Of a budget for every value, those of one value do not stand before those of another. */
function queueOf({ budgetId, balance }: Refusal): string {
  return `${budgetId}\n${balance.counter.value}`;
}

interface Attempt {
  /** A stream's slice is no shortening: what matters is whether the first one fits whole. */
  readonly shorten: boolean;
  readonly final: boolean;
  /** What to hold on top. */
  readonly caution: Caution;
}

async function attempt(
  context: HoldContext,
  { estimate: estimateNow, ...request }: HoldRequest,
  { shorten, final, caution }: Attempt,
): Promise<Held> {
  const estimate = estimateNow();
  const { least, inputTokens } = estimate;
  const outputTokens = estimate.firstSlice + caution.outputTokens;
  const output = { outputTokens, least: shorten ? Math.min(least, outputTokens) : outputTokens };
  const demand = demandOf({ ...estimate, inputTokens: inputTokens + caution.inputTokens }, output);
  const command = { ...request, kind: "hold", at: context.clock.now(), demand, expiresAt: null, final } as const;
  const answer = await context.ledger.commit(command);
  return answer.admitted ? { admitted: true, answer, estimate, ended: nothing } : answer;
}

const noCaution: Caution = { inputTokens: 0, outputTokens: 0 };

function nothing(): void {}
