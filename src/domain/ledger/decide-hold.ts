/**
 * Decides a hold: the cost estimate of a call is reserved in every budget that applies, or in none.
 */

import { assert } from "../assert.ts";
import { blocksUnpriced, fallbackFor } from "../budget/unpriced.ts";
import { add, multiply, pico, zero, type PicoUsd } from "../money/money.ts";
import type { FallbackRates } from "../price/row/rate.ts";
import type { Applied } from "./applicable.ts";
import type {
  Demand,
  HoldAnswer,
  HoldCommand,
  Refusal,
  RefusalReason,
  Remaining,
} from "./command.ts";
import { amountIn, available, balanceOf, isPausedByThreshold, limitOf } from "./counter.ts";
import type { Decided } from "./decided.ts";
import type { Entry, Quantities } from "./entry.ts";
import { newlyUsed, roomIn, type Closing } from "./reserve.ts";
import { answerRepeat, nextAttempt } from "./repeat.ts";
import { checkHolds, checkShare } from "./self-reported.ts";
import type { LedgerView } from "./view.ts";

/** A demand with known rates, from the price book, a budget's fallback or a provider's ceiling. */
export interface PricedDemand {
  readonly fixed: Quantities;
  readonly perOutputToken: PicoUsd;
  readonly outputTokens: number;
  readonly payableOutputTokens: number;
}

/**
 * Holds `demand.fixed` and as much of `demand.outputTokens` as all hard budgets can pay, at least
 * `leastOutputTokens`.
 *
 * A refusal names the narrowest budget that cannot pay the required amount.
 *
 * @throws PurserError `conflict` for an operation in flight, or in the ledger with another body;
 *   `forbidden` for more than the share of a key, or more open holds than a key may have.
 */
export function decideHold(books: LedgerView, command: HoldCommand): Decided<HoldAnswer> {
  assert(
    command.demand.leastOutputTokens <= command.demand.outputTokens,
    "the minimum output is at most the requested output",
  );
  const repeat = answerRepeat(books, command);
  if (repeat) return { answer: repeat, entries: [] };
  if (command.share) checkHolds(books, command.share);

  const applied = books.applied(command, command.at);
  const fallback = chooseFallback(applied, command.demand);
  if (fallback === "blocked") return refuseUnpriced(applied, command);

  const demand = priceDemand(command.demand, fallback);
  const refusal = refusalFor(applied, demand, command);
  if (refusal)
    return refuse(command, {
      ...refusal,
      ...(fallback?.ceiling && { ceiling: fallback.ceiling }),
    });
  return admit(books, { command, applied, demand, fallback });
}

/**
 * Why the budgets cannot pay the least output, or a loose hold takes too much of one. People are
 * asked only if their answer can admit the call: a refusal that they cannot lift comes first.
 */
function refusalFor(
  applied: readonly Applied[],
  demand: PricedDemand,
  command: HoldCommand,
): Refusal | null {
  const least = quantities(demand, demand.payableOutputTokens);
  const closing = closingOf(command);
  let askable: Refusal | null = null;
  for (const one of applied) {
    const found = refusesCall(one, least, closing);
    const reason = found && declined(one, { reason: found, command });
    if (!reason) continue;
    const needed = amountIn(one.budget.currency, least);
    const refusal = refusalBy(one, { reason, needed, closing });
    if (!refusal.asks) return refusal;
    askable ??= refusal;
  }
  if (askable) return askable;
  return command.demand.loose === true
    ? crowdedBy(applied, quantities(demand, demand.outputTokens))
    : null;
}

function closingOf({ closing }: HoldCommand): Closing | null {
  return closing === undefined ? null : { run: closing, budgets: [] };
}

/** A person who declined is not asked again for a while. A call may still wait for calls in flight. */
function declined(
  { counter }: Applied,
  { reason, command }: { readonly reason: RefusalReason; readonly command: HoldCommand },
): RefusalReason {
  const { question } = counter.controls;
  if (!question?.declined || command.at >= question.until || !lackOfMoney.has(reason))
    return reason;
  return reason === "budget_held" && !command.final ? reason : "approval_declined";
}

const lackOfMoney: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  "budget_exhausted",
  "budget_held",
  "closing_used",
]);

interface Admission {
  readonly command: HoldCommand;
  readonly applied: readonly Applied[];
  readonly demand: PricedDemand;
  readonly fallback: FallbackRates | null;
}

function admit(books: LedgerView, admission: Admission): Decided<HoldAnswer> {
  const { command, applied, demand, fallback } = admission;
  const closing = closingOf(command);
  const affordable = affordableOutput(applied, demand, closing);
  const outputTokens =
    affordable === null ? demand.outputTokens : Math.min(demand.outputTokens, affordable);
  const amount = quantities(demand, outputTokens);
  if (command.share) checkShare(books, applied, { share: command.share, amount });
  const call = { operationId: command.operationId, attempt: nextAttempt(books, command) };
  const { at, attribution, route, expiresAt, fingerprint } = command;
  const entry: Entry = {
    kind: "hold",
    at,
    ...call,
    attribution,
    route,
    amount,
    // A soft budget admits a call outside its only window but does not count it.
    counters: applied.filter(({ closed }) => !closed).map(({ counter }) => counter.key),
    expiresAt,
    fingerprint,
    ...(closing && {
      closing: { run: closing.run, budgets: newlyUsed(applied, closing, amount) },
    }),
  };
  const answer: HoldAnswer = {
    admitted: true,
    call,
    repeated: false,
    amount,
    outputTokens,
    affordableOutputTokens: affordable,
    tightest: tightestAfter(applied, amount),
    fallback,
  };
  return { answer, entries: [entry] };
}

/** The hard USD budget with the least left for ordinary calls after a change by `amount`. */
export function tightestAfter(applied: readonly Applied[], amount: Quantities): Remaining | null {
  let tightest: Remaining | null = null;
  for (const one of applied) {
    const { budget } = one;
    if (budget.policy !== "hard" || budget.currency !== "USD") continue;
    const left = roomIn(one, null);
    if (tightest && left >= tightest.available) continue;
    tightest = { budgetId: budget.budgetId, available: left };
  }
  return tightest && { ...tightest, available: tightest.available - amount.usd };
}

/** Why a budget refuses a new call: a person or a rule paused it, or it cannot pay. */
export function refusesCall(
  applied: Applied,
  needed: Quantities,
  closing: Closing | null = null,
): RefusalReason | null {
  return applied.counter.controls.pause ? "budget_paused" : refuses(applied, needed, closing);
}

/**
 * Why a budget cannot pay `needed`, or null if it can. Soft budgets never refuse. A pause by a person
 * refuses new calls only, so it is not looked at here.
 */
export function refuses(
  applied: Applied,
  needed: Quantities,
  closing: Closing | null = null,
): RefusalReason | null {
  const { budget, counter, closed } = applied;
  if (budget.policy === "soft") return null;
  if (closed) return "budget_closed";
  if (isPausedByThreshold(counter, budget)) return "budget_paused";
  const amount = amountIn(budget.currency, needed);
  const room = roomIn(applied, closing);
  if (amount <= room) return null;
  if (closing && amount <= available(counter, budget)) return "closing_used";
  return amount <= room + counter.held ? "budget_held" : "budget_exhausted";
}

/**
 * The budget in which a loose hold would take more than half of the unspent amount; null if there
 * is room.
 */
export function crowdedBy(applied: readonly Applied[], needed: Quantities): Refusal | null {
  for (const one of applied) {
    const { budget, counter } = one;
    const amount = amountIn(budget.currency, needed);
    const reserve = budget.reserveForClosing ?? 0n;
    const unspent = limitOf(counter, budget) - reserve - counter.spent;
    if (budget.policy === "hard" && 2n * (counter.held + amount) > unspent) {
      return refusalBy(one, { reason: "budget_held", needed: amount });
    }
  }
  return null;
}

export function refusalBy(
  applied: Applied,
  why: {
    readonly reason: RefusalReason;
    readonly needed: bigint;
    readonly closing?: Closing | null;
  },
): Refusal {
  const { reason, needed, closing = null } = why;
  const { budget, counter } = applied;
  return {
    reason,
    needed,
    budgetId: budget.budgetId,
    balance: { ...balanceOf(counter, budget), available: roomIn(applied, closing) },
    ...(budget.asks && lackOfMoney.has(reason) && { asks: budget.asks }),
  };
}

function refuse(command: HoldCommand, refusal: Refusal): Decided<HoldAnswer> {
  const { at, operationId, attribution, route } = command;
  const { reason, budgetId, needed } = refusal;
  if (!command.final || (command.asks && refusal.asks))
    return { answer: { admitted: false, refusal }, entries: [] };
  const entry: Entry = {
    kind: "refusal",
    at,
    operationId,
    attribution,
    route,
    reason,
    budgetId,
    needed,
  };
  return { answer: { admitted: false, refusal }, entries: [entry] };
}

function refuseUnpriced(applied: readonly Applied[], command: HoldCommand): Decided<HoldAnswer> {
  const blocking = applied.find(({ budget }) => blocksUnpriced(budget));
  assert(blocking !== undefined, "an unpriced call is refused by a budget");
  return refuse(command, refusalBy(blocking, { reason: "unpriced", needed: 0n }));
}

/** The rates for an unpriced call; null if it has a price, or no budget needs or states rates. */
export function chooseFallback(
  applied: readonly Applied[],
  demand: Demand,
): FallbackRates | null | "blocked" {
  if (demand.perOutputToken !== null) return null;
  return fallbackFor(
    applied.map(({ budget }) => budget),
    demand.ceiling?.rates,
  );
}

export function priceDemand(demand: Demand, fallback: FallbackRates | null): PricedDemand {
  const { outputTokens, leastOutputTokens, payableOutputTokens = 0, besides } = demand;
  const inputTokens = demand.inputTokens + (besides?.inputTokens ?? 0);
  const input = fallback ? multiply(fallback.input, inputTokens) : zero;
  const others = fallback ? multiply(fallback.output, besides?.outputTokens ?? 0) : zero;
  const fees = (fallback?.ceiling && demand.ceiling?.fees) ?? zero;
  return {
    fixed: { ...demand.fixed, usd: [input, others, fees].reduce(add, demand.fixed.usd) },
    perOutputToken: demand.perOutputToken ?? fallback?.output ?? zero,
    outputTokens,
    payableOutputTokens: Math.max(leastOutputTokens, payableOutputTokens),
  };
}

function quantities(demand: PricedDemand, outputTokens: number): Quantities {
  return {
    usd: add(demand.fixed.usd, multiply(demand.perOutputToken, outputTokens)),
    tokens: demand.fixed.tokens + BigInt(outputTokens),
    requests: demand.fixed.requests,
  };
}

/**
 * The output tokens that every hard budget can pay on top of the fixed part; null if no hard budget
 * bounds them.
 */
export function affordableOutput(
  applied: readonly Applied[],
  demand: Pick<PricedDemand, "fixed" | "perOutputToken">,
  closing: Closing | null = null,
): number | null {
  let affordable: bigint | null = null;
  for (const one of applied) {
    const { budget } = one;
    if (budget.policy === "soft" || budget.currency === "requests") continue;
    const perToken = budget.currency === "USD" ? demand.perOutputToken : pico(1n);
    if (perToken === 0n) continue;
    const tokens = (roomIn(one, closing) - amountIn(budget.currency, demand.fixed)) / perToken;
    if (affordable === null || tokens < affordable) affordable = tokens;
  }
  return affordable === null ? null : Number(affordable);
}
