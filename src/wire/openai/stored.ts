/** What an OpenAI-shaped provider stores: the paths that address it, the request fields that refer to it, and the answers that contain its ids. */

import type { ScannedBody } from "../body/index.ts";
import { MadeIds, type IdReader } from "../stored/made-ids.ts";
import {
  isObject,
  jsonObjectOf,
  referencesIn,
  referencesOfScanned,
  usesNothing,
  type Reference,
  type ReferenceRules,
  type StoredUse,
} from "../stored/references.ts";
import type { Endpoint, StoredPlace } from "../wire.ts";
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
  /^(?:responses|chat\/completions|conversations|files|uploads|batches|vector_stores|containers|evals|videos|skills|fine_tuning\/jobs)(?:\/([^/]+))?(\/.*)?$/;

/** Created from requests in a file, or from stored data of the account: Purser cannot see whose objects they use. */
const unseen = /^(?:batches|evals)$/;

/** @returns undefined for a path that any caller may ask. */
export function storedPlace(method: string, path: string): StoredPlace | undefined {
  const verb = method.toUpperCase();
  const { route } = parsePath(path);
  const isRead = verb === "GET" || verb === "HEAD";
  if (verb === "POST" && (metered.has(route) || openPosts.some((open) => open.test(route)))) return undefined;
  if (isRead && route !== preferences && openReads.some((open) => open.test(route))) return undefined;
  const found = collection.exec(route);
  const id = found?.[1] ?? null;
  return { id, makes: verb === "POST" && found !== null && id === null && !unseen.test(route) };
}

const rules: ReferenceRules = {
  ids: new Set(
    (
      "previous_response_id conversation file_id file_ids container container_id vector_store_id vector_store_ids collection_ids " +
      "input_file_id training_file validation_file skill_id"
    ).split(" "),
  ),
  holders: new Set(["conversation", "container", "prompt", "audio"]),
  data: new Set(["metadata", "parameters", "schema", "json_schema", "arguments"]),
  own: referredItem,
};

const wholeFields = ["previous_response_id", "conversation", "prompt", "input", "messages", "tools"];

/** Keys for the scan of a body to look for: without any of them, it refers to nothing. */
export const referenceKeys: readonly string[] = [...rules.ids, "prompt", "audio", "id"];

/** An item of an earlier response by its id alone; its type may be left out (https://platform.openai.com/docs/api-reference/responses, read 2026-11-28). */
function referredItem(object: Readonly<Record<string, unknown>>): unknown {
  const { id, type } = object;
  if (type === "item_reference") return id;
  const isAlone = Object.keys(object).every((key) => key === "id" || key === "type");
  return isAlone && (type === undefined || type === null) ? id : undefined;
}

/**
 * An answer is kept under its id: of a response unless the request says otherwise, of a chat if it says so. What a chat speaks is kept
 * in any case, so that later requests can name it.
 */
export function storedUse({ name }: Endpoint, body: ScannedBody): StoredUse {
  if (name === "embeddings" || name === "completions") return usesNothing;
  const isResponse = name === "responses" || name === "compact";
  const stores = body.kind("store") === "boolean" ? body.boolean("store") : undefined;
  const isNamed = referenceKeys.some((key) => (isResponse || key !== "id") && body.keyCount(key) > 0);
  return {
    uses: isNamed ? referencesOfScanned(body, wholeFields, rules) : usesNothing.uses,
    makes: isResponse ? stores !== false : stores === true || body.kind("audio") === "object",
  };
}

/** @returns None for a body that is not JSON, such as a form with a file in it. */
export function referencesOf(bytes: Uint8Array): readonly Reference[] {
  return referencesIn(jsonObjectOf(bytes), rules);
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
  const named = referencesIn(items, itemRules).map(({ id }) => id);
  const files = [response["output_file_id"], response["error_file_id"]];
  return [...own, ...named, ...files].filter((id): id is string => typeof id === "string" && id !== "");
};

/** Of a chat, what each choice speaks: whole, or in a chunk of a stream. */
function spokenIn({ choices }: Readonly<Record<string, unknown>>): readonly unknown[] {
  if (!Array.isArray(choices)) return [];
  return (choices as readonly unknown[]).filter(isObject).map((choice) => {
    const message = choice["message"] ?? choice["delta"];
    return isObject(message) ? message["audio"] : undefined;
  });
}

const itemRules: ReferenceRules = { ...rules, ids: new Set(["container_id", "file_id"]), holders: new Set(), own: () => undefined };
