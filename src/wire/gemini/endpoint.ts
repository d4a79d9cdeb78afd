/**
 * Classifies the paths of Gemini's API, which contain the model and whether the answer is a stream.
 */

import type { Endpoint } from "../wire.ts";

interface Action {
  readonly name: string;
  readonly metering: Endpoint["metering"];
  readonly stream: boolean;
}

const actions: ReadonlyMap<string, Action> = new Map([
  ["generateContent", { name: "generate_content", metering: "metered", stream: false }],
  ["streamGenerateContent", { name: "generate_content", metering: "metered", stream: true }],
  ["embedContent", { name: "embeddings", metering: "metered", stream: false }],
  ["batchEmbedContents", { name: "embeddings", metering: "metered", stream: false }],
  ["countTokens", { name: "count_tokens", metering: "free", stream: false }],
]);

const unknown: Endpoint = { name: "unknown", metering: "unmetered" };

/**
 * Any other action (`predict`, `predictLongRunning`, `batchGenerateContent`, ...) has a cost that
 * its answer does not report.
 *
 * @param path `/v1beta/models/MODEL:ACTION` or `/v1/...`, with or without a query string; tuned
 *   models as `/v1beta/tunedModels/...`. The model may have a provider and a slash before it, by
 *   which the gateway chooses.
 */
export function geminiEndpoint(method: string, path: string): Endpoint {
  const place = (path.split("?")[0] ?? "").replace(/\/+$/, "");
  const called = /^\/v1(?:beta|alpha)?\/(models|tunedModels)\/((?:[a-z0-9][a-z0-9_-]*\/)?[^/:]+):([A-Za-z]+)$/.exec(place);
  if (called && method === "POST") return actionOf(called);
  const listed = method === "GET" && /^\/v1(?:beta|alpha)?\/models(\/[^/:]+)*$/.test(place);
  return listed ? { name: "models", metering: "free" } : unknown;
}

function actionOf([, folder = "", name = "", action = ""]: readonly string[]): Endpoint {
  const known = actions.get(action);
  if (!known) return unknown;
  const model = decode(name);
  if (model === undefined || isNoName.test(model)) return unknown;
  return { ...known, model: folder === "models" ? model : `${folder}/${model}` };
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
