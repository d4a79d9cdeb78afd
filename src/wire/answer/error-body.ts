/** Recognises an error that a server sent with status 200 instead of an answer. */

import type { ScannedBody } from "../body/scan.ts";
import { toObject, toText, type JsonObject } from "../count/count.ts";

/** Fields that an answer, or its usage, has in one of the formats. */
const answerFields = [
  "choices",
  "output",
  "content",
  "candidates",
  "promptFeedback",
  "data",
  "embedding",
  "embeddings",
  "response",
  "usage",
  "usageMetadata",
];

/**
 * Fields of errors: FastAPI's `detail`, DashScope's `code` and `message`, Cloudflare's `errors`,
 * MiniMax' `base_resp`.
 */
const errorFields = ["message", "msg", "detail", "errors", "base_resp"];

/**
 * Whether the object reports an error, in addition to an answer or instead of one.
 *
 * @param paths Where an error next to an answer is; the scan's plan must include their parents.
 */
export function reportsError(body: ScannedBody, paths: readonly string[] = ["error"]): boolean {
  return paths.some((path) => hasErrorAt(body, path)) || isErrorInstead(body);
}

/** As in a scanned body: whether an object that was parsed has an error. */
export function hasError(answer: JsonObject | undefined): boolean {
  const error = answer?.["error"];
  return toText(error) !== undefined || toObject(error) !== undefined;
}

/** A non-empty error field: a successful answer may have `"error":null`. */
function hasErrorAt(body: ScannedBody, path: string): boolean {
  const kind = body.kind(path);
  return kind === "object" || (kind === "string" && body.raw(path) !== '""');
}

/** Whether the object is an error without a field `error`, and nothing else. */
export function isErrorInstead(body: ScannedBody): boolean {
  if (answerFields.some((field) => isThere(body, field))) return false;
  const [object, type] = ["object", "type"].map((field) =>
    body.kind(field) === "string" ? body.json(field) : undefined,
  );
  if (object === "error" || type === "error") return true;
  if (typeof type === "string" && type.startsWith(responsesEvent)) return false;
  return errorFields.some((field) => isWritten(body, field));
}

/** The prefix of all event types in a Responses stream, except an error's. */
const responsesEvent = "response.";

function isThere(body: ScannedBody, field: string): boolean {
  const kind = body.kind(field);
  return kind === "object" || kind === "array" || (kind === "string" && field === "content");
}

/** A `message` object is an answer (Ollama). */
function isWritten(body: ScannedBody, field: string): boolean {
  const kind = body.kind(field);
  return kind === "string" || kind === "array" || (kind === "object" && field === "base_resp");
}
