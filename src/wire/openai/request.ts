/** Reads the facts of a request in OpenAI's format, and edits its body. */

import { PurserError } from "../../domain/error.ts";
import { checkedModelName } from "../../domain/input/model-name.ts";
import {
  bodyScanner,
  editBody,
  type FieldEdit,
  type IntegerBounds,
  type ScannedBody,
} from "../body/index.ts";
import { toObject } from "../count/count.ts";
import type { StoredUse } from "../stored/references.ts";
import type { Endpoint, OtherModel, ReadRequest, RequestEdits, RequestFacts } from "../wire.ts";
import { embeddingKeys, mediaOf } from "./media.ts";
import { hidesReasoning, searchesAlways } from "./model-name.ts";
import { serviceTierOf } from "./terms.ts";
import { referenceKeys, storedUse } from "./stored.ts";

/**
 * The output limit added to a chat request without one: OpenAI's newer models reject `max_tokens`,
 * most other servers support only that.
 */
export type NewTokenField = "max_completion_tokens" | "max_tokens";

/** The least `max_output_tokens` that the Responses API takes (API reference, read 2026-11). */
const leastResponsesTokens = 16;
/** Calls of a billed tool that are held if the request has no `max_tool_calls`. */
const assumedToolCalls = 10;
/**
 * Tokens that prime and close a reply. A turn's delimiters are fewer than the bytes of its keys.
 */
const addedTokens = 16;
const fromZero: IntegerBounds = { min: 0 };
const fromOne: IntegerBounds = { min: 1 };
const choiceBounds: IntegerBounds = { min: 1, max: 1024 };

/** The fields in which an endpoint takes a ceiling of output tokens. */
const tokenFields: ReadonlyMap<string, readonly string[]> = new Map([
  ["responses", ["max_output_tokens"]],
  ["chat", ["max_completion_tokens", "max_tokens"]],
  ["completions", ["max_tokens"]],
]);
const noFields: readonly string[] = [];

/** Inputs that are not in the body at all: a stored conversation or prompt. */
const references = ["previous_response_id", "conversation", "prompt"];

const nested = [
  "stream_options",
  "response_format",
  "reasoning",
  "text",
  "text.format",
  "search_parameters",
];
const scan = bodyScanner({ nested, keys: ["cache_control", ...referenceKeys], values: ["ttl"] });
const scanEmbeddings = bodyScanner({
  nested,
  keys: [...embeddingKeys, ...referenceKeys],
  values: ["ttl"],
});

/**
 * @throws PurserError `invalid_request`; `unmetered` for a Responses request that runs in the
 * background.
 */
export function readOpenaiRequest(
  endpoint: Endpoint,
  body: Uint8Array,
  newTokenField: NewTokenField,
): ReadRequest {
  const scanned = endpoint.name === "embeddings" ? scanEmbeddings(body) : scan(body);
  refuseBackground(endpoint, scanned);
  const stored = storedUse(endpoint, scanned);
  const facts = factsOf(endpoint, scanned, stored);
  return {
    facts,
    stored,
    edit: (edits) => {
      const fields = editsOf(scanned, { endpoint, newTokenField, edits });
      const edited = editBody(scanned, fields);
      return edited === scanned.bytes ? body : edited;
    },
  };
}

/**
 * Such an answer comes before the model has run. Only a client that polls for it gets its usage.
 */
function refuseBackground(endpoint: Endpoint, body: ScannedBody): void {
  if (endpoint.name !== "responses" || body.boolean("background") !== true) return;
  throw new PurserError(
    "unmetered",
    "background: a response that is made in the background does not report what it used",
    {
      field: "background",
      remedy: "Send the request without background, streamed if it takes long.",
    },
  );
}

function factsOf(endpoint: Endpoint, body: ScannedBody, stored: StoredUse): RequestFacts {
  const model = modelOf(endpoint, body);
  const given = mediaOf(endpoint, body);
  const media = { ...given, audios: given.audios + earlierAudios(body, stored) };
  const maxOutputTokens = ceilingOf(endpoint, body);
  const otherModels = otherModelsOf(body, { model, maxOutputTokens });
  const isResponses = endpoint.name === "responses";
  const format =
    body.kind("text.format") === "object"
      ? body.string("text.format.type")
      : body.string("response_format.type");
  return {
    model,
    stream: body.boolean("stream") ?? false,
    textBytes:
      body.textBytes +
      (body.mediaPayloads > given.images + given.audios + given.files ? body.mediaBytes : 0),
    addedTokens: addedTokens + tokensAroundInputs(endpoint, body),
    media,
    storedContext: isReferring(body) || stored.uses.some(({ key }) => key === "id"),
    maxOutputTokens,
    choices: choicesOf(endpoint, body),
    leastOutputTokens: isResponses ? leastResponsesTokens : 1,
    uncuttable: format === "json_schema" || format === "json_object",
    hiddenOutput: hidesOutput(endpoint, body, model),
    cacheWrite: cacheWriteOf(endpoint, body),
    serviceTier: serviceTierOf(body.string("service_tier")) ?? "standard",
    serverToolCalls: toolCallsOf(body, model),
    usageAsked: body.boolean("stream_options.include_usage") ?? false,
    ...(otherModels.length > 0 && { otherModels }),
  };
}

function modelOf(endpoint: Endpoint, body: ScannedBody): string {
  // A path that names a deployment decides which model serves.
  return checkedModelName(endpoint.model ?? body.string("model"));
}

/**
 * OpenRouter tries them in turn and bills the one that answers
 * (https://openrouter.ai/docs/guides/routing/model-fallbacks, read 2026-11).
 */
function otherModelsOf(
  body: ScannedBody,
  { model, maxOutputTokens }: Pick<RequestFacts, "model" | "maxOutputTokens">,
): readonly OtherModel[] {
  const models = body.list("models", mostOtherModels) ?? [];
  const others = models.filter((other) => other !== model);
  return others.map((other) => ({
    model: typeof other === "string" ? other : null,
    runs: 1,
    maxOutputTokens,
    isAlternative: true,
  }));
}

/** Each is priced. */
const mostOtherModels = 1000;

/** Servers of open models embed each text between a token of its beginning and one of its end. */
function tokensAroundInputs(endpoint: Endpoint, body: ScannedBody): number {
  if (endpoint.name !== "embeddings") return 0;
  const isTokens = body.firstKind("input") === "number";
  return 2 * (isTokens ? 1 : (body.members("input") ?? 1));
}

/**
 * Audio that the model made earlier in a chat: a message names it by its id, and the model reads it
 * again. The settings of the answer's audio have the same key.
 */
function earlierAudios(body: ScannedBody, { uses }: StoredUse): number {
  if (!uses.some(({ key }) => key === "audio")) return 0;
  return body.keyCount("audio") - (body.has("audio") ? 1 : 0);
}

function isReferring(body: ScannedBody): boolean {
  return (
    references.some((field) => isReference(body, field)) ||
    body.valueCount("type", "item_reference") > 0
  );
}

/** `prompt` is a text in the completions API and a stored prompt in the Responses API. */
function isReference(body: ScannedBody, field: string): boolean {
  const kind = body.kind(field);
  return kind === "object" || (kind === "string" && field !== "prompt");
}

/**
 * If both of chat's limits are set, the larger one counts: servers differ in which one they use.
 */
function ceilingOf(endpoint: Endpoint, body: ScannedBody): number | null {
  if (endpoint.name === "embeddings") return 0;
  const bounds = endpoint.name === "completions" ? fromZero : fromOne;
  let largest: number | null = null;
  for (const field of tokenFieldsOf(endpoint)) {
    const ceiling = body.integer(field, bounds);
    if (ceiling !== undefined) largest = Math.max(largest ?? 0, ceiling);
  }
  return largest;
}

function tokenFieldsOf(endpoint: Endpoint): readonly string[] {
  return tokenFields.get(endpoint.name) ?? noFields;
}

/** The completions API answers every prompt, and generates `best_of` answers to return `n`. */
function choicesOf(endpoint: Endpoint, body: ScannedBody): number {
  if (endpoint.name !== "chat" && endpoint.name !== "completions") return 1;
  const n = body.integer("n", choiceBounds) ?? 1;
  if (endpoint.name === "chat") return n;
  return Math.max(n, body.integer("best_of", choiceBounds) ?? 1) * promptsOf(body);
}

function promptsOf(body: ScannedBody): number {
  if (body.firstKind("prompt") === "number") return 1;
  return Math.max(1, body.members("prompt") ?? 1);
}

/** A compaction has no output limit and is not streamed. */
function hidesOutput(endpoint: Endpoint, body: ScannedBody, model: string): boolean {
  if (endpoint.name === "embeddings") return false;
  if (endpoint.name === "compact") return true;
  return hidesReasoning(model, body.string("reasoning_effort") ?? body.string("reasoning.effort"));
}

/**
 * OpenAI's newer models write their cache without a request, and bill it: a write is always
 * possible.
 */
function cacheWriteOf(endpoint: Endpoint, body: ScannedBody): RequestFacts["cacheWrite"] {
  if (endpoint.name === "embeddings" || endpoint.name === "completions") return "none";
  return body.keyCount("cache_control") > 0 && body.valueCount("ttl", "1h") > 0 ? "1h" : "5m";
}

/**
 * Calls of tools that the provider runs and bills: OpenAI's `tools`, OpenRouter's `plugins`, xAI's
 * `search_parameters`. One that a request asks for in two ways counts twice.
 */
function toolCallsOf(body: ScannedBody, model: string): number {
  const offered = body.has("tools") && [...body.values("type").keys()].some(isBilledTool);
  const ofTools = offered
    ? (body.integer("max_tool_calls") ?? assumedToolCalls) * (1 + moreOfTool(body))
    : 0;
  const always = body.has("web_search_options") || searchesAlways(model) ? 1 : 0;
  return ofTools + searchesOf(body) + always + pluginCallsOf(body);
}

function searchesOf(body: ScannedBody): number {
  const isOn =
    body.kind("search_parameters") === "object" && body.string("search_parameters.mode") !== "off";
  return isOn ? (body.integer("search_parameters.max_search_results") ?? assumedToolCalls) : 0;
}

/**
 * OpenRouter's `plugins`, one call each. A search is of five results; more are as many searches
 * (https://openrouter.ai/docs/features/web-search, read 2026-11). Of a repeated number of results,
 * each counts.
 */
function pluginCallsOf(body: ScannedBody): number {
  const plugins = body.json("plugins");
  if (!Array.isArray(plugins)) return plugins === undefined ? 0 : 1;
  const parsed = plugins.map((plugin: unknown) => toObject(plugin)?.["max_results"]);
  const more = [parsed, resultsWritten(body, "plugins")].map((counts) =>
    counts.reduce((sum: number, count) => sum + moreSearches(Number(count ?? 0)), 0),
  );
  return plugins.length + Math.max(...more);
}

/** Of OpenRouter's tool `openrouter:web_search`, which takes the number among its `parameters`. */
function moreOfTool(body: ScannedBody): number {
  const tools = body.values("type").has("openrouter:web_search") ? body.json("tools") : undefined;
  if (!Array.isArray(tools)) return 0;
  const parsed = tools.map((tool: unknown) => {
    const { parameters, max_results: own } = toObject(tool) ?? {};
    return toObject(parameters)?.["max_results"] ?? own;
  });
  const counts = [...parsed, ...resultsWritten(body, "tools")];
  return counts.reduce<number>(
    (most, count) => Math.max(most, moreSearches(Number(count ?? 0))),
    0,
  );
}

function resultsWritten(body: ScannedBody, field: string): readonly (string | undefined)[] {
  const written = (body.raw(field) ?? "").matchAll(/"max_results"\s*:\s*"?([-+.\w]+)/g);
  return [...written].map(([, count]) => count);
}

/** The searches for this many results, without the first one. */
function moreSearches(results: number): number {
  if (!(results > resultsOfSearch)) return 0;
  return Math.ceil(Math.min(results, mostResults) / resultsOfSearch) - 1;
}

const resultsOfSearch = 5;
const mostResults = 10_000;

function isBilledTool(type: string): boolean {
  if (type.endsWith("_call")) return false;
  return /^(openrouter:)?(web_search|x_search|file_search|code_interpreter|live_search|collections_search)/.test(
    type,
  );
}

function editsOf(
  body: ScannedBody,
  want: {
    readonly endpoint: Endpoint;
    readonly newTokenField: NewTokenField;
    readonly edits: RequestEdits;
  },
): FieldEdit[] {
  const { model, maxOutputTokens, includeUsage } = want.edits;
  const fields: FieldEdit[] = [];
  if (model !== undefined && model !== body.string("model"))
    fields.push({ path: "model", json: JSON.stringify(model) });
  if (maxOutputTokens !== undefined)
    fields.push(...ceilingEdits(body, { ...want, ceiling: maxOutputTokens }));
  if (
    includeUsage === true &&
    (want.endpoint.name === "chat" || want.endpoint.name === "completions")
  ) {
    fields.push({ path: "stream_options.include_usage", json: "true" });
  }
  return fields;
}

/** Lowers every limit that is higher; if there is none, adds the one that the server supports. */
function ceilingEdits(
  body: ScannedBody,
  want: {
    readonly endpoint: Endpoint;
    readonly newTokenField: NewTokenField;
    readonly ceiling: number;
  },
): FieldEdit[] {
  const known = tokenFieldsOf(want.endpoint);
  const used = known.filter((field) => body.has(field));
  const [only] = known.length === 1 ? known : [want.newTokenField];
  const fields = used.length > 0 ? used : known.length === 0 || only === undefined ? [] : [only];
  return fields
    .filter((field) => (body.integer(field) ?? Number.POSITIVE_INFINITY) > want.ceiling)
    .map((field) => ({ path: field, json: String(want.ceiling) }));
}
