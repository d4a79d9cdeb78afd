/** The contract between the formats and the machinery: what a call asks, what was decided to answer, and the steps of a stream. */

import type { Content } from "./answer/content.ts";
import type { Directive } from "./ask/directive.ts";
import type { Fault } from "./play/faults.ts";
import type { JsonObject } from "./ask/json.ts";

export type SimulatedWire = "openai" | "anthropic" | "gemini";

/** Whose dialect of a wire is spoken: they differ in how usage is told. */
export type SimulatedProvider = "openai" | "deepseek" | "xai" | "openrouter" | "anthropic" | "gemini";

/** Disjoint counts, as the books keep them. `output` has `reasoning` inside. */
export interface Counts {
  readonly input: number;
  readonly cache_read: number;
  readonly cache_write_5m: number;
  readonly cache_write_1h: number;
  readonly output: number;
  readonly reasoning: number;
  readonly web_search: number;
}

/** Where a request came in. */
export interface Route {
  readonly provider: SimulatedProvider;
  readonly format: Format;
  /** The model that the path names, as Gemini's does; null where the body does. */
  readonly model: string | null;
  /** Whether the path asks for a stream, as Gemini's does. */
  readonly stream: boolean;
  /** Behind the question mark; empty when there is none. */
  readonly query: string;
}

/** A tool as the request offers it, or a schema that the answer must meet. */
export interface OfferedTool {
  readonly name: string;
  /** JSON Schema of the arguments. */
  readonly schema: unknown;
}

/** What a request asks, the same for every format. */
export interface Ask {
  readonly model: string;
  readonly stream: boolean;
  /** Tokens of the input by the simulator's rule, before a directive says otherwise. */
  readonly inputTokens: number;
  /** Where a directive may stand: the last text of the user. */
  readonly lastText: string;
  /** The most output tokens of one choice; null when the request does not say. */
  readonly maxTokens: number | null;
  readonly choices: number;
  readonly tools: readonly OfferedTool[];
  /** The tool that answers, if one does: asked for by `tool_choice`, or the first offered when no tool result came last. */
  readonly tool: OfferedTool | null;
  /** A schema that the text must meet (structured output); null for plain text. */
  readonly schema: unknown;
  readonly thinks: boolean;
  /** OpenAI chat streams: `stream_options.include_usage`. True elsewhere. */
  readonly usageAsked: boolean;
  /** Parts of the input that the prompt cache decides on; null where the request has no breakpoint. */
  readonly cache: CacheAsk | null;
  /** What joins the call with a caller's own record: `metadata.purser_call` or `user`. */
  readonly tag: string | null;
}

/** The cached prefix that a request marks, as Anthropic's `cache_control` does. */
export interface CacheAsk {
  /** Equal for equal prefixes. */
  readonly key: string;
  readonly tokens: number;
  readonly ttl: "5m" | "1h";
}

/** What is going to be answered, and billed when nothing interrupts it. */
export interface Plan {
  /** Grows by one a call; every id in the answer is made of it. */
  readonly number: number;
  readonly provider: SimulatedProvider;
  readonly ask: Ask;
  /** The model that the answer names. */
  readonly model: string;
  readonly createdSeconds: number;
  /** What the whole call uses, all choices together. */
  readonly counts: Counts;
  /** What the answer claims: `counts`, or a lie; null for an answer without usage. */
  readonly claimed: Counts | null;
  /** A first, wrong usage that stands before the right one; null mostly. */
  readonly claimedFirst: Counts | null;
  /** Tokens of one choice. */
  readonly outputEach: number;
  readonly reasoningEach: number;
  /** Whether `max_tokens` ended it. */
  readonly cut: boolean;
  readonly content: Content;
  /** The tool that is called with `content` as its arguments; null when `content` is text. */
  readonly tool: OfferedTool | null;
  readonly tokensPerChunk: number;
  readonly faults: readonly Fault[];
  readonly directive: Directive;
}

/**
 * One piece of a stream.
 *
 * `output` and `reasoning` are the tokens that were generated for it; they are billed when it is sent.
 * A `token` step waits for its turn and is counted by faults "after N chunks"; `close` is the closing event.
 */
export interface Step {
  readonly text: string;
  readonly kind: "frame" | "token" | "close";
  readonly output: number;
  readonly reasoning: number;
}

/** One endpoint of one wire. Bodies are JSON text, ready to send. */
export interface Format {
  readonly wire: SimulatedWire;
  readonly endpoint: string;
  /** Whether calls are billed, and so stand in the books. */
  readonly billed: boolean;
  /** @throws PurserError `invalid_request` for what the provider would refuse. */
  read(body: JsonObject, route: Route): Ask;
  answer(plan: Plan): string;
  /** Every event with its frame (`data: …`), in order. Absent where the endpoint has no stream. */
  readonly stream?: (plan: Plan, route: Route) => Iterable<Step>;
  /** What stands before the call's number in the answer's id. */
  idPrefix(provider: SimulatedProvider): string;
}
