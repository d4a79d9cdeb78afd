/** Reading an answer that is over: its usage where that came, and what was counted as it passed where it did not. */

import { countContext } from "../../domain/usage/usage.ts";
import type { Progress, Reading, UsageMeter } from "../../wire/wire.ts";
import type { BoundedCall } from "./believe-usage.ts";
import { isTextOnly } from "../hold/estimate.ts";
import type { InputCount } from "../hold/input-count.ts";
import type { Observer } from "../port/observer.ts";
import type { Slices } from "../hold/slices.ts";

export interface ReadContext {
  readonly observer: Pick<Observer, "failed">;
}

export interface MeteredCall extends BoundedCall {
  readonly input: Pick<InputCount, "count">;
  readonly meter: Pick<UsageMeter, "progress" | "end" | "finished" | "output">;
  /** Null where the whole ceiling is held. */
  readonly slices: Pick<Slices, "charged"> | null;
}

export interface AnswerEnd {
  /** Whether the provider's stream was closed from this side. */
  readonly closed: boolean;
}

export interface ReadAnswer {
  /** Bytes that the meter kept back. */
  readonly rest: Uint8Array;
  readonly reading: Reading;
  /** What to charge for where the reading says nothing. */
  readonly progress: Progress;
}

export async function readAnswer(context: ReadContext, call: MeteredCall, ended: AnswerEnd): Promise<ReadAnswer> {
  const { rest, reading } = call.meter.end();
  const isFinal = reading.parts.some(({ usage }) => countContext(usage) > 0) && !reading.partial;
  return { rest, reading, progress: isFinal ? call.meter.progress : await countPassed(context, { ...call, reading }, ended) };
}

/** Tokens to charge where their usage never came, or not that of the input. After a reported error only the output that passed is billed. */
async function countPassed(context: ReadContext, call: MeteredCall & { readonly reading: Reading }, ended: AnswerEnd): Promise<Progress> {
  const { meter, slices, ceiling, reading } = call;
  const hasFailed = reading.flags.includes("provider_error");
  const { inputTokens, outputTokens } = meter.progress;
  return {
    inputTokens: inputTokens || (await countInput(context, call)),
    outputTokens:
      mayHaveHidden(call) && !hasFailed ? ceiling.fitted : slices ? await slices.charged(ended) : Math.min(outputTokens, ceiling.fitted),
  };
}

/** Whether the provider may have generated, and not told of, as much as it was allowed: reasoning of which nothing passes. */
export function mayHaveHidden({ facts, meter }: Pick<MeteredCall, "facts" | "meter">): boolean {
  return facts.hiddenOutput && !meter.finished && meter.output?.hasReport === false;
}

/** Counted where the hold was by bytes, and never more than was held for it. */
async function countInput({ observer }: ReadContext, { facts, estimate, input }: MeteredCall): Promise<number> {
  if (!isTextOnly(facts)) return estimate.inputTokens;
  try {
    const { tokens } = await input.count();
    return Math.min(tokens, estimate.inputTokens);
  } catch (error) {
    observer.failed("an input could not be counted, and is charged as it was held", error);
    return estimate.inputTokens;
  }
}
