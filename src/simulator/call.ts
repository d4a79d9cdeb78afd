/**
 * The types shared by the wire formats and the rest of the simulator: a request, its planned
 * answer, the steps of a stream.
 */

import type { Content } from "./answer/content.ts";
import type { Directive } from "./ask/directive.ts";
import type { Fault } from "./play/faults.ts";
import type { JsonObject } from "./ask/json.ts";

export type SimulatedWire = "openai" | "anthropic" | "gemini";

/** The provider whose dialect of a wire is used: dialects differ in how they report usage. */
export type SimulatedProvider =
  | "openai"
  | "deepseek"
  | "xai"
  | "openrouter"
  | "anthropic"
  | "gemini";

/** Disjoint counts, as in the books, except that `output` includes `reasoning`. */
export interface Counts {
  readonly input: number;
  readonly cache_read: number;
  readonly cache_write_5m: number;
  readonly cache_write_1h: number;
  readonly output: number;
  readonly reasoning: number;
  readonly web_search: number;
}

/** The endpoint of a request. */
export interface Route {
  readonly provider: SimulatedProvider;
  readonly format: Format;
  /** The model named in the path, as in Gemini's; null if the body names it. */
  readonly model: string | null;
  /** Whether the path requests a stream, as Gemini's can. */
  readonly stream: boolean;
  /** The part after the question mark; empty if there is none. */
  readonly query: string;
}

/** A tool offered by the request, or a schema that the answer must match. */
export interface OfferedTool {
  readonly name: string;
  /** JSON Schema of the arguments. */
  readonly schema: unknown;
}

/** A request in terms common to all formats. */
export interface Ask {
  readonly model: string;
  readonly stream: boolean;
  /** Input tokens by the simulator's rule, unless a directive overrides them. */
  readonly inputTokens: number;
  /** The user's last text, which may contain a directive. */
  readonly lastText: string;
  /** The maximum output tokens of one choice; null if the request sets none. */
  readonly maxTokens: number | null;
  readonly choices: number;
  readonly tools: readonly OfferedTool[];
  /**
   * The tool to call, if any: requested by `tool_choice`, or the first one offered unless a tool
   * result came last.
   */
  readonly tool: OfferedTool | null;
  /** A schema that the text must match (structured output); null for plain text. */
  readonly schema: unknown;
  readonly thinks: boolean;
  /** OpenAI chat streams: `stream_options.include_usage`. True elsewhere. */
  readonly usageAsked: boolean;
  /**
   * The part of the input that the prompt cache decides on; null if the request has no breakpoint.
   */
  readonly cache: CacheAsk | null;
  /** Joins the call with a caller's own record: `metadata.purser_call` or `user`. */
  readonly tag: string | null;
}

/** The cached prefix that a request marks, as Anthropic's `cache_control` does. */
export interface CacheAsk {
  /** Equal for equal prefixes. */
  readonly key: string;
  readonly tokens: number;
  readonly ttl: "5m" | "1h";
}

/** The answer to give, and to bill unless it is interrupted. */
export interface Plan {
  /** Increases by one per call; every id in the answer is derived from it. */
  readonly number: number;
  readonly provider: SimulatedProvider;
  readonly ask: Ask;
  /** The model named in the answer. */
  readonly model: string;
  readonly createdSeconds: number;
  /** Usage of the whole call, over all choices. */
  readonly counts: Counts;
  /**
   * The usage reported in the answer: `counts`, or a false one; null for an answer without usage.
   */
  readonly claimed: Counts | null;
  /** A false usage sent before the right one; usually null. */
  readonly claimedFirst: Counts | null;
  /** Output tokens of one choice. */
  readonly outputEach: number;
  readonly reasoningEach: number;
  /** Whether `max_tokens` ended it. */
  readonly cut: boolean;
  readonly content: Content;
  /** The tool that is called with `content` as its arguments; null if `content` is text. */
  readonly tool: OfferedTool | null;
  readonly tokensPerChunk: number;
  readonly faults: readonly Fault[];
  readonly directive: Directive;
}

/**
 * One piece of a stream.
 *
 * `output` and `reasoning` are the tokens generated for it; they are billed when it is sent. A
 * `token` step is paced, and counted by faults "after N chunks"; `close` is the closing event.
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
  /** Whether calls are billed, and so recorded in the books. */
  readonly billed: boolean;
  /** @throws PurserError `invalid_request` for what the provider would refuse. */
  read(body: JsonObject, route: Route): Ask;
  answer(plan: Plan): string;
  /** Every event with its framing (`data: …`), in order. Absent if the endpoint has no stream. */
  readonly stream?: (plan: Plan, route: Route) => Iterable<Step>;
  /** The part of the answer's id before the call's number. */
  idPrefix(provider: SimulatedProvider): string;
}
