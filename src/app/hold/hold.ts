/** Holds the estimate of a call in every budget that applies, before anything is forwarded. */

import { assert } from "../../domain/assert.ts";
import type { AnswerOf, HoldCommand, Refusal } from "../../domain/ledger/command.ts";
import { addQuantities, type Quantities } from "../../domain/ledger/entry.ts";
import { demandOf, type Estimate } from "./estimate.ts";
import type { CallLimits } from "../port/limits.ts";
import type { Observer } from "../port/observer.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import { Asking, type Patience } from "./asking.ts";
import type { Scouts } from "./scouts.ts";
import type { CountedInput } from "../port/token-counter.ts";
import type { Waiting } from "./waiting.ts";

export interface AdmittedHold {
  readonly admitted: true;
  readonly answer: Extract<AnswerOf["hold"], { admitted: true }>;
  /** When it was estimated. Prices of this time were held. */
  readonly at: number;
  /** The estimate that was held. */
  readonly estimate: Estimate;
  /** Call this when the call has ended. */
  readonly ended: () => void;
}

export interface RefusedHold {
  readonly admitted: false;
  readonly refusal: Refusal;
  /** The caller left while its call waited for people to answer: no refusal is recorded. */
  readonly abandoned?: true;
}

export type HoldResult = AdmittedHold | RefusedHold;

export interface HoldContext {
  readonly ledger: Pick<Ledger, "commit">;
  readonly clock: Clock;
  readonly waiting: Waiting;
  readonly scouts: Scouts;
  readonly limits: Pick<CallLimits, "holdWaitMs" | "totalMs">;
  readonly observer: Pick<Observer, "failed">;
}

/** What is known of a call before it is held. */
export interface CallToHold extends Pick<
  HoldCommand,
  "at" | "operationId" | "repeat" | "attribution" | "route" | "budgets" | "closing"
> {
  /**
   * Called for each attempt with its time, so each attempt uses the latest statistics.
   * @param counted Null for the bound by bytes.
   */
  readonly estimate: (at: number, counted: CountedInput | null) => Estimate;
  /** Counts the input tokens, off the main thread. */
  readonly count: () => Promise<CountedInput>;
  /** Held with the call, for charges that are recorded with it. */
  readonly charges?: Quantities;
}

/**
 * Resolves once the hold is durable, or with a refusal that has been recorded.
 *
 * The amount held is an upper bound of what can be billed. Far from a limit it is one token per
 * byte, which is free to compute; only if that does not fit is the input counted. If a call would
 * fit once other calls cost less than they hold, it waits up to `holdWaitMs` instead of being
 * refused or given a shorter answer. Only money already spent shortens an answer at once.
 *
 * If a model has never been billed, it is unknown how much input its provider adds, so more is
 * held. If a budget has no room for that, one call goes ahead without it and the others wait for
 * its bill.
 *
 * If the budget asks people for more money, the call waits for their answer before it is refused.
 *
 * @param patience For a call that can wait for an answer.
 */
export async function hold(
  context: HoldContext,
  call: CallToHold,
  patience?: () => Patience,
): Promise<HoldResult> {
  const estimate = call.estimate(call.at, null);
  // Nearly every call is admitted here.
  const answer = await context.ledger.commit(commandByBytes(call, estimate));
  return answer.admitted
    ? admitted(answer, { at: call.at, estimate })
    : holdByCount(context, call, patience);
}

async function holdByCount(
  context: HoldContext,
  call: CallToHold,
  patience: (() => Patience) | undefined,
): Promise<HoldResult> {
  const counted = await countIfPossible(context, call);
  const tried = await waitForRoom(context, { call, counted, asks: patience !== undefined });
  if (tried.admitted || !tried.refusal.asks || !patience) return tried;
  const asking = Asking.begin(context, tried.refusal, patience());
  if (!asking) return tryLast(context, { call, counted }, tried.refusal);
  try {
    return await askUntilOver(context, { call, counted, asking }, tried.refusal);
  } finally {
    asking.end();
  }
}

type Counted = Pick<Try, "call" | "counted">;

/** The call holds nothing while it waits. */
async function askUntilOver(
  context: HoldContext,
  { asking, ...counted }: Counted & { readonly asking: Asking },
  refusal: Refusal,
): Promise<HoldResult> {
  for (let last = refusal; ;) {
    if (!(await asking.turn(last))) return { admitted: false, refusal: last, abandoned: true };
    if (asking.isOver) return tryLast(context, counted, last);
    const tried = await tryNow(context, { ...counted, asks: true });
    if (tried.admitted || !tried.refusal.asks) return tried;
    last = tried.refusal;
  }
}

/** There was no answer in time, or no more calls can wait: a refusal is final. */
async function tryLast(context: HoldContext, counted: Counted, last: Refusal): Promise<HoldResult> {
  const tried = await tryNow(context, { ...counted, asks: false });
  if (tried.admitted || tried.refusal.budgetId !== last.budgetId) return tried;
  return { admitted: false, refusal: { ...tried.refusal, asked: true } };
}

async function tryNow(context: HoldContext, one: Omit<Try, "canWait">): Promise<HoldResult> {
  const tried = await tryOnce(context, { ...one, canWait: false });
  assert(!("waitFor" in tried), "an attempt that cannot wait is decided");
  return tried;
}

/** @returns A refusal that is recorded, unless it can be lifted by asking and `asks` is set. */
async function waitForRoom(
  context: HoldContext,
  { call, counted, asks }: Omit<Try, "canWait">,
): Promise<HoldResult> {
  const { waiting, clock } = context;
  const deadline = clock.monotonic() + context.limits.holdWaitMs;
  let place: number | null = null;
  while (true) {
    const { endings } = waiting;
    const tried = await tryOnce(context, {
      call,
      counted,
      canWait: clock.monotonic() < deadline,
      asks,
    });
    if (!("waitFor" in tried)) {
      // The next callers in the queue may now fit, or have to be refused.
      if (place !== null) waiting.roomMade();
      return tried;
    }
    place ??= waiting.takePlace();
    await waiting.forRoom({
      queue: tried.waitFor,
      place,
      endings,
      ms: deadline - clock.monotonic(),
    });
  }
}

/**
 * @returns Null if counting failed. The bound by bytes is then held, which is safe but refuses more
 *   calls.
 */
async function countIfPossible(
  { observer }: HoldContext,
  { count }: CallToHold,
): Promise<CountedInput | null> {
  try {
    return await count();
  } catch (error) {
    observer.failed("an input could not be counted and is held by its bytes", error);
    return null;
  }
}

/** The call has to wait, in the queue of a budget or for a scout. */
interface Wait {
  readonly waitFor: string;
}

interface Try {
  readonly call: CallToHold;
  readonly counted: CountedInput | null;
  readonly canWait: boolean;
  /** Whether people may be asked, so a refusal for lack of money is not recorded yet. */
  readonly asks: boolean;
}

async function tryOnce(context: HoldContext, one: Try): Promise<HoldResult | Wait> {
  const { call, counted, canWait } = one;
  const estimate = call.estimate(context.clock.now(), counted);
  if (estimate.unknownInput === 0) return tryPlainly(context, one);
  const answer = await attempt(context, one, { shorten: false, final: false, cautious: true });
  if (answer.admitted) return answer;
  const { provider, model } = call.route;
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

async function tryPlainly(context: HoldContext, one: Try): Promise<HoldResult | Wait> {
  const whole = await attempt(context, one, { shorten: false, final: false });
  return whole.admitted ? whole : tryShorter(context, one, whole.refusal);
}

async function tryShorter(
  context: HoldContext,
  one: Try,
  refusal: Refusal,
): Promise<HoldResult | Wait> {
  const { canWait } = one;
  if (refusal.reason === "budget_held" && canWait) return { waitFor: queueOf(refusal) };
  const shortened = await attempt(context, one, { shorten: true, final: !canWait });
  if (shortened.admitted || !canWait) return shortened;
  if (shortened.refusal.reason === "budget_held") return { waitFor: queueOf(shortened.refusal) };
  return attempt(context, one, { shorten: true, final: true });
}

/** In a budget with one counter per value, each value has a queue of its own. */
function queueOf({ budgetId, balance }: Refusal): string {
  return `${budgetId}\n${balance.counter.value}`;
}

interface Attempt {
  /**
   * Shortening a stream's first slice is not shortening the answer: the first slice must fit in
   * full.
   */
  readonly shorten: boolean;
  readonly final: boolean;
  /** Whether to hold the input that an unknown provider may add as well. */
  readonly cautious?: boolean;
}

async function attempt(
  { clock, ledger }: HoldContext,
  { call, counted, asks }: Try,
  how: Attempt,
): Promise<HoldResult> {
  const at = clock.now();
  const estimate = call.estimate(at, counted);
  const output = estimate.firstSlice;
  const demand = demandOf(estimate, {
    input: estimate.inputTokens + (how.cautious ? estimate.unknownInput : 0),
    output,
    least: how.shorten ? Math.min(estimate.least, output) : output,
  });
  const answer = await ledger.commit({
    ...commandFor(call, { at, demand, final: how.final }),
    ...(asks && { asks }),
  });
  return answer.admitted ? admitted(answer, { at, estimate }) : answer;
}

/** The full amount must fit: an answer is not shortened because of a bound that is far too high. */
function commandByBytes(call: CallToHold, estimate: Estimate): HoldCommand {
  const { inputTokens, unknownInput, firstSlice, ceiling } = estimate;
  const demand = demandOf(estimate, {
    input: inputTokens + unknownInput,
    output: firstSlice,
    least: firstSlice,
  });
  const loose = { ...demand, payableOutputTokens: ceiling, loose: true };
  return commandFor(call, { at: call.at, demand: loose, final: false });
}

function commandFor(
  { operationId, repeat, attribution, route, budgets, closing, charges }: CallToHold,
  { at, demand, final }: Pick<HoldCommand, "at" | "demand" | "final">,
): HoldCommand {
  return {
    kind: "hold",
    at,
    operationId,
    repeat,
    attribution,
    route,
    budgets,
    demand: charges ? { ...demand, fixed: addQuantities(demand.fixed, charges) } : demand,
    expiresAt: null,
    fingerprint: null,
    final,
    ...(closing !== undefined && { closing }),
  };
}

function admitted(
  answer: Extract<AnswerOf["hold"], { admitted: true }>,
  held: Pick<AdmittedHold, "at" | "estimate">,
): HoldResult {
  return { admitted: true, answer, ...held, ended: nothing };
}

function nothing(): void {}
