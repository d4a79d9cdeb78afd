/**
 * What providers of OpenAI's format store: the paths that address it, the fields that refer to it.
 */

import type { ScannedBody } from "../body/index.ts";
import { NamedReader } from "../stored/named.ts";
import {
  isObject,
  keysOf,
  referencesOfScanned,
  usesNothing,
  type Reference,
  type ReferenceRules,
  type StoredUse,
} from "../stored/references.ts";
import type { Endpoint, MadeKind, Named, PassedRequest, StoredPlace } from "../wire.ts";
import { metered, parsePath } from "./endpoint.ts";
import { tunedModel } from "./model-name.ts";

/** Paths open to every caller: they store nothing and show nothing of the account. */
const openPosts: readonly RegExp[] = [
  /^(?:moderations|responses\/input_tokens|rerank|ocr)$/,
  /^images\/(?:generations|edits|variations)$/,
  /^audio\/(?:speech|transcriptions|translations)$/,
];
const openReads: readonly RegExp[] = [
  /^(?:models|language-models|embedding-models|image-generation-models)(?:\/.+)?$/,
  /^providers$/,
];

/** At OpenRouter, the models that the account prefers. */
const preferences = "models/user";

/** Collections with ids in paths (resource methods of the `openai` package 7.57, read 2026-11). */
const collection =
  /^(?:responses|chat\/completions|conversations|files|uploads|batches|vector_stores|containers|evals|videos\/characters|videos|skills|audio\/voices|audio\/voice_consents|fine_tuning\/jobs)(?:\/([^/]+))?(\/.*)?$/;

/** Paths under a collection that create an object in it. */
const creations = /^videos\/(?:generations|edits|extensions)$/;

/**
 * Created from a file of requests or from stored data: Purser cannot see whose objects they use.
 */
const unseen = /^(?:batches|evals)$/;

/**
 * Answers with ids of new objects. The content of an object and lists of existing ones have none.
 */
const madeAt: readonly (readonly [request: RegExp, made: MadeKind])[] = [
  [/^GET responses\/[^/]+$|^POST responses\/[^/]+\/cancel$/, "call"],
  [/^POST (?:containers\/[^/]+\/files|videos\/[^/]+\/remix)$/, "thing"],
  [/^POST uploads\/[^/]+\/complete$/, "upload"],
  [
    /^GET fine_tuning\/jobs\/[^/]+$|^POST fine_tuning\/jobs\/[^/]+\/(?:cancel|pause|resume)$/,
    "job",
  ],
  [/^GET batches\/[^/]+$|^POST batches\/[^/]+\/cancel$/, "batch"],
];

/** @returns undefined for a path open to every caller. */
export function storedPlace(method: string, path: string): StoredPlace | undefined {
  const verb = method.toUpperCase();
  const { route } = parsePath(path);
  const isRead = verb === "GET" || verb === "HEAD";
  if (verb === "POST" && (metered.has(route) || openPosts.some((open) => open.test(route))))
    return undefined;
  if (isRead && route !== preferences && openReads.some((open) => open.test(route)))
    return undefined;
  const model = modelIn(route);
  if (verb === "DELETE" && model !== undefined)
    return { id: tunedModel(model) ?? model, makes: false };
  const found = collection.exec(route);
  const id = creations.test(route) ? null : (found?.[1] ?? null);
  const isCreation = verb === "POST" && found !== null && id === null;
  const made = isCreation
    ? "thing"
    : madeAt.find(([request]) => request.test(`${verb} ${route}`))?.[1];
  return { id, makes: isCreation && !unseen.test(route), ...(made && { made }) };
}

/** The model in a path. */
function modelIn(route: string): string | undefined {
  const name = /^models\/(.+)$/.exec(route)?.[1];
  return name?.replaceAll(/%2f/gi, "/");
}

const rules: ReferenceRules = {
  ids: new Set(
    (
      "previous_response_id comparison_response_id conversation file_id file_ids container container_id vector_store_id vector_store_ids " +
      "collection_ids library_ids input_file_id training_file validation_file skill_id agent_id voice consent connector_id tunnel_id " +
      "approval_request_id"
    ).split(" "),
  ),
  holders: new Set([
    "conversation",
    "container",
    "prompt",
    "audio",
    "voice",
    "video",
    "characters",
  ]),
  others: ["data_sources", "preset"],
  data: new Set(["metadata", "parameters", "schema", "json_schema", "arguments"]),
  own: ofAccount,
  idOf,
};

/** In the Responses API, an item that has only an id is stored at the provider. */
const itemRules: ReferenceRules = {
  ...rules,
  others: [...(rules.others ?? []), "id"],
  own: (object, place) =>
    (isItem.test(place) ? referredItem(object) : undefined) ?? ofAccount(object),
  given,
};

/**
 * Items are in the `input` of a response and the `items` of a conversation. Elsewhere, an object
 * with an `id` refers to nothing stored.
 */
const isItem = /^(?:input|items)$/;

/**
 * Services open to every caller, with the caller's own token for them (types of the `openai`
 * package 7.57, read 2026-11).
 */
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

/**
 * Settings of the account that have no id: Azure reads its search indices with its own identity,
 * OpenRouter has presets of a call.
 */
function ofAccount({
  data_sources: sources,
  preset,
  model,
}: Readonly<Record<string, unknown>>): Reference | undefined {
  if (Array.isArray(sources) && sources.length > 0)
    return { key: "data_sources", id: "data_sources" };
  return typeof preset === "string" && typeof model === "string"
    ? { key: "preset", id: preset }
    : undefined;
}

/** The content of an item; without it, the item is looked up by its id. */
const contents: ReadonlyMap<unknown, readonly string[]> = new Map([
  ["reasoning", ["encrypted_content", "content"]],
  ["compaction", ["encrypted_content"]],
  ["image_generation_call", ["result"]],
]);

/**
 * An item of an earlier response, without its content
 * (https://platform.openai.com/docs/api-reference/responses, read 2026-11-28).
 */
function referredItem(object: Readonly<Record<string, unknown>>): Reference | undefined {
  const { id, type } = object;
  if (typeof id !== "string") return undefined;
  const isBare = Object.keys(object).every(
    (key) => key === "id" || key === "type" || key === "status",
  );
  const lacksContent = contents.get(type)?.every((key) => isEmpty(object[key])) === true;
  return type === "item_reference" || isBare || lacksContent ? { key: "id", id } : undefined;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "string" || Array.isArray(value) ? value.length === 0 : true;
}

/** The approved request may be in the same input. */
function given({ input }: Readonly<Record<string, unknown>>): readonly Reference[] {
  if (!Array.isArray(input)) return [];
  return (input as readonly unknown[]).flatMap((item) =>
    isObject(item) && item["type"] === "mcp_approval_request" && typeof item["id"] === "string"
      ? [{ key: "approval_request_id", id: item["id"] }]
      : [],
  );
}

/** The keys that a body's scan looks for: without any of them, it refers to nothing. */
export const referenceKeys: readonly string[] = keysOf(itemRules);

/**
 * A response is stored under its id unless the request sets `store: false`, a chat only with
 * `store: true`. The audio of a chat is always stored, so that later requests can refer to it.
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

/**
 * @throws PurserError `invalid_request` for a body that is not a JSON object, a form or an offer.
 */
export function named({ path, ...request }: PassedRequest): Named {
  const { uses, models } = isOffer(request) ? { uses: [], models: [] } : reader.read(request);
  const { route, model: deployment } = parsePath(path);
  const ofPath = [modelIn(route), deployment].filter((model) => model !== undefined);
  return { uses, models: [...models, ...ofPath, ...modelsInQuery(path)] };
}

/** A WebRTC offer, which has no ids: the format's only raw body. It cannot be JSON or a form. */
function isOffer({ contentType, body }: Pick<PassedRequest, "contentType" | "body">): boolean {
  return (
    /^\s*application\/sdp\s*(?:;|$)/i.test(contentType ?? "") &&
    /^v=0\r?\n/.test(Buffer.from(body.subarray(0, 5)).toString("latin1"))
  );
}

/** Realtime calls (https://platform.openai.com/docs/guides/realtime-webrtc, read 2026-11). */
function modelsInQuery(path: string): readonly string[] {
  return new URLSearchParams(path.split("?").slice(1).join("?")).getAll("model");
}
