/** Counts what passed of an answer that reported no usage. */

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

/** Whether the counts of the answer can be charged as they are reported. */
export function isReported({ parts, partial }: Reading): boolean {
  return parts.some(({ usage }) => countContext(usage) > 0) && !partial;
}

/**
 * Tokens to charge if no usage was reported, or none for the input. After a reported error, only
 * the output that passed is billed.
 */
export async function countPassed(
  context: ReadContext,
  call: MeteredCall,
  { reading, closed }: AnswerEnd & { readonly reading: Reading },
): Promise<Progress> {
  const { meter, slices, ceiling } = call;
  const hasFailed = reading.flags.includes("provider_error");
  const { inputTokens, outputTokens } = meter.progress;
  return {
    inputTokens: inputTokens || (await countInput(context, call)),
    outputTokens:
      mayHaveHidden(call) && !hasFailed
        ? ceiling.sent
        : slices
          ? await slices.charged({ closed })
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
