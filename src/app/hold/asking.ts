/** Asks people for more money for a call that a budget cannot pay, and waits for their answer. */

import type { Refusal } from "../../domain/ledger/command.ts";
import { counterId } from "../../domain/ledger/counter.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { CallLimits } from "../port/limits.ts";
import type { Approvals, Place } from "./approvals.ts";

/** The caller of a call that may wait for a long time. */
export interface Patience {
  /** The size of the request, which is kept in memory meanwhile. */
  readonly bodyBytes: number;
  /**
   * @param wake Called when the caller leaves, its key ends, or the server shuts down.
   * @returns A function that ends the watch.
   */
  watch(wake: () => void): () => void;
  /**
   * @returns false if the caller has left.
   * @throws PurserError `unauthenticated` if its key has ended, `shutting_down`.
   */
  goesOn(): boolean;
}

export interface AskingContext {
  readonly ledger: Pick<Ledger, "commit">;
  readonly clock: Clock;
  readonly limits: Pick<CallLimits, "totalMs">;
}

/**
 * Asks for the money that a refused call lacks. Calls that lack it at the same time share one
 * question.
 *
 * @returns Whether a question is open. Otherwise the budget was changed meanwhile, or has room.
 */
export async function askPeople(
  { ledger, clock }: Pick<AskingContext, "ledger" | "clock">,
  { budgetId, balance, needed }: Refusal,
): Promise<boolean> {
  const at = clock.now();
  const { value } = balance.counter;
  return (await ledger.commit({ kind: "ask_budget", at, budgetId, value, needed })).open;
}

/** For a caller that does not wait: asks if the budget does, and returns the refusal that says so. */
export async function askedFor(
  context: Pick<AskingContext, "ledger" | "clock">,
  refusal: Refusal,
): Promise<Refusal> {
  if (!refusal.asks) return refusal;
  return (await askPeople(context, refusal)) ? { ...refusal, asked: true } : refusal;
}

/** The wait of one call, from its first refusal to the end of its attempts. */
export class Asking {
  readonly #context: AskingContext;
  readonly #patience: Patience;
  readonly #place: Place;
  readonly #deadline: number;
  readonly #endWatch: () => void;
  #hasAsked = false;
  #hasPaused = false;

  private constructor(
    context: AskingContext,
    parts: { readonly patience: Patience; readonly place: Place; readonly timeoutMs: number },
  ) {
    const { patience, place, timeoutMs } = parts;
    this.#context = context;
    this.#patience = patience;
    this.#place = place;
    this.#deadline = context.clock.monotonic() + Math.min(timeoutMs, context.limits.totalMs);
    this.#endWatch = patience.watch(() => place.wake());
  }

  /** @returns Null if people cannot be asked, or too many calls wait. */
  static begin(
    context: AskingContext & { readonly waiting: { readonly approvals: Approvals } },
    { asks }: Refusal,
    patience: Patience,
  ): Asking | null {
    if (!asks) return null;
    const place = context.waiting.approvals.enter(patience.bodyBytes);
    return place && new Asking(context, { patience, place, timeoutMs: asks.timeoutMs });
  }

  /** Whether a question was open at any time. */
  get hasAsked(): boolean {
    return this.#hasAsked;
  }

  /** Whether the time to answer is over. */
  get isOver(): boolean {
    return this.#context.clock.monotonic() >= this.#deadline;
  }

  /**
   * Resolves when the call should try again.
   *
   * @returns false if the caller has left.
   * @throws PurserError as {@link Patience.goesOn}.
   */
  async turn(refusal: Refusal): Promise<boolean> {
    const ms = this.#mayFitSoon(refusal) ? answeredMs : await this.#ask(refusal);
    if (!this.#patience.goesOn()) return false;
    const left = this.#deadline - this.#context.clock.monotonic();
    await this.#place.turn(counterId(refusal.balance.counter), Math.min(ms, left));
    return this.#patience.goesOn();
  }

  /** @returns How long to wait at most. */
  async #ask(refusal: Refusal): Promise<number> {
    const isOpen = await askPeople(this.#context, refusal);
    this.#hasAsked ||= isOpen;
    return isOpen ? Number.POSITIVE_INFINITY : soonMs;
  }

  /** After an answer, calls that fit go on first, and leave what they held too much to the others. */
  #mayFitSoon({ balance: { question } }: Refusal): boolean {
    const isAnswered = this.#hasAsked && question === null;
    this.#hasPaused = isAnswered && !this.#hasPaused;
    return this.#hasPaused;
  }

  end(): void {
    this.#endWatch();
    this.#place.leave();
  }
}

/** How long a call waits after an extension that was too little for it, before it asks again. */
const answeredMs = 2000;

/** The budget changed while people were about to be asked. */
const soonMs = 20;
