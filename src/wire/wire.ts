/**
 * Defines the contract of a wire format: reads requests and usage, edits bodies, and writes errors.
 */

import type { PicoUsd } from "../domain/money/money.ts";
import type { ServiceTier } from "../domain/price/row/rate.ts";
import type { BilledUnit } from "../domain/usage/billed-unit.ts";
import type { FeeMeter, Usage, UsageFlag, UsagePart } from "../domain/usage/usage.ts";
import type { PassedOutput } from "./answer/passed-output.ts";
import type { Reference, StoredUse } from "./stored/references.ts";

export type WireName = "openai" | "anthropic" | "gemini";

/**
 * What a provider's path is for.
 *
 * - `metered` has a body with a model and an answer with usage
 * - `free` costs nothing at the provider (models, count_tokens)
 * - `unmetered` has a cost that the answer does not report, or is unknown
 */
export interface Endpoint {
  /** Such as `chat`, `responses`, `embeddings`, `messages`, `models` or `generate_content`. */
  readonly name: string;
  readonly metering: "metered" | "free" | "unmetered";
  /** The model, if the path contains it, as Gemini's do. */
  readonly model?: string;
  /** Whether the answer is a stream, if the path determines that, as Gemini's do. */
  readonly stream?: boolean;
  /**
   * What its calls can be billed by, besides tokens. They are metered where the price book has a
   * price for that, else `metering` applies.
   */
  readonly unit?: EndpointUnit;
}

/**
 * Characters spoken, audio heard, images made, seconds of video made, documents ranked, pages read,
 * inputs classified.
 * A `deferred_video` is a job in the form of xAI, whose answer is only an id.
 */
export type EndpointUnit =
  | "speech"
  | "transcription"
  | "image"
  | "video"
  | "deferred_video"
  | "rerank"
  | "ocr"
  | "moderation";

/** A path to stored objects or account data, which not every caller may use. */
export interface StoredPlace {
  /** The provider's id of the object; null for all objects, for a new one, or for the account. */
  readonly id: string | null;
  /** Whether a new object is created; its id is in the answer. */
  readonly makes: boolean;
  /** The kind of new object whose ids are in the answer; absent if the request creates none. */
  readonly made?: MadeKind;
}

/**
 * What an answer has created, which decides where its new ids are.
 *
 * - `call`: a metered call and its items
 * - `thing`: an object with an `id` or `name`
 * - `upload`: the file of an upload
 * - `job`: a tuning job and its model
 * - `batch`: a batch and its files
 */
export type MadeKind = "call" | "thing" | "upload" | "job" | "batch";

/** An answer to watch for ids. */
export interface WatchedAnswer {
  readonly of: MadeKind;
  /** Whether it is a stream of events. */
  readonly isStream: boolean;
  readonly onIds: (ids: readonly string[]) => void;
}

/** A request that is passed on without reading its cost. */
export interface PassedRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

export interface Named {
  readonly uses: readonly Reference[];
  /** The models that may be called, wherever the request names them. */
  readonly models: readonly string[];
}

/**
 * Inputs whose bytes do not determine their tokens; `estimate` has a configured bound for each
 * kind.
 */
export interface MediaCounts {
  readonly images: number;
  readonly audios: number;
  readonly files: number;
}

/** Another model that the provider may run for a call, each time over its whole context. */
export interface OtherModel {
  /** Null if the provider chooses it. */
  readonly model: string | null;
  /** Maximum number of runs. */
  readonly runs: number;
  /** For one choice of one run; null if the request sets no limit. */
  readonly maxOutputTokens: number | null;
  /**
   * It may answer instead of the requested model, with as many choices. Only one of several such
   * models is billed. Absent: it runs in addition to the requested model.
   */
  readonly isAlternative?: true;
}

/**
 * The facts about a request that are needed before it is held and forwarded, read without parsing
 * the whole body.
 */
export interface RequestFacts {
  readonly model: string;
  readonly stream: boolean;
  /** Bytes of the body that the model reads as text, without media. */
  readonly textBytes: number;
  /**
   * The most tokens that the provider adds to such a request, as documented: delimiters,
   * instructions for tools.
   */
  readonly addedTokens: number;
  readonly media: MediaCounts;
  /**
   * Whether the request continues or quotes stored content: up to the model's context window of it
   * may be billed.
   */
  readonly storedContext: boolean;
  /** The requested output limit for one choice; null if there is none. */
  readonly maxOutputTokens: number | null;
  /** Number of answers generated (`n`), usually 1. Every one is billed. */
  readonly choices: number;
  /**
   * With fewer output tokens, the request would be invalid (a thinking budget) or its answer
   * useless; 1 if any number will do.
   */
  readonly leastOutputTokens: number;
  /**
   * The answer may not be cut, because it must match a schema: the full ceiling is held and never
   * reduced.
   */
  readonly uncuttable: boolean;
  /** Billed reasoning that is not in the stream: the full ceiling is held, not slices. */
  readonly hiddenOutput: boolean;
  readonly cacheWrite: "none" | "5m" | "1h";
  readonly serviceTier: ServiceTier;
  /** The requested region (`inference_geo`); absent if there is none. */
  readonly region?: string;
  /**
   * The most billed tool calls that the provider may run (web search); 0 if no such tool is
   * offered.
   */
  readonly serverToolCalls: number;
  /** The fees of those tools; absent if any fee may be due. */
  readonly fees?: readonly FeeMeter[];
  /** Absent if only the requested model can be billed. */
  readonly otherModels?: readonly OtherModel[];
  /** OpenAI chat streams: whether the caller itself requested usage. */
  readonly usageAsked: boolean;
  /**
   * The most that can be billed if the model's price is by unit; absent if calls of this kind are
   * billed by tokens only.
   */
  readonly unit?: RequestedUnit;
}

/** The units that a request can be billed for. */
export interface RequestedUnit extends BilledUnit {
  /** Whether `count` is what is billed, not only an upper bound. */
  readonly isExact: boolean;
  /**
   * What the output is counted as if it is billed by tokens and the answer reports none; null if no
   * answer of this kind reports tokens: the call then needs a price by its unit.
   */
  readonly output: "output" | "output_audio" | "output_image" | null;
  /** What its input is beside text, if that may have its own price in tokens. */
  readonly input?: "audio";
  /** Output tokens of one of them, to charge if the answer reports none; absent: by its bytes. */
  readonly tokensEach?: number;
  /** The format of the answer in the request, in lower case; absent if the provider decides. */
  readonly format?: string;
  /**
   * How the request can say what it needs, so that less is held; absent if it says that already.
   * One sentence.
   */
  readonly toHoldLess?: string;
}

/** The fields that Purser sets in a body. All else is forwarded byte for byte. */
export interface RequestEdits {
  readonly model?: string;
  readonly maxOutputTokens?: number;
  /** OpenAI chat streams only. */
  readonly includeUsage?: boolean;
}

/** A request body after reading. */
export interface ReadRequest {
  readonly facts: RequestFacts;
  /** The stored objects that it uses, and whether it creates any. */
  readonly stored: StoredUse;
  /** The content type with which to forward it; absent for JSON. */
  readonly contentType?: string;
  /** The bytes to forward; the same buffer if there is nothing to edit. */
  edit(edits: RequestEdits): Uint8Array;
}

/** What an answer reported about its usage. */
export interface Reading {
  /** The provider's name of the model that answered. */
  readonly model: string | null;
  /**
   * Empty if no usage was reported. The main answer's parts come first; those of other models are
   * separate in the ledger.
   */
  readonly parts: readonly UsagePart[];
  /** The billed units that the answer reports; absent if it reports none. */
  readonly unit?: BilledUnit;
  /**
   * Set if the answer ended before its final usage: the output in `parts` is only the last count
   * reported.
   */
  readonly partial?: true;
  readonly reportedCost: PicoUsd | null;
  /** Set if part of the spend is missing from the reported cost. */
  readonly costIsPart?: true;
  readonly serviceTier: ServiceTier;
  /** The region in the answer, or else in the request; absent if neither has one. */
  readonly region?: string;
  /** The provider's usage object as written. */
  readonly rawUsage: string | null;
  readonly flags: readonly UsageFlag[];
  /**
   * Calls of tools that the provider ran, billed or not: the model read its context again after
   * each. Absent if there were none.
   */
  readonly serverCalls?: number;
  /**
   * Upper bound of the generated text received, in bytes; 0 if there was none. A token is at least
   * one byte, so this also bounds the visible tokens.
   */
  readonly passedBytes: number;
}

/** Progress of a stream, for topping up its hold. */
export interface Progress {
  /** Input tokens reported so far, including cached ones; null before the first report. */
  readonly inputTokens: number | null;
  /**
   * Upper bound of the output tokens so far, including thinking: for a stream, the last report plus
   * one token per byte since.
   */
  readonly outputTokens: number;
}

/** Meters one answer as it passes, keeping no more of it than needed. */
export interface UsageMeter {
  /**
   * Takes the next bytes of the answer, in arbitrary chunks.
   *
   * @returns What to pass to the caller now: complete events in the provider's bytes, without those
   *   that only answer Purser's own edits. May be empty; the rest follows with a later call or with
   *   `end`.
   */
  push(chunk: Uint8Array): Uint8Array;
  readonly progress: Progress;
  /** The output of a stream, for counting; null for an answer in a single body. */
  readonly output: PassedOutput | null;
  /** Whether the closing event has passed. */
  readonly finished: boolean;
  /**
   * @returns The bytes held back (an unfinished event), and the reading. Call once, also after an
   *   abort.
   */
  end(): { readonly rest: Uint8Array; readonly reading: Reading };
  /**
   * Call this when the caller has received all bytes that `push` returned: `stop` closes only what
   * was opened in those.
   */
  passed(): void;
  /**
   * The bytes that end a cut stream. They close everything it opened, with the format's stop reason
   * for "length", followed by the usage charged, the reason as an error event, and the closing
   * event.
   */
  stop(cut: Cut): Uint8Array;
}

/** Why a stream is cut, and what is charged for it. */
export interface Cut {
  readonly error: WireError;
  /** The same as in the ledger. */
  readonly usage: Usage;
  /**
   * Set for a client that shows only the stop reason: the message replaces it if the format allows
   * text there.
   */
  readonly showsOnlyReason?: boolean;
}

/** A refusal or failure, independent of the format. */
export interface WireError {
  readonly status: number;
  readonly message: string;
  /** Machine-readable, such as `budget_exhausted`. */
  readonly code: string;
  /** The request field at fault, if any. */
  readonly param: string | null;
  /** Appears as `purser` in the body. */
  readonly purser?: Readonly<Record<string, unknown>>;
}

/** Watches the bytes of an answer without changing them. */
export interface AnswerWatch {
  push(chunk: Uint8Array): void;
  end(): void;
}

/** The paths of a format, for choosing it and for suggestions. */
export interface WirePaths {
  /** The versions with which its paths begin, such as `v1beta`; the usual one first. */
  readonly versions: readonly [usual: string, ...others: string[]];
  /** Whether the base URL for the vendor's SDK ends in the version. */
  readonly isVersionInBase: boolean;
  /** Matches paths that belong to no other format. */
  readonly own: RegExp;
  /** The most common paths, without the version. */
  readonly usual: readonly string[];
  /** The actions in paths such as `models/MODEL:ACTION`; empty if it has no such paths. */
  readonly actions: readonly string[];
  /** The path with its version for a kind of call, as named by the endpoint of any format. */
  call(of: { readonly endpoint: string; readonly model: string }): string;
}

/** The headers of a format. All names are in lower case. */
export interface WireHeaders {
  /** Headers in which clients put their key, besides `authorization`. */
  readonly key: readonly string[];
  /** Headers that only clients of this format send. */
  readonly typical: readonly string[];
  /** Forwarded to the provider, besides those forwarded in every format. */
  readonly forwarded: ReadonlySet<string>;
  /** Headers with a credential or account, forwarded only with a caller's own provider key. */
  readonly account: ReadonlySet<string>;
  /** Sets the provider's key as the vendor's SDK does. */
  setKey(headers: Record<string, string>, apiKey: string): void;
}

/** A model in a list, independent of the format. */
export interface ListedModel {
  /** The name in requests. */
  readonly id: string;
  readonly ownedBy: string;
  readonly model: string;
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
}

/** How a list of models is paged. The first three are query parameters. */
export interface Paging {
  readonly limit: string;
  readonly after: string;
  readonly before?: string;
  /** Higher limits are reduced to it. */
  readonly most: number;
  readonly usual: number;
  /** Whether a limit of 0 means the usual size; otherwise it is invalid. */
  readonly zeroIsUsual: boolean;
}

/** The list of models, as providers and Purser serve it. */
export interface ModelList {
  /** Relative to the provider's base URL. */
  readonly path: string;
  /** Headers that a request for it needs, besides the key. */
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly paging: Paging;
  one(model: ListedModel): object;
  page(
    models: readonly ListedModel[],
    of: { readonly hasMore: boolean; readonly isLimited: boolean },
  ): object;
}

/** What clients of a format expect of a stream. */
export interface StreamRules {
  /** Whether a stream may have the content type `application/json`. */
  readonly mayBeJson: boolean;
  /** Whether an event marks the end, so that the call need not wait for the connection to close. */
  readonly hasClosingEvent: boolean;
  /** The bytes of a comment that clients skip; null if they would read it as an event. */
  comment(text: string): string | null;
}

export interface WireFormat {
  readonly name: WireName;
  readonly paths: WirePaths;
  readonly headers: WireHeaders;
  /** Whether clients may put their key in the query, as `key`. */
  readonly keyInQuery: boolean;
  /** The environment variable in which the vendor's SDK expects its key: an example in remedies. */
  readonly keyVariable: string;
  readonly models: ModelList;
  readonly stream: StreamRules;
  /** Whether a model, by its provider's name, can be called in this format at all. */
  canCall(model: string): boolean;
  /**
   * @param path Relative to the provider's base URL, as the SDK appends it: `/chat/completions`,
   *   `/v1/messages`, `/v1beta/models/x:generateContent`.
   */
  endpoint(method: string, path: string): Endpoint;
  /**
   * The stored objects or account data at a path; undefined for paths on the format's list of those
   * open to every caller. Unknown paths are not on the list.
   */
  storedPlace(method: string, path: string): StoredPlace | undefined;
  /**
   * @param contentType Of the body; absent for JSON.
   * @throws PurserError `invalid_request` for invalid JSON, a field of the wrong type or out of
   *   range, or a repeated field that Purser reads.
   */
  read(endpoint: Endpoint, body: Uint8Array, contentType?: string): ReadRequest;
  /** Creates a meter for one answer. */
  meter(
    endpoint: Endpoint,
    answer: { readonly stream: boolean; readonly facts: RequestFacts },
  ): UsageMeter;
  /**
   * The objects and models named in a request that is not metered.
   *
   * @throws PurserError `invalid_request` for a body that cannot be read, or with a repeated field
   *   that contains an id.
   */
  named(request: PassedRequest): Named;
  /**
   * The name under which a tuned model belongs to the key that tuned it; undefined for the
   * provider's own models.
   */
  tunedModel(model: string): string | undefined;
  /** Watches an answer for the ids of what it made. */
  madeIds(answer: WatchedAnswer): AnswerWatch;
  /** The error body in the format's own shape, as JSON text. */
  error(error: WireError): string;
}
