/** Holding the estimate in every budget that applies, before anything is forwarded. */

import type { AnswerOf, HoldCommand, Refusal } from "../domain/ledger/command.ts";
import { demandOf, type Estimate } from "./estimate.ts";
import type { CallLimits } from "./limits.ts";
import type { Clock, Ledger } from "./ports.ts";
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
  readonly limits: Pick<CallLimits, "holdWaitMs">;
}

export interface HoldRequest extends Pick<HoldCommand, "at" | "operationId" | "repeat" | "attribution" | "route" | "budgets"> {
  /** Called for each try, with its moment: what was learned meanwhile counts. */
  readonly estimate: (at: number) => Estimate;
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
  const { waiting, clock, ledger } = context;
  const deadline = clock.monotonic() + context.limits.holdWaitMs;
  let place: number | null = null;
  for (let { at } = request; ; at = clock.now()) {
    const { endings } = waiting;
    const estimate = request.estimate(at);
    // Nearly every call is admitted here, and takes no further step.
    const answer = await ledger.commit(commandFor(request, { at, estimate, shorten: false, final: false, cautious: true }));
    const canWait = clock.monotonic() < deadline;
    const tried = answer.admitted
      ? admitted(answer, estimate)
      : await tryFurther(context, request, { refusal: answer.refusal, estimate, canWait });
    if (!("waitFor" in tried)) {
      // Whoever stands behind may find room as well, or has to be told that there is none.
      if (place !== null) waiting.roomMade();
      return tried;
    }
    place ??= waiting.takePlace();
    await waiting.forRoom({ queue: tried.waitFor, place, endings, ms: deadline - clock.monotonic() });
  }
}

/** The call is to wait: in the queue for a budget, or for a scout. */
interface Wait {
  readonly waitFor: string;
}

/** A try to hold all of the estimate, in vain. */
interface Refused {
  readonly estimate: Estimate;
  readonly refusal: Refusal;
  readonly canWait: boolean;
}

async function tryFurther(context: HoldContext, request: HoldRequest, refused: Refused): Promise<Held | Wait> {
  const { estimate, canWait } = refused;
  if (!estimate.caution) return tryShorter(context, request, refused);
  const { provider, model } = request.route;
  const kind = `${provider}\n${model}\n${estimate.ceiling}`;
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
  const whole = await attempt(context, request, { shorten: false, final: false });
  return whole.admitted ? whole : tryShorter(context, request, { ...whole, canWait });
}

async function tryShorter(
  context: HoldContext,
  request: HoldRequest,
  { refusal, canWait }: Pick<Refused, "refusal" | "canWait">,
): Promise<Held | Wait> {
  if (refusal.reason === "budget_held" && canWait) return { waitFor: queueOf(refusal) };
  const shortened = await attempt(context, request, { shorten: true, final: !canWait });
  if (shortened.admitted || !canWait) return shortened;
  if (shortened.refusal.reason === "budget_held") return { waitFor: queueOf(shortened.refusal) };
  return attempt(context, request, { shorten: true, final: true });
}

/** Of a budget for every value, those of one value do not stand before those of another. */
function queueOf({ budgetId, balance }: Refusal): string {
  return `${budgetId}\n${balance.counter.value}`;
}

/** By the plain estimate. */
async function attempt(
  { clock, ledger }: HoldContext,
  request: HoldRequest,
  how: { readonly shorten: boolean; readonly final: boolean },
): Promise<Held> {
  const at = clock.now();
  const estimate = request.estimate(at);
  const answer = await ledger.commit(commandFor(request, { at, estimate, cautious: false, ...how }));
  return answer.admitted ? admitted(answer, estimate) : answer;
}

interface Attempt {
  readonly at: number;
  readonly estimate: Estimate;
  /** A stream's slice is no shortening: what matters is whether the first one fits whole. */
  readonly shorten: boolean;
  readonly final: boolean;
  /** Whether to hold on top what the estimate's caution says. */
  readonly cautious: boolean;
}

function commandFor(request: HoldRequest, { at, estimate, shorten, final, cautious }: Attempt): HoldCommand {
  const { operationId, repeat, attribution, route, budgets } = request;
  const caution = cautious ? estimate.caution : null;
  const output = estimate.firstSlice + (caution?.outputTokens ?? 0);
  const demand = demandOf(estimate, {
    input: estimate.inputTokens + (caution?.inputTokens ?? 0),
    output,
    least: shorten ? Math.min(estimate.least, output) : output,
  });
  return { kind: "hold", at, operationId, repeat, attribution, route, budgets, demand, expiresAt: null, fingerprint: null, final };
}

function admitted(answer: Extract<AnswerOf["hold"], { admitted: true }>, estimate: Estimate): Held {
  return { admitted: true, answer, estimate, ended: nothing };
}

function nothing(): void {}
