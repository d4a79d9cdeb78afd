/**
 * Classifies the paths of Gemini's API, which contain the model and whether the answer is a stream.
 */

import type { Endpoint, EndpointUnit } from "../wire.ts";

interface Action {
  readonly name: string;
  readonly metering: Endpoint["metering"];
  readonly stream: boolean;
  readonly unit?: EndpointUnit;
}

const actions: ReadonlyMap<string, Action> = new Map([
  ["generateContent", { name: "generate_content", metering: "metered", stream: false }],
  ["streamGenerateContent", { name: "generate_content", metering: "metered", stream: true }],
  ["embedContent", { name: "embeddings", metering: "metered", stream: false }],
  ["batchEmbedContents", { name: "embeddings", metering: "metered", stream: false }],
  // Imagen and Veo.
  ["predict", { name: "images", metering: "unmetered", stream: false, unit: "image" }],
  ["predictLongRunning", { name: "videos", metering: "unmetered", stream: false, unit: "video" }],
  ["countTokens", { name: "count_tokens", metering: "free", stream: false }],
]);

const unknown: Endpoint = { name: "unknown", metering: "unmetered" };

/**
 * Any other action (`batchGenerateContent`, ...) has a cost that its answer does not report.
 *
 * @param path `/v1beta/models/MODEL:ACTION` or `/v1/...`, with or without a query string; tuned
 *   models as `/v1beta/tunedModels/...`. The model may have a provider and a slash before it, by
 *   which the gateway chooses.
 */
export function geminiEndpoint(method: string, path: string): Endpoint {
  const place = placeOf(path);
  const called = action.exec(place);
  if (called && method === "POST") return endpointOf(called);
  if (method !== "GET") return unknown;
  // The operations of a model are under it.
  if (/^\/v1(?:beta|alpha)?\/models(\/[^/:]+)*$/.test(place))
    return { name: "models", metering: "free" };
  return fileRead.test(place) ? { name: "files", metering: "free" } : unknown;
}

/** A file or its content, such as a video that was made. */
const fileRead = /^\/v1(?:beta|alpha)?\/files\/[^/:]+(?::download)?$/;

/** The model in the path of any of its actions, metered or not; undefined for any other path. */
export function modelInPath(path: string): string | undefined {
  const called = action.exec(placeOf(path));
  return called ? modelOf(called) : undefined;
}

const action =
  /^\/v1(?:beta|alpha)?\/(models|tunedModels)\/((?:[a-z0-9][a-z0-9_-]*\/)?[^/:]+):([A-Za-z]+)$/;

function placeOf(path: string): string {
  return (path.split("?")[0] ?? "").replace(/\/+$/, "");
}

function endpointOf(called: readonly string[]): Endpoint {
  const known = actions.get(called[3] ?? "");
  const model = modelOf(called);
  return known && model !== undefined ? { ...known, model } : unknown;
}

function modelOf([, folder = "", name = ""]: readonly string[]): string | undefined {
  const model = decode(name);
  if (model === undefined || isNoName.test(model)) return undefined;
  return folder === "models" ? model : `${folder}/${model}`;
}

/** Encoded characters that would decode to a query, a fragment or another directory. */
const isNoName = /[?#\\]|(?:^|\/)\.{1,2}(?:\/|$)/;

/** @returns undefined for a name that is not valid percent-encoding. */
function decode(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
