/** What an OpenAI-shaped provider stores: the paths that address it, the request fields that refer to it, and the answers that contain its ids. */

import type { ScannedBody } from "../body/index.ts";
import { MadeIds, type IdReader } from "../stored/made-ids.ts";
import { NamedReader } from "../stored/named.ts";
import {
  isObject,
  keysOf,
  referencesIn,
  referencesOfScanned,
  usesNothing,
  type Reference,
  type ReferenceRules,
  type StoredUse,
} from "../stored/references.ts";
import type { Endpoint, Named, PassedRequest, StoredPlace } from "../wire.ts";
import { metered, parsePath } from "./endpoint.ts";

/** Paths by which any caller may ask: they keep nothing, and show nothing of the account. All others are closed to callers. */
const openPosts: readonly RegExp[] = [
  /^(?:moderations|responses\/input_tokens|rerank)$/,
  /^images\/(?:generations|edits|variations)$/,
  /^audio\/(?:speech|transcriptions|translations)$/,
];
const openReads: readonly RegExp[] = [/^(?:models|language-models|embedding-models|image-generation-models)(?:\/.+)?$/, /^providers$/];

/** Of OpenRouter: which models the account prefers. */
const preferences = "models/user";

/** Collections whose things have their ids in paths (resource methods of the `openai` package 7.57, read 2026-11). */
const collection =
  /^(?:responses|chat\/completions|conversations|files|uploads|batches|vector_stores|containers|evals|videos|skills|audio\/voices|audio\/voice_consents|fine_tuning\/jobs)(?:\/([^/]+))?(\/.*)?$/;

/** Created from requests in a file, or from stored data of the account: Purser cannot see whose objects they use. */
const unseen = /^(?:batches|evals)$/;

/** @returns undefined for a path that any caller may ask. */
export function storedPlace(method: string, path: string): StoredPlace | undefined {
  const verb = method.toUpperCase();
  const { route } = parsePath(path);
  const isRead = verb === "GET" || verb === "HEAD";
  if (verb === "POST" && (metered.has(route) || openPosts.some((open) => open.test(route)))) return undefined;
  if (isRead && route !== preferences && openReads.some((open) => open.test(route))) return undefined;
  const model = modelIn(route);
  if (verb === "DELETE" && model !== undefined) return { id: tunedModel(model) ?? model, makes: false };
  const found = collection.exec(route);
  const id = found?.[1] ?? null;
  return { id, makes: verb === "POST" && found !== null && id === null && !unseen.test(route) };
}

/** The model that a path is about. */
function modelIn(route: string): string | undefined {
  const name = /^models\/(.+)$/.exec(route)?.[1];
  return name?.replaceAll(/%2f/gi, "/");
}

/**
 * A model that was tuned, and not one that the vendor offers: `ft:gpt-4o:org::id` of OpenAI, `ft:open-mistral-7b:...` of Mistral,
 * `davinci:ft-org...` of old. A checkpoint belongs to its model.
 */
export function tunedModel(model: string): string | undefined {
  return /^ft:|:ft-/.test(model) ? model.replace(/:ckpt-step-\d+$/, "") : undefined;
}

const rules: ReferenceRules = {
  ids: new Set(
    (
      "previous_response_id comparison_response_id conversation file_id file_ids container container_id vector_store_id vector_store_ids " +
      "collection_ids library_ids input_file_id training_file validation_file skill_id agent_id voice consent connector_id tunnel_id " +
      "approval_request_id"
    ).split(" "),
  ),
  holders: new Set(["conversation", "container", "prompt", "audio", "voice", "video", "characters"]),
  others: ["data_sources", "preset"],
  data: new Set(["metadata", "parameters", "schema", "json_schema", "arguments"]),
  own: ofAccount,
  idOf,
};

/** In the Responses API an item by its id alone is one that the provider keeps. */
const itemRules: ReferenceRules = {
  ...rules,
  others: [...(rules.others ?? []), "id"],
  own: (object, place) => (isItem.test(place) ? referredItem(object) : undefined) ?? ofAccount(object),
  given,
};

/** Items are in the `input` of a response, and in the `items` of a conversation. Elsewhere an object with an `id` refers to nothing kept. */
const isItem = /^(?:input|items)$/;

/** Services that everybody may connect to, with a token of the caller's own for them (types of the `openai` package 7.57, read 2026-11). */
const publicConnectors: ReadonlySet<string> = new Set(
  "dropbox gmail googlecalendar googledrive microsoftteams outlookcalendar outlookemail sharepoint"
    .split(" ")
    .map((name) => `connector_${name}`),
);

function idOf(key: string, text: string): string | undefined {
  switch (key) {
    case "voice":
      // Names of the vendor's voices are words.
      return text.startsWith("voice_") ? text : undefined;
    case "connector_id":
      return publicConnectors.has(text) ? undefined : text;
    case "skill_id":
      return text.startsWith("openai-") ? undefined : text;
    default:
      return text;
  }
}

/** What the account has set up, by no id: Azure reads its own search indices with its own identity, OpenRouter has presets of a call. */
function ofAccount({ data_sources: sources, preset, model }: Readonly<Record<string, unknown>>): Reference | undefined {
  if (Array.isArray(sources) && sources.length > 0) return { key: "data_sources", id: "data_sources" };
  return typeof preset === "string" && typeof model === "string" ? { key: "preset", id: preset } : undefined;
}

/** The text without which an item is looked up by its id. */
const contents: ReadonlyMap<unknown, readonly string[]> = new Map([
  ["reasoning", ["encrypted_content", "content"]],
  ["compaction", ["encrypted_content"]],
  ["image_generation_call", ["result"]],
]);

/** An item of an earlier response, whose content is left out (https://platform.openai.com/docs/api-reference/responses, read 2026-11-28). */
function referredItem(object: Readonly<Record<string, unknown>>): Reference | undefined {
  const { id, type } = object;
  if (typeof id !== "string") return undefined;
  const isBare = Object.keys(object).every((key) => key === "id" || key === "type" || key === "status");
  const lacksContent = contents.get(type)?.every((key) => isEmpty(object[key])) === true;
  return type === "item_reference" || isBare || lacksContent ? { key: "id", id } : undefined;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "string" || Array.isArray(value) ? value.length === 0 : true;
}

/** What is approved may be in the same input. */
function given({ input }: Readonly<Record<string, unknown>>): readonly Reference[] {
  if (!Array.isArray(input)) return [];
  return (input as readonly unknown[]).flatMap((item) =>
    isObject(item) && item["type"] === "mcp_approval_request" && typeof item["id"] === "string"
      ? [{ key: "approval_request_id", id: item["id"] }]
      : [],
  );
}

/** Keys for the scan of a body to look for: without any of them, it refers to nothing. */
export const referenceKeys: readonly string[] = keysOf(itemRules);

/**
 * An answer is kept under its id: of a response unless the request says otherwise, of a chat if it says so. What a chat speaks is kept
 * in any case, so that later requests can name it.
 */
export function storedUse({ name }: Endpoint, body: ScannedBody): StoredUse {
  if (name === "embeddings" || name === "completions") return usesNothing;
  const isResponse = name === "responses" || name === "compact";
  const stores = body.kind("store") === "boolean" ? body.boolean("store") : undefined;
  return {
    uses: referencesOfScanned(body, isResponse ? itemRules : rules),
    makes: isResponse ? stores !== false : stores === true || body.kind("audio") === "object",
  };
}

const reader = new NamedReader(itemRules);

/** @throws PurserError `invalid_request` for a body that is neither a JSON object nor a form, nor an offer. */
export function named({ path, ...request }: PassedRequest): Named {
  const { uses, models } = isOffer(request) ? { uses: [], models: [] } : reader.read(request);
  const { route, model: deployment } = parsePath(path);
  const ofPath = [modelIn(route), deployment].filter((model) => model !== undefined);
  return { uses, models: [...models, ...ofPath, ...modelsInQuery(path)] };
}

/** An offer of WebRTC, which names nothing: the one raw body of the format. What begins so is neither JSON nor a form. */
function isOffer({ contentType, body }: Pick<PassedRequest, "contentType" | "body">): boolean {
  return /^\s*application\/sdp\s*(?:;|$)/i.test(contentType ?? "") && /^v=0\r?\n/.test(Buffer.from(body.subarray(0, 5)).toString("latin1"));
}

/** Realtime calls name their model there (https://platform.openai.com/docs/guides/realtime-webrtc, read 2026-11). */
function modelsInQuery(path: string): readonly string[] {
  return new URLSearchParams(path.split("?").slice(1).join("?")).getAll("model");
}

/** The events at which items and responses begin or end: only these contain an id. */
const markers = ["response.created", "output_item.added", "output_item.done", '"chat.completion.chunk"'];

export function openaiMadeIds(how: { readonly isStream: boolean; readonly onIds: (ids: readonly string[]) => void }): MadeIds {
  return new MadeIds({ ...how, markers, read: readIds });
}

const readIds: IdReader = (value) => {
  const response = isObject(value["response"]) ? value["response"] : value;
  const output = Array.isArray(response["output"]) ? (response["output"] as readonly unknown[]) : [];
  const items = isObject(value["item"]) ? [value["item"], ...output] : output;
  const own = [response, response["file"], ...items, ...spokenIn(response)].map((one) => (isObject(one) ? one["id"] : undefined));
  // What the provider's tools made is named inside of the items: containers, and files in them.
  const inside = referencesIn(items, madeRules).map(({ id }) => id);
  const others = [response["output_file_id"], response["error_file_id"], tunedIn(response)];
  return [...own, ...inside, ...others].filter((id): id is string => typeof id === "string" && id !== "");
};

/** Of a chat, what each choice speaks: whole, or in a chunk of a stream. */
function spokenIn({ choices }: Readonly<Record<string, unknown>>): readonly unknown[] {
  if (!Array.isArray(choices)) return [];
  return (choices as readonly unknown[]).filter(isObject).map((choice) => {
    const message = choice["message"] ?? choice["delta"];
    return isObject(message) ? message["audio"] : undefined;
  });
}

/** Of a tuning job that is done, or of one in a list of its checkpoints. */
function tunedIn({ fine_tuned_model: name }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof name === "string" ? tunedModel(name) : undefined;
}

const madeRules: ReferenceRules = { ids: new Set(["container_id", "file_id"]), holders: new Set(), data: rules.data };
