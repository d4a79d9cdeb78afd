/** Which counts of an answer are charged: those that its call can have used, and an estimate in place of nothing. */

import { boundUsage, type UsageBounds } from "../../domain/usage/bound.ts";
import { tokensOfBytes } from "../../domain/usage/passed-text.ts";
import { countContext, countTokens, type Usage, type UsagePart } from "../../domain/usage/usage.ts";
import type { PriceSheet } from "../../domain/price/sheet.ts";
import type { RequestFacts } from "../../wire/wire.ts";
import type { Estimate } from "../hold/estimate.ts";

/** What is known of a call that bounds what it can have used. */
export interface BoundedCall {
  readonly facts: RequestFacts;
  readonly estimate: Estimate;
  /** The output that the provider was allowed, over all choices. */
  readonly ceiling: { readonly fitted: number };
}

/** What an answer reported. */
export interface ToldUsage {
  /** The main part first. */
  readonly parts: readonly UsagePart[];
  readonly passedBytes: number;
  /** Calls of tools that ran at the provider. */
  readonly serverCalls: number;
  /** What the input is taken for where it was not told. */
  readonly inputTokens: number;
  /** Whether a count of nothing is replaced by an estimate, where that cannot be. */
  readonly fillsIn: boolean;
  /** The price sheet of a part's model, which has its context window and its output limit. */
  readonly sheetOf: (part: UsagePart) => PriceSheet | undefined;
}

export interface Believed {
  readonly parts: readonly UsagePart[];
  /** Whether a count was replaced. */
  readonly isImplausible: boolean;
}

/**
 * Nothing for a text that passed, or for a prompt that was read, is taken as estimated. A count past its bound by more than the
 * slack is cut to the bound.
 */
export function believeUsage(call: BoundedCall, told: ToldUsage): Believed {
  const filled = told.fillsIn ? fillIn(call, told) : told.parts;
  const [main] = told.parts;
  const parts = filled.map((part) =>
    boundPart(call, part, { ...told, sheet: told.sheetOf(part), isMain: part.model === main?.model && !part.isApart }),
  );
  return { parts, isImplausible: parts.some((part, index) => part !== told.parts[index]) };
}

/** Whether the caller or a budget limited what the provider may generate. */
export function isCeilingStated({ facts, estimate, ceiling }: BoundedCall): boolean {
  return facts.maxOutputTokens !== null || ceiling.fitted < estimate.ceiling;
}

/** Zeros in the main part. What only embeds generates nothing, and has read something. */
function fillIn({ estimate }: BoundedCall, { parts, passedBytes, inputTokens }: ToldUsage): readonly UsagePart[] {
  const [main, ...others] = parts;
  if (!main) return parts;
  const { usage } = main;
  const generated = countTokens(usage) - countContext(usage);
  const wasRead = parts.some((part) => countContext(part.usage) > 0);
  const hasAnswered = generated > 0 || passedBytes > 0 || estimate.ceiling === 0;
  const filled: Usage = {
    ...usage,
    ...(!wasRead && hasAnswered && { input: inputTokens }),
    ...(generated === 0 && passedBytes > 0 && { output: tokensOfBytes(passedBytes) }),
  };
  return countTokens(filled) === countTokens(usage) ? parts : [{ ...main, usage: filled }, ...others];
}

interface Evidence {
  readonly sheet: PriceSheet | undefined;
  /** Whether it is of the answer itself: the ceiling is for that alone. */
  readonly isMain: boolean;
  readonly passedBytes: number;
  readonly serverCalls: number;
}

function boundPart(call: BoundedCall, part: UsagePart, evidence: Evidence): UsagePart {
  const { believable, charged } = boundsOf(call, evidence);
  return boundUsage(part.usage, believable) === part.usage ? part : { ...part, usage: boundUsage(part.usage, charged) };
}

interface Bounds {
  /** Counts up to here stay as they were reported. */
  readonly believable: UsageBounds;
  /** Where one is beyond, this much is charged. */
  readonly charged: UsageBounds;
}

/**
 * Tools make a model read and write once more with each call. What was sent or has passed bears out as many tokens as it has
 * bytes, whatever was asked for; where the count is not believed, it is taken for a third of that.
 */
function boundsOf(call: BoundedCall, evidence: Evidence): Bounds {
  const { sheet, passedBytes, serverCalls } = evidence;
  const { facts, estimate } = call;
  const toolCalls = Math.max(facts.serverToolCalls, mostToolCalls);
  const passes = 1 + Math.max(facts.serverToolCalls, Math.min(serverCalls, mostPassesTold));
  const window = (sheet?.contextWindow ?? unknownWindow) * passes;
  const sent = facts.textBytes + estimate.inputTokens;
  const output = outputBound(call, evidence) * passes;
  return {
    believable: { context: Math.max(withSlack(window), sent), output: Math.max(withSlack(output), passedBytes), toolCalls },
    charged: { context: Math.max(window, estimate.inputTokens), output: Math.max(output, tokensOfBytes(passedBytes)), toolCalls },
  };
}

function outputBound(call: BoundedCall, { sheet, isMain }: Evidence): number {
  if (isMain && isCeilingStated(call)) return call.ceiling.fitted;
  return (sheet?.maxOutputTokens ?? sheet?.contextWindow ?? unknownWindow) * call.facts.choices;
}

/** Providers count closing tokens that no text shows, and some keep a ceiling only about. */
function withSlack(bound: number): number {
  return Math.ceil(bound * slackShare) + slackTokens;
}

const slackShare = 1.1;
const slackTokens = 64;

/** For a model whose context window is unknown: no common vendor offers a larger one. */
const unknownWindow = 2_000_000;

/** Research models search some hundred times. */
const mostToolCalls = 1000;
const mostPassesTold = 100;
