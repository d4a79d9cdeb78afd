/** Settles or releases a hold, announces it, and learns from the call. */

import type { Learned } from "../../domain/estimate/learned.ts";
import type { AnswerOf } from "../../domain/ledger/command.ts";
import type { CallId, Outcome } from "../../domain/ledger/entry.ts";
import { countContext, countOutput } from "../../domain/usage/usage.ts";
import type { RequestFacts } from "../../wire/wire.ts";
import { announceChange } from "../hold/announce.ts";
import type { InputCount } from "../hold/input-count.ts";
import type { Observer } from "../port/observer.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import { boundOfBytes, isTextOnly } from "../hold/estimate.ts";
import type { Route } from "../route/target.ts";
import type { Slices } from "../hold/slices.ts";
import { announceEnd } from "./announce-end.ts";
import type { Waiting } from "../hold/waiting.ts";

export interface SettleContext {
  readonly ledger: Pick<Ledger, "decide">;
  readonly clock: Clock;
  readonly waiting: Waiting;
  readonly learned: Learned;
  readonly observer: Observer;
}

/** A call at its end: which hold to end, and what its usage can teach. */
export interface CallToSettle {
  readonly call: CallId;
  readonly route: Route;
  readonly facts: RequestFacts;
  /** Output limits over all choices: as requested, and as sent. */
  readonly ceiling: { readonly asked: number; readonly sent: number };
  /** Null if the whole ceiling is held. */
  readonly slices: Slices | null;
  readonly input: Pick<InputCount, "counted">;
}

/**
 * Replaces the hold by the outcome. When this resolves the charge is decided; it is durable soon
 * after.
 */
export async function settle(
  context: SettleContext,
  call: CallToSettle,
  outcome: Outcome,
): Promise<AnswerOf["settle"]> {
  const { operationId, attempt } = call.call;
  const at = context.clock.now();
  const answer = await context.ledger.decide({
    kind: "settle",
    at,
    operationId,
    attempt,
    outcome,
    fingerprint: null,
  });
  announceChange(context, answer.crossed);
  learn(context.learned, call, outcome);
  announceEnd(context, { provider: call.route.provider.name, outcome });
  return answer;
}

/**
 * Releases the hold: the provider never saw the call, or answered with an error, which providers do
 * not charge for.
 */
export async function release(
  context: SettleContext,
  { call }: Pick<CallToSettle, "call">,
  reason: string,
): Promise<void> {
  await context.ledger.decide({ kind: "release", at: context.clock.now(), ...call, reason });
  announceChange(context);
}

/**
 * Learns only from complete, plain calls: otherwise media would count as text, several passes as
 * one, and an error as a short answer.
 */
function learn(
  learned: Learned,
  { route, facts, ceiling, slices, input: { counted } }: CallToSettle,
  { status, usage, flags }: Outcome,
): void {
  if (flags.includes("provider_error") || flags.includes("usage_implausible")) return;
  if (status !== "settled" || !isTextOnly(facts)) return;
  const model = learned.teach(route.provider.name, route.model);
  const input = countContext(usage);
  model.added.learn({ bound: boundOfBytes(facts), billed: input });
  if (counted) model.inputs.learn(counted.digest, input);
  const output = countOutput(usage);
  if (slices) model.burst.add(slices.burstBytes);
  // A shortened answer that used its whole limit might have needed more.
  if (output >= ceiling.sent && ceiling.sent < ceiling.asked) return;
  model.output.learn(ceiling.asked, output);
  if (slices) model.streamed.learn(ceiling.asked, Math.max(output, slices.mostBytes));
}
