/** The contract of a provider's format: the facts of a request, the usage of an answer, and how to say no in it. */

import type { PicoUsd } from "../domain/money/money.ts";
import type { ServiceTier } from "../domain/price/rate.ts";
import type { FeeMeter, Usage, UsageFlag, UsagePart } from "../domain/usage/usage.ts";
import type { PassedOutput } from "./answer/passed-output.ts";
import type { Reference, StoredUse } from "./stored/references.ts";

export type WireName = "openai" | "anthropic" | "gemini" | "bedrock";

/**
 * What a path of a provider is for.
 *
 * - `metered` has a body with a model and an answer with usage
 * - `free` costs nothing at the provider (models, count_tokens)
 * - `unmetered` is known to cost something that the answer does not tell, or is not known at all
 */
export interface Endpoint {
  /** `chat`, `responses`, `embeddings`, `messages`, `count_tokens`, `models`, `generate_content`, ... */
  readonly name: string;
  readonly metering: "metered" | "free" | "unmetered";
  /** Where the path names the model, as Gemini's does. */
  readonly model?: string;
  /** Where the path says that the answer is a stream, as Gemini's does. */
  readonly stream?: boolean;
}

/** A path that is not on the list of those that any caller may use. */
export interface StoredPlace {
  /** The thing it is about, by the id that the provider gave it; null for all of them, for one to be made, or for the account. */
  readonly id: string | null;
  /** Whether a new object is created, whose id is in the answer. */
  readonly makes: boolean;
  /** What the answer has ids of that the provider made; absent where it has none: of content, and of what was there before. */
  readonly made?: MadeKind;
}

/**
 * Where an answer has the ids that the provider made: of a metered call and its items, of a thing with an `id` (or `name`), of the file of an
 * upload, of a tuning job and its model, of a batch and its files.
 */
export type MadeKind = "call" | "thing" | "upload" | "job" | "batch";

/** An answer to watch for ids. */
export interface WatchedAnswer {
  readonly of: MadeKind;
  /** Whether it is a stream of events. */
  readonly isStream: boolean;
  readonly onIds: (ids: readonly string[]) => void;
}

/** A request that is passed on without being read for its cost. */
export interface PassedRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

export interface Named {
  readonly uses: readonly Reference[];
  /** Those that may be asked, wherever the request names them. */
  readonly models: readonly string[];
}

/** Inputs whose tokens cannot be told from their bytes; each kind has a stated bound in `estimate`. */
export interface MediaCounts {
  readonly images: number;
  readonly audios: number;
  readonly files: number;
}

/** Another model that the provider may run for a call, each time over its whole context. */
export interface OtherModel {
  /** Null where the provider chooses it. */
  readonly model: string | null;
  /** How often at most. */
  readonly runs: number;
  /** Of one run, and of one choice in it; null when the request does not say. */
  readonly maxOutputTokens: number | null;
  /** Answers in place of the model asked for, with as many choices: of several such models, one is billed. Absent: it runs besides. */
  readonly isAlternative?: true;
}

/** What has to be known of a request before it is held and forwarded, read without building the whole body. */
export interface RequestFacts {
  readonly model: string;
  readonly stream: boolean;
  /** Bytes of the body that the model reads as text: media data left out. */
  readonly textBytes: number;
  /** Tokens that the provider adds to such a request at most, as it documents: delimiters, instructions for tools. */
  readonly addedTokens: number;
  readonly media: MediaCounts;
  /** Whether the request continues or quotes what the provider has stored: as much of it as the model can read may be billed. */
  readonly storedContext: boolean;
  /** The most output tokens for one choice, as asked; null when the request does not say. */
  readonly maxOutputTokens: number | null;
  /** How many answers are generated (`n`); 1 mostly. Every one of them is billed. */
  readonly choices: number;
  /** Fewer output tokens would make the request invalid (a thinking budget) or its answer useless; 1 when any number will do. */
  readonly leastOutputTokens: number;
  /** The answer may not be cut at all (a schema must be met): the ceiling is then held whole and never fitted. */
  readonly uncuttable: boolean;
  /** Reasoning that is billed and does not pass in the stream: the ceiling is then held whole, not in slices. */
  readonly hiddenOutput: boolean;
  readonly cacheWrite: "none" | "5m" | "1h";
  readonly serviceTier: ServiceTier;
  /** Where it asks to be processed (`inference_geo`); absent when it does not say. */
  readonly region?: string;
  /** The most billed tool calls that can happen on the provider's side (web search); 0 when no such tool is offered. */
  readonly serverToolCalls: number;
  /** The fees of those tools; absent where any fee can fall due. */
  readonly fees?: readonly FeeMeter[];
  /** Absent when only the model asked for can be billed. */
  readonly otherModels?: readonly OtherModel[];
  /** OpenAI chat streams: whether the caller itself asked for usage. */
  readonly usageAsked: boolean;
}

/** What Purser sets in a body. All else is forwarded byte for byte. */
export interface RequestEdits {
  readonly model?: string;
  readonly maxOutputTokens?: number;
  /** OpenAI chat streams only. */
  readonly includeUsage?: boolean;
}

/** A request body that was read once. */
export interface ReadRequest {
  readonly facts: RequestFacts;
  /** What it uses of the things that the provider keeps, and whether it adds to them. */
  readonly stored: StoredUse;
  /** The bytes to forward: the same buffer when there is nothing to edit. */
  edit(edits: RequestEdits): Uint8Array;
}

/** What an answer said it used. */
export interface Reading {
  /** The model served, as the provider names it. */
  readonly model: string | null;
  /** Empty when no usage was reported. The main answer's come first; those of other models are separate in the ledger. */
  readonly parts: readonly UsagePart[];
  /** Set when the answer ended before its final usage: the output in `parts` is only what had been reported until then. */
  readonly partial?: true;
  readonly reportedCost: PicoUsd | null;
  /** Set when some of the spending is missing from the reported cost. */
  readonly costIsPart?: true;
  readonly serviceTier: ServiceTier;
  /** Where the answer says it was processed, or else the request asked for; absent when neither says. */
  readonly region?: string;
  /** The provider's usage object as it was written. */
  readonly rawUsage: string | null;
  readonly flags: readonly UsageFlag[];
  /** Calls of tools that ran at the provider, billed or not: the model read its context once more after each. Absent: none was seen. */
  readonly serverCalls?: number;
  /**
   * Bytes of generated text that passed, or more, never fewer; 0 when there was none. A token is one byte at least: so many tokens
   * the provider can have generated in sight.
   */
  readonly passedBytes: number;
}

/** How far a stream has come, to top up its hold. */
export interface Progress {
  /** Input tokens that the provider has reported so far, cached ones included; null before it has. */
  readonly inputTokens: number | null;
  /** The most output tokens that have passed, thinking included: of a stream, what was reported and a token a byte since. */
  readonly outputTokens: number;
}

/** Reads one answer as it passes. Holds no more of it than it needs. */
export interface UsageMeter {
  /**
   * Takes the next bytes of the answer, cut anywhere.
   *
   * @returns What to pass to the caller now: whole events only, in the provider's bytes, without those that only answer
   *   what Purser itself asked for. May be empty, and then the rest comes with a later call or with `end`.
   */
  push(chunk: Uint8Array): Uint8Array;
  readonly progress: Progress;
  /** The output of a stream, so that it can be counted; null for an answer that comes as one body. */
  readonly output: PassedOutput | null;
  /** Whether the closing event has passed. */
  readonly finished: boolean;
  /** @returns Bytes that were kept back (an unfinished event), and what was read. Call once, also after an abort. */
  end(): { readonly rest: Uint8Array; readonly reading: Reading };
  /** Call this when all bytes that `push` returned have gone to the caller: `stop` closes what was opened in those, and nothing else. */
  passed(): void;
  /**
   * The bytes that end this stream after it was cut. Everything that it opened is closed, with the format's own stop reason for
   * "length"; then come the usage that is charged, the reason as an error event, and the closing event.
   */
  stop(cut: Cut): Uint8Array;
}

/** Why a stream is cut, and what it is charged. */
export interface Cut {
  readonly error: WireError;
  /** As the ledger has it, so that the caller sees the same. */
  readonly usage: Usage;
  /** Set for a client that shows nothing but the stop reason: the message then takes its place where the format has text there. */
  readonly showsOnlyReason?: boolean;
}

/** A no, or a failure, before it is written in a format. */
export interface WireError {
  readonly status: number;
  readonly message: string;
  /** Machine-readable, such as `budget_exhausted`. */
  readonly code: string;
  /** The request's field at fault, if one is. */
  readonly param: string | null;
  /** Stands as `purser` in the body. */
  readonly purser?: Readonly<Record<string, unknown>>;
}

/** Sees the bytes of an answer as they pass, and changes none. */
export interface AnswerWatch {
  push(chunk: Uint8Array): void;
  end(): void;
}

export interface WireFormat {
  readonly name: WireName;
  /** @param path Behind the provider's base, as the SDK appends it: `/chat/completions`, `/v1/messages`, `/v1beta/models/x:generateContent`. */
  endpoint(method: string, path: string): Endpoint;
  /**
   * What the provider keeps at a path, or shows of its account; undefined for the paths on the format's list of those that any caller
   * may use. What is not known is not on it.
   */
  storedPlace(method: string, path: string): StoredPlace | undefined;
  /**
   * @throws PurserError `invalid_request` for JSON that cannot be read, a field of the wrong type or out of range, or a field
   *   that Purser reads and that is repeated.
   */
  read(endpoint: Endpoint, body: Uint8Array): ReadRequest;
  /** A meter for one answer. */
  meter(endpoint: Endpoint, answer: { readonly stream: boolean; readonly facts: RequestFacts }): UsageMeter;
  /**
   * What a request names that is not metered, and so not read.
   *
   * @throws PurserError `invalid_request` for a body that cannot be read, or that repeats something in which an id stands.
   */
  named(request: PassedRequest): Named;
  /** The name under which a model belongs to the key that tuned it; undefined for one that the provider offers. */
  tunedModel(model: string): string | undefined;
  /** Watches an answer for the ids of what it made. */
  madeIds(answer: WatchedAnswer): AnswerWatch;
  /** The error body in the format's own shape, as JSON text. */
  error(error: WireError): string;
}
