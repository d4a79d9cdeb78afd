/** What Gemini stores: the paths that address it, the request fields that refer to it, and the answers that contain its names. */

import type { ScannedBody } from "../body/scan.ts";
import { MadeIds } from "../stored/made-ids.ts";
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
import type { StoredPlace } from "../wire.ts";

const collection =
  /^(?:\/upload)?\/v1(?:beta|alpha)?\/(files|cachedContents|tunedModels|fileSearchStores|corpora|batches|operations)(?:\/([^/:]+))?(.*)$/;

/** Actions of a model that answer at once and keep nothing. */
const openActions =
  /^\/v1(?:beta|alpha)?\/(?:models|tunedModels)\/[^:]+:(?:generateContent|streamGenerateContent|embedContent|batchEmbedContents|countTokens|predict)$/;
const openReads = /^\/v1(?:beta|alpha)?\/models(?:\/[^/:]+)?$/;

/** @returns undefined for a path that any caller may ask. Ids are names: `files/abc`. */
export function storedPlace(method: string, path: string): StoredPlace | undefined {
  const place = (path.split("?", 1)[0] ?? "").replace(/\/+$/, "");
  if (method === "POST" && openActions.test(place)) return undefined;
  if ((method === "GET" || method === "HEAD") && openReads.test(place)) return undefined;
  const found = collection.exec(place);
  const [, folder = "", name] = found ?? [];
  return { id: name === undefined ? null : `${folder}/${name}`, makes: method === "POST" && found !== null && name === undefined };
}

const bothSpellings = (camel: string): readonly string[] => [camel, camel.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
const uriKeys = new Set(bothSpellings("fileUri"));

const rules: ReferenceRules = {
  ids: new Set(["cachedContent", "fileUri", "fileSearchStoreNames", "fileName"].flatMap(bothSpellings)),
  holders: new Set(),
  data: new Set(["args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema", "labels"]),
  idOf: (key, text) => (uriKeys.has(key) ? fileOf(text) : text),
};

/** A file of the provider's own, by its URI; a web page has no owner, and every other place is one that only the account reaches. */
function fileOf(uri: string): string | undefined {
  const name = /\/(files\/[^/?#:]+)/.exec(uri)?.[1];
  if (name !== undefined && /^https:\/\/[^/]*\.googleapis\.com\//.test(uri)) return name;
  const isPublic = /^https?:\/\//.test(uri) && !/^https?:\/\/[^/]*\.googleapis\.com(?:[/:]|$)/.test(uri);
  return isPublic ? undefined : uri;
}

const wholeFields = ["cachedContent", "cached_content", "contents", "tools"];

export const referenceKeys: readonly string[] = [...rules.ids];

export function storedUse(body: ScannedBody): StoredUse {
  const isNamed = referenceKeys.some((key) => body.keyCount(key) > 0);
  return { uses: isNamed ? referencesOfScanned(body, wholeFields, rules) : usesNothing.uses, makes: false };
}

/** @returns None for a body that is not JSON. */
export function referencesOf(bytes: Uint8Array): readonly Reference[] {
  return referencesIn(jsonObjectOf(bytes), rules);
}

export function geminiMadeIds(how: { readonly isStream: boolean; readonly onIds: (ids: readonly string[]) => void }): MadeIds {
  return new MadeIds({
    ...how,
    markers: [],
    read: (value) => {
      const made = [value, value["file"]].map((one) => (isObject(one) ? one["name"] : undefined));
      return made.filter((name): name is string => typeof name === "string" && name !== "");
    },
  });
}
