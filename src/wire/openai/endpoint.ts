/** Classifies the paths of OpenAI's API. */

import type { Endpoint, EndpointUnit } from "../wire.ts";

/**
 * Paths whose answer reports usage. `responses/compact` runs the model over its context, and is
 * billed like any run.
 * Source: resource methods of the `openai` package 7.57, read 2026-11.
 */
export const metered: ReadonlyMap<string, string> = new Map([
  ["chat/completions", "chat"],
  ["completions", "completions"],
  ["responses", "responses"],
  ["responses/compact", "compact"],
  ["embeddings", "embeddings"],
]);

/**
 * Paths that are billed by units, or by tokens that not every answer reports. `rerank` has the paths
 * of Cohere, Jina, Voyage and Together, `ocr` is Mistral's, `videos/generations` xAI's. A remix, an
 * edit and an extension of a video are not here: their requests name neither the model nor, mostly,
 * the length.
 */
const billedByUnit: ReadonlyMap<string, EndpointUnit> = new Map([
  ["audio/speech", "speech"],
  ["audio/transcriptions", "transcription"],
  ["audio/translations", "transcription"],
  ["images/generations", "image"],
  ["images/edits", "image"],
  ["images/variations", "image"],
  ["videos", "video"],
  ["videos/generations", "deferred_video"],
  ["rerank", "rerank"],
  ["ocr", "ocr"],
  ["moderations", "moderation"],
]);

export const unitPaths: readonly string[] = [...billedByUnit.keys()];

/**
 * POST paths that are free: they classify, count, or act on an object that was already billed.
 * `moderations` costs something where the model has a price.
 */
const freePosts: readonly RegExp[] = [
  /^moderations$/,
  /^responses\/input_tokens$/,
  /^responses\/[^/]+\/cancel$/,
  /^chat\/completions\/[^/]+$/,
  /^conversations(\/[^/]+(\/items)?)?$/,
];

/**
 * Paths that read, list or delete for free. `responses/{id}` returns an answer that was billed when
 * it was created.
 */
const freeReads: readonly RegExp[] = [
  /^models(\/.+)?$/,
  /^(responses|chat\/completions)\/[^/]+(\/(input_items|messages))?$/,
  /^chat\/completions$/,
  /^(files|batches|uploads|videos|vector_stores|conversations|containers|evals)(\/.+)?$/,
  /^fine_tuning(\/.+)?$/,
  /^(credits|key|generation|providers)$/,
  /^models\/user$/,
  /^user\/balance$/,
  /^(api-key|language-models|embedding-models|image-generation-models)(\/.+)?$/,
];

/** Endpoints whose cost is in no answer, or is billed elsewhere; a refusal includes their name. */
const knownUnmetered: ReadonlySet<string> = new Set(
  (
    "images audio videos files uploads batches fine_tuning vector_stores containers evals " +
    "realtime assistants threads moderations responses"
  ).split(" "),
);

/** @param path After the base URL, with or without a query. */
export function openaiEndpoint(method: string, path: string): Endpoint {
  const { route, model } = parsePath(path);
  const verb = method.toUpperCase();
  if (verb === "POST") {
    const name = metered.get(route);
    if (name !== undefined)
      return { name, metering: "metered", ...(model === undefined ? {} : { model }) };
    const isFree = freePosts.some((free) => free.test(route));
    const unit = billedByUnit.get(route);
    if (isFree && unit === undefined) return { name: nameOf(route), metering: "free" };
    if (unit !== undefined)
      return {
        name: nameOf(route),
        metering: isFree ? "free" : "unmetered",
        unit,
        ...(model === undefined ? {} : { model }),
      };
  } else if (isRead(verb) && freeReads.some((free) => free.test(route))) {
    return { name: nameOf(route), metering: "free" };
  }
  const first = nameOf(route);
  return { name: knownUnmetered.has(first) ? first : "unknown", metering: "unmetered" };
}

function isRead(verb: string): boolean {
  return verb === "GET" || verb === "HEAD" || verb === "DELETE";
}

/**
 * A model's name may have slashes, which the SDKs encode: `models/vendor%2Fmodel`. No other
 * escapes.
 */
const encodedModel = /^models\/[\w@:+~-][\w.@:+~-]*(?:%2[fF][\w@:+~-][\w.@:+~-]*)+$/;

/**
 * Azure's older paths contain the model: `/deployments/{name}/chat/completions`. A path with
 * escapes or dots is unknown.
 */
export function parsePath(path: string): { readonly route: string; readonly model?: string } {
  const bare = (path.split("?", 1)[0] ?? "").replace(/^\//, "").replace(/\/$/, "");
  if (encodedModel.test(bare)) return { route: bare };
  if (/%|\\|\/\/|(^|\/)\.{1,2}(\/|$)/.test(bare)) return { route: "" };
  const deployment = /^deployments\/([^/]+)\/(.+)$/.exec(bare);
  const [, model, route] = deployment ?? [];
  return model !== undefined && route !== undefined ? { route, model } : { route: bare };
}

function nameOf(route: string): string {
  return route.split("/", 1)[0] ?? "";
}
