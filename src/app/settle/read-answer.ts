/** Reads a finished answer: the usage it reported, or else a count of what passed. */

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
  /** Null if the whole ceiling is held. */
  readonly slices: Pick<Slices, "charged"> | null;
}

export interface AnswerEnd {
  /** Whether we closed the provider's stream. */
  readonly closed: boolean;
}

export interface ReadAnswer {
  /** Bytes that the meter held back. */
  readonly rest: Uint8Array;
  readonly reading: Reading;
  /** What to charge for if the answer reports no usage. */
  readonly progress: Progress;
}

export async function readAnswer(
  context: ReadContext,
  call: MeteredCall,
  ended: AnswerEnd,
): Promise<ReadAnswer> {
  const { rest, reading } = call.meter.end();
  const isFinal = reading.parts.some(({ usage }) => countContext(usage) > 0) && !reading.partial;
  return {
    rest,
    reading,
    progress: isFinal
      ? call.meter.progress
      : await countPassed(context, { ...call, reading }, ended),
  };
}

/**
 * Tokens to charge if no usage was reported, or none for the input. After a reported error, only
 * the output that passed is billed.
 */
async function countPassed(
  context: ReadContext,
  call: MeteredCall & { readonly reading: Reading },
  ended: AnswerEnd,
): Promise<Progress> {
  const { meter, slices, ceiling, reading } = call;
  const hasFailed = reading.flags.includes("provider_error");
  const { inputTokens, outputTokens } = meter.progress;
  return {
    inputTokens: inputTokens || (await countInput(context, call)),
    outputTokens:
      mayHaveHidden(call) && !hasFailed
        ? ceiling.sent
        : slices
          ? await slices.charged(ended)
          : Math.min(outputTokens, ceiling.sent),
  };
}

/** Whether the provider may have generated hidden reasoning, unreported, up to its limit. */
export function mayHaveHidden({ facts, meter }: Pick<MeteredCall, "facts" | "meter">): boolean {
  return facts.hiddenOutput && !meter.finished && meter.output?.hasReport === false;
}

/** Counted if the hold was by bytes; never more than the hold. */
async function countInput(
  { observer }: ReadContext,
  { facts, estimate, input }: MeteredCall,
): Promise<number> {
  if (!isTextOnly(facts)) return estimate.inputTokens;
  try {
    const { tokens } = await input.count();
    return Math.min(tokens, estimate.inputTokens);
  } catch (error) {
    observer.failed("an input could not be counted and is charged as it was held", error);
    return estimate.inputTokens;
  }
}
