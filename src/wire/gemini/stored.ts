/** What Gemini stores: the paths that address it, and the request fields that refer to it. */

import type { ScannedBody } from "../body/scan.ts";
import { plainPath } from "../stored/plain-path.ts";
import { modelInPath } from "./endpoint.ts";
import { NamedReader } from "../stored/named.ts";
import {
  keysOf,
  referencesOfScanned,
  type ReferenceRules,
  type StoredUse,
} from "../stored/references.ts";
import type { Named, PassedRequest, StoredPlace } from "../wire.ts";

const collection =
  /^(?:\/upload)?\/v1(?:beta|alpha)?\/(files|cachedContents|tunedModels|fileSearchStores|corpora|batches|operations)(?:\/([^/:]+))?(.*)$/;

/** Model actions that answer at once and store nothing. */
const openActions =
  /^\/v1(?:beta|alpha)?\/(?:models|tunedModels)\/[^:]+:(?:generateContent|streamGenerateContent|embedContent|batchEmbedContents|countTokens|predict)$/;
/** A job of a model, such as a video in the making. Its name is the whole path. */
const operation = /^\/v1(?:beta|alpha)?\/(models\/[^/:]+\/operations\/[^/:]+)$/;
const longRunning = /^\/v1(?:beta|alpha)?\/(?:models|tunedModels)\/[^:]+:predictLongRunning$/;
const openReads = /^\/v1(?:beta|alpha)?\/models(?:\/[^/:]+)?$/;

/** @returns undefined for a path open to every caller. Ids are names: `files/abc`. */
export function storedPlace(method: string, path: string): StoredPlace | undefined {
  const place = plainPath(path);
  if (place === undefined) return { id: null, makes: false };
  if (method === "POST" && openActions.test(place)) return undefined;
  if ((method === "GET" || method === "HEAD") && openReads.test(place)) return undefined;
  if (method === "POST" && longRunning.test(place)) return { id: null, makes: true, made: "thing" };
  const [, job] = operation.exec(place) ?? [];
  // Its answer names the files that it made.
  if (method === "GET" && job !== undefined) return { id: job, makes: false, made: "thing" };
  const found = collection.exec(place);
  const [, folder = "", name] = found ?? [];
  const makes = method === "POST" && found !== null && name === undefined;
  return {
    id: name === undefined ? null : `${folder}/${name}`,
    makes,
    ...(makes && { made: "thing" }),
  };
}

/** The name of a tuned model, as Gemini gives it. */
export function tunedModel(model: string): string | undefined {
  return /^tunedModels\/[^/:]+/.exec(model)?.[0];
}

const bothSpellings = (camel: string): readonly string[] => [
  camel,
  camel.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
];

/** Fields with the address of a file. A web page has no owner. */
const uriKeys = new Set(
  "fileUri uri gcsUri storageUri outputGcsUri outputUri outputUriPrefix bigqueryUri"
    .split(" ")
    .flatMap(bothSpellings),
);

/**
 * Vertex AI uses the same format and has more objects that belong to the account: data stores,
 * corpora, buckets, secrets, service accounts (types of `@google/genai` 3.1, read 2026-11).
 */
const nameKeys =
  "cachedContent fileName fileSearchStoreName fileSearchStoreNames previousInteractionId voice datastore dataStore engine ragCorpus ragCorpora " +
  "ragFileIds apiKeySecret apiKeySecretVersion credentialSecret serviceAccount promptTemplateName responseTemplateName";

const rules: ReferenceRules = {
  ids: new Set([...uriKeys, ...nameKeys.split(" ").flatMap(bothSpellings)]),
  holders: new Set(),
  data: new Set(
    "args response parametersJsonSchema responseSchema responseJsonSchema partMetadata labels"
      .split(" ")
      .flatMap(bothSpellings),
  ),
  // In a function these are its schema; next to `instances` they contain the output location.
  isData: (object, key) => key === "parameters" && !("instances" in object),
  idOf(key, text) {
    if (uriKeys.has(key)) return fileOf(text);
    // Names of Google's own voices are plain words.
    return key === "voice" && !text.includes("/") ? undefined : text;
  },
};

/**
 * The provider's own file, by its URI. A web page has no owner; any other address is accessible
 * only to the account.
 */
export function fileOf(text: string): string | undefined {
  const uri = URL.canParse(text) ? new URL(text) : undefined;
  if (!uri || (uri.protocol !== "https:" && uri.protocol !== "http:")) return text;
  const name = /^\/(?:download\/|upload\/)?v1(?:beta|alpha)?\/(files\/[^/:]+)(?::download)?$/.exec(
    uri.pathname,
  )?.[1];
  return name ?? (isGoogleApi.test(uri.hostname) ? text : undefined);
}

const isGoogleApi = /(?:^|\.)(?:googleapis\.com|storage\.cloud\.google\.com)\.?$/;

export const referenceKeys: readonly string[] = keysOf(rules);

export function storedUse(body: ScannedBody): StoredUse {
  return { uses: referencesOfScanned(body, rules), makes: false };
}

const reader = new NamedReader(rules);

/**
 * An upload creates a file, of any kind.
 *
 * @throws PurserError `invalid_request` for a body that is not a JSON object.
 */
export function named({ path, ...request }: PassedRequest): Named {
  if (path.startsWith("/upload/")) return { uses: [], models: [] };
  const { uses, models } = reader.read(request);
  const ofPath = modelInPath(path);
  return { uses, models: ofPath === undefined ? models : [...models, ofPath] };
}
