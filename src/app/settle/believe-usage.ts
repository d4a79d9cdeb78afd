/**
 * Decides which reported counts are charged: plausible ones as reported, others capped or
 * estimated.
 */

import { boundUsage, type UsageBounds } from "../../domain/usage/bound.ts";
import { tokensOfBytes } from "../../domain/usage/passed-text.ts";
import {
  countContext,
  countOutput,
  countTokens,
  type Usage,
  type UsagePart,
} from "../../domain/usage/usage.ts";
import type { PriceSheet } from "../../domain/price/sheet.ts";
import type { RequestFacts } from "../../wire/wire.ts";
import type { Estimate } from "../hold/estimate.ts";
import { inputMeter } from "./input-meter.ts";

/** What bounds the possible usage of a call. */
export interface BoundedCall {
  readonly facts: RequestFacts;
  readonly estimate: Estimate;
  /** The output limit sent to the provider, over all choices. */
  readonly ceiling: { readonly sent: number };
}

/** The usage that an answer reported. */
export interface ReportedUsage {
  /** The main part first. */
  readonly parts: readonly UsagePart[];
  readonly passedBytes: number;
  /** Calls of tools that the provider ran. */
  readonly serverCalls: number;
  /** Input tokens to assume if none were reported. */
  readonly inputTokens: number;
  /** Whether an impossible zero is replaced by an estimate. */
  readonly fillsIn: boolean;
  /** The price sheet of a part's model, with its context window and output limit. */
  readonly sheetOf: (part: UsagePart) => PriceSheet | undefined;
}

export interface Believed {
  readonly parts: readonly UsagePart[];
  /** Whether a count was replaced. */
  readonly isImplausible: boolean;
}

/**
 * Replaces an impossible zero by an estimate, and caps a count that exceeds its bound by more than
 * the slack.
 */
export function believeUsage(call: BoundedCall, reported: ReportedUsage): Believed {
  const filled = reported.fillsIn ? fillIn(call, reported) : reported.parts;
  const [main] = reported.parts;
  const { passedBytes, serverCalls, sheetOf } = reported;
  const parts = filled.map((part) =>
    boundPart(call, part, {
      sheet: sheetOf(part),
      isMain: part.model === main?.model && !part.isApart,
      passedBytes,
      serverCalls,
    }),
  );
  return { parts, isImplausible: parts.some((part, index) => part !== reported.parts[index]) };
}

/** Whether the caller or a budget limited what the provider may generate. */
export function isCeilingStated({ facts, estimate, ceiling }: BoundedCall): boolean {
  return facts.maxOutputTokens !== null || ceiling.sent < estimate.ceiling;
}

/** Fills in zeros of the main part. An embedding call generates nothing, but has read its input. */
function fillIn(
  { facts, estimate }: BoundedCall,
  { parts, passedBytes, inputTokens }: ReportedUsage,
): readonly UsagePart[] {
  const [main, ...others] = parts;
  if (!main) return parts;
  const { usage } = main;
  const generated = countOutput(usage);
  const wasRead = parts.some((part) => countContext(part.usage) > 0);
  const hasAnswered = generated > 0 || passedBytes > 0 || estimate.ceiling === 0;
  const filled: Usage = {
    ...usage,
    ...(!wasRead && hasAnswered && { [inputMeter(facts)]: inputTokens }),
    ...(generated === 0 && passedBytes > 0 && { output: tokensOfBytes(passedBytes) }),
  };
  return countTokens(filled) === countTokens(usage)
    ? parts
    : [{ ...main, usage: filled }, ...others];
}

interface Evidence {
  readonly sheet: PriceSheet | undefined;
  /** Whether the part is the main answer: only that has the requested ceiling. */
  readonly isMain: boolean;
  readonly passedBytes: number;
  readonly serverCalls: number;
}

function boundPart(call: BoundedCall, part: UsagePart, evidence: Evidence): UsagePart {
  const most = boundsOf(call, evidence);
  const { facts, estimate } = call;
  const { passedBytes } = evidence;
  const believable: UsageBounds = {
    context: Math.max(withSlack(most.context), facts.textBytes + estimate.inputTokens),
    output: Math.max(withSlack(most.output), passedBytes),
    toolCalls: most.toolCalls,
  };
  if (boundUsage(part.usage, believable) === part.usage) return part;
  const usage = boundUsage(part.usage, {
    context: Math.max(most.context, estimate.inputTokens),
    output: Math.max(most.output, tokensOfBytes(passedBytes)),
    toolCalls: most.toolCalls,
  });
  return { ...part, usage };
}

/**
 * The most that the model can use. Each tool call makes it read and write once more. A count is
 * always plausible up to the bytes sent or received, whatever limit was requested. If the count is
 * implausible, it is replaced by a third of the bytes received.
 */
function boundsOf(call: BoundedCall, evidence: Evidence): UsageBounds {
  const { sheet, serverCalls } = evidence;
  const toolCalls = Math.max(call.facts.serverToolCalls, mostToolCalls);
  const passes = 1 + Math.max(call.facts.serverToolCalls, Math.min(serverCalls, mostToolPasses));
  return {
    context: (sheet?.contextWindow ?? unknownWindow) * passes,
    output: outputBound(call, evidence) * passes,
    toolCalls,
  };
}

function outputBound(call: BoundedCall, { sheet, isMain }: Evidence): number {
  if (isMain && isCeilingStated(call)) return call.ceiling.sent;
  return (sheet?.maxOutputTokens ?? sheet?.contextWindow ?? unknownWindow) * call.facts.choices;
}

/** Providers count closing tokens that are not in the text; some only roughly respect a limit. */
function withSlack(bound: number): number {
  return Math.ceil(bound * slackShare) + slackTokens;
}

const slackShare = 1.1;
const slackTokens = 64;

/** For a model whose context window is unknown: no common vendor offers a larger one. */
const unknownWindow = 2_000_000;

/** Research models make a few hundred searches. */
const mostToolCalls = 1000;
const mostToolPasses = 100;
