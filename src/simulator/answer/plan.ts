/** Plans the answer to a call: its counts, text or tool call, and any false usage. */

import { PurserError } from "../../domain/error.ts";
import type { Ask, Counts, OfferedTool, Plan, Route } from "../call.ts";
import { fixedText, type Content, type Speaker } from "./content.ts";
import type { Directive } from "../ask/directive.ts";
import { faultOf, type Fault } from "../play/faults.ts";
import type { SimulatorSettings } from "../options.ts";
import type { CacheHit, PromptCache } from "./prompt-cache.ts";
import { valueFor } from "./schema-value.ts";

export interface PlanInput {
  readonly number: number;
  readonly ask: Ask;
  readonly route: Route;
  readonly directive: Directive;
  /** Generates the text that no schema prescribes. */
  readonly speak: Speaker;
  readonly faults: readonly Fault[];
  readonly settings: SimulatorSettings;
  readonly cache: PromptCache;
}

/**
 * @throws PurserError `invalid_request` for a contradictory directive, or one naming a tool that is
 *   not offered.
 */
export function plan(call: PlanInput): Plan {
  const { ask, directive, settings, faults } = call;
  const tool = chosenTool(ask, directive);
  const text = fixedTextOf(ask, tool);
  const wantedText =
    text === null ? settings.outputTokens : Math.max(1, Math.ceil(text.length / 4));
  const wantedReasoning =
    directive.reasoning ??
    (ask.thinks ? Math.min(settings.reasoningTokens, directive.output ?? Infinity) : 0);
  const wanted = directive.output ?? wantedReasoning + wantedText;
  if (wantedReasoning > wanted) throw contradiction();

  const ceiling = faultOf(faults, "ignore_max") ? Infinity : (ask.maxTokens ?? Infinity);
  const outputEach = Math.min(wanted, ceiling);
  const reasoningEach = Math.min(wantedReasoning, outputEach);
  const counts = countsOf(call, outputEach, reasoningEach);
  return {
    number: call.number,
    provider: call.route.provider,
    ask,
    model: directive.served ?? ask.model,
    createdSeconds: Math.floor(Date.now() / 1000),
    counts,
    ...claims(counts, faults),
    outputEach,
    reasoningEach,
    cut: wanted > ceiling,
    content: contentOf(call.speak, text, {
      wanted: wanted - wantedReasoning,
      tokens: outputEach - reasoningEach,
    }),
    tool,
    tokensPerChunk: directive.tokens_per_chunk ?? settings.tokensPerChunk,
    faults,
    directive,
  };
}

function contradiction(): PurserError {
  return new PurserError("invalid_request", "sim.reasoning is more than sim.output", {
    field: "sim.reasoning",
    remedy: "Send a sim.output that includes the reasoning.",
  });
}

function chosenTool(ask: Ask, directive: Directive): OfferedTool | null {
  if (directive.tool === undefined) return ask.tool;
  if (directive.tool === "none") return null;
  const named = ask.tools.find((tool) => tool.name === directive.tool);
  if (named) return named;
  throw new PurserError("invalid_request", `the request offers no tool named ${directive.tool}`, {
    field: "sim.tool",
    remedy: "Name a tool that the request offers, or `none`.",
  });
}

/** The exact text to send; null if any words will do. */
function fixedTextOf(ask: Ask, tool: OfferedTool | null): string | null {
  if (tool) return JSON.stringify(valueFor(tool.schema));
  return ask.schema === null || ask.schema === undefined
    ? null
    : JSON.stringify(valueFor(ask.schema));
}

function contentOf(
  speak: Speaker,
  text: string | null,
  { wanted, tokens }: { readonly wanted: number; readonly tokens: number },
): Content {
  return text === null || wanted < 1 ? speak(tokens) : fixedText(text, wanted, tokens);
}

function countsOf(call: PlanInput, outputEach: number, reasoningEach: number): Counts {
  const { ask, directive, cache } = call;
  const { choices } = ask;
  const named =
    directive.cached !== undefined ||
    directive.cache_write !== undefined ||
    directive.cache_write_1h !== undefined;
  const hit: CacheHit =
    ask.cache && !named ? cache.look(ask.cache) : { read: 0, write5m: 0, write1h: 0 };
  const cached = hit.read + hit.write5m + hit.write1h;
  return {
    input: directive.input ?? Math.max(0, ask.inputTokens - cached),
    cache_read: directive.cached ?? hit.read,
    cache_write_5m: directive.cache_write ?? hit.write5m,
    cache_write_1h: directive.cache_write_1h ?? hit.write1h,
    output: outputEach * choices,
    reasoning: reasoningEach * choices,
    web_search: directive.web_search ?? 0,
  };
}

const tenMillion = 10_000_000;

function claims(counts: Counts, faults: readonly Fault[]): Pick<Plan, "claimed" | "claimedFirst"> {
  if (faults.length === 0) return { claimed: counts, claimedFirst: null };
  const claimedFirst = faultOf(faults, "double_usage")
    ? { ...counts, input: counts.input + 3, output: counts.output + 7 }
    : null;
  return { claimed: claim(counts, faults), claimedFirst };
}

/** @returns The usage to report for `counts`; null to omit it. */
function claim(counts: Counts, faults: readonly Fault[]): Counts | null {
  if (faultOf(faults, "no_usage")) return null;
  if (faultOf(faults, "negative_usage"))
    return { ...counts, input: -counts.input - 1, output: -counts.output - 1 };
  if (faultOf(faults, "huge_usage")) return { ...counts, input: counts.input + tenMillion };
  return counts;
}
