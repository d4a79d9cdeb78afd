/** Holding the estimate in every budget that applies, before anything is forwarded. */

import type { AnswerOf, HoldCommand, Refusal } from "../../domain/ledger/command.ts";
import { demandOf, type Estimate } from "./estimate.ts";
import type { CallLimits } from "../port/limits.ts";
import type { Observer } from "../port/observer.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { Scouts } from "./scouts.ts";
import type { CountedInput } from "../port/token-counter.ts";
import type { Waiting } from "./waiting.ts";

/** What a call was admitted with, or why it was not. */
export type Held =
  | {
      readonly admitted: true;
      readonly answer: Extract<AnswerOf["hold"], { admitted: true }>;
      /** What was held for. */
      readonly estimate: Estimate;
      /** Call this when the call has ended. */
      readonly ended: () => void;
    }
  | { readonly admitted: false; readonly refusal: Refusal };

export interface HoldContext {
  readonly ledger: Pick<Ledger, "commit">;
  readonly clock: Clock;
  readonly waiting: Waiting;
  readonly scouts: Scouts;
  readonly limits: Pick<CallLimits, "holdWaitMs">;
  readonly observer: Pick<Observer, "failed">;
}

export interface HoldRequest extends Pick<HoldCommand, "at" | "operationId" | "repeat" | "attribution" | "route" | "budgets"> {
  /** Called for each try, with its moment: what was learned meanwhile counts. @param counted Null for the bound by bytes. */
  readonly estimate: (at: number, counted: CountedInput | null) => Estimate;
  /** Counts the input, away from this thread. */
  readonly count: () => Promise<CountedInput>;
}

/**
 * Resolves once the hold is durable, or with a refusal that is recorded.
 *
 * What is held is an upper bound of what can be billed. Far from a limit that is a token a byte, which costs nothing to find;
 * where it does not fit, the input is counted. A call that would fit if others cost less than they hold waits for them, within
 * `holdWaitMs`, rather than being refused or given a shorter answer than the budget can pay for. Only what is spent shortens an
 * answer at once.
 *
 * For a model that was never billed, it is unknown what its provider adds, so more is held. If a budget has no room for that,
 * one call goes ahead without it, and the others wait for its bill.
 */
export async function hold(context: HoldContext, request: HoldRequest): Promise<Held> {
  const estimate = request.estimate(request.at, null);
  // Nearly every call is admitted here, and takes no further step.
  const answer = await context.ledger.commit(commandByBytes(request, estimate));
  return answer.admitted ? admitted(answer, estimate) : holdByCount(context, request);
}

async function holdByCount(context: HoldContext, request: HoldRequest): Promise<Held> {
  const { waiting, clock } = context;
  const deadline = clock.monotonic() + context.limits.holdWaitMs;
  const counted = await countIfPossible(context, request);
  let place: number | null = null;
  while (true) {
    const { endings } = waiting;
    const tried = await tryOnce(context, { request, counted, canWait: clock.monotonic() < deadline });
    if (!("waitFor" in tried)) {
      // The callers behind may find room as well, or have to be refused.
      if (place !== null) waiting.roomMade();
      return tried;
    }
    place ??= waiting.takePlace();
    await waiting.forRoom({ queue: tried.waitFor, place, endings, ms: deadline - clock.monotonic() });
  }
}

/** @returns Null where it failed: what is held then is the bound by bytes, which is safe and refuses more. */
async function countIfPossible({ observer }: HoldContext, { count }: HoldRequest): Promise<CountedInput | null> {
  try {
    return await count();
  } catch (error) {
    observer.failed("an input could not be counted, and is held by its bytes", error);
    return null;
  }
}

/** The call is to wait: in the queue for a budget, or for a scout. */
interface Wait {
  readonly waitFor: string;
}

interface Try {
  readonly request: HoldRequest;
  readonly counted: CountedInput | null;
  readonly canWait: boolean;
}

async function tryOnce(context: HoldContext, one: Try): Promise<Held | Wait> {
  const { request, counted, canWait } = one;
  const estimate = request.estimate(context.clock.now(), counted);
  if (estimate.unknownInput === 0) return tryPlainly(context, one);
  const answer = await attempt(context, one, { shorten: false, final: false, cautious: true });
  if (answer.admitted) return answer;
  const { provider, model } = request.route;
  const kind = `${provider}\n${model}\n${estimate.ceiling}`;
  const scout = context.scouts.send(kind);
  if (!scout) return canWait ? { waitFor: kind } : tryPlainly(context, one);
  try {
    const tried = await tryPlainly(context, one);
    if ("waitFor" in tried) scout.stay();
    else if (!tried.admitted) scout.comeBack();
    else return { ...tried, ended: () => scout.comeBack() };
    return tried;
  } catch (error) {
    scout.comeBack();
    throw error;
  }
}

async function tryPlainly(context: HoldContext, one: Try): Promise<Held | Wait> {
  const whole = await attempt(context, one, { shorten: false, final: false });
  return whole.admitted ? whole : tryShorter(context, one, whole.refusal);
}

async function tryShorter(context: HoldContext, one: Try, refusal: Refusal): Promise<Held | Wait> {
  const { canWait } = one;
  if (refusal.reason === "budget_held" && canWait) return { waitFor: queueOf(refusal) };
  const shortened = await attempt(context, one, { shorten: true, final: !canWait });
  if (shortened.admitted || !canWait) return shortened;
  if (shortened.refusal.reason === "budget_held") return { waitFor: queueOf(shortened.refusal) };
  return attempt(context, one, { shorten: true, final: true });
}

/** Of a budget for every value, those of one value do not wait behind those of another. */
function queueOf({ budgetId, balance }: Refusal): string {
  return `${budgetId}\n${balance.counter.value}`;
}

interface Attempt {
  /** A stream's slice is no shortening: what matters is whether the first one fits whole. */
  readonly shorten: boolean;
  readonly final: boolean;
  /** Whether to hold, in addition, what an unknown provider may add. */
  readonly cautious?: boolean;
}

async function attempt({ clock, ledger }: HoldContext, { request, counted }: Try, how: Attempt): Promise<Held> {
  const at = clock.now();
  const estimate = request.estimate(at, counted);
  const output = estimate.firstSlice;
  const demand = demandOf(estimate, {
    input: estimate.inputTokens + (how.cautious ? estimate.unknownInput : 0),
    output,
    least: how.shorten ? Math.min(estimate.least, output) : output,
  });
  const answer = await ledger.commit(commandFor(request, { at, demand, final: how.final }));
  return answer.admitted ? admitted(answer, estimate) : answer;
}

/** All that was asked for must be payable: an answer is not shortened for a bound that is far too high. */
function commandByBytes(request: HoldRequest, estimate: Estimate): HoldCommand {
  const { inputTokens, unknownInput, firstSlice, ceiling } = estimate;
  const demand = demandOf(estimate, { input: inputTokens + unknownInput, output: firstSlice, least: firstSlice });
  const loose = { ...demand, payableOutputTokens: ceiling, loose: true };
  return commandFor(request, { at: request.at, demand: loose, final: false });
}

function commandFor(
  { operationId, repeat, attribution, route, budgets }: HoldRequest,
  { at, demand, final }: Pick<HoldCommand, "at" | "demand" | "final">,
): HoldCommand {
  return { kind: "hold", at, operationId, repeat, attribution, route, budgets, demand, expiresAt: null, fingerprint: null, final };
}

function admitted(answer: Extract<AnswerOf["hold"], { admitted: true }>, estimate: Estimate): Held {
  return { admitted: true, answer, estimate, ended: nothing };
}

function nothing(): void {}
