/** Recognises an error that a server sent with status 200 instead of an answer. */

import type { ScannedBody } from "../body/scan.ts";

/** Fields of answers in the various formats. An error that replaces an answer has none of them. */
const answerFields = ["choices", "output", "content", "candidates", "promptFeedback", "data", "embedding", "embeddings", "response"];
const usageFields = ["usage", "usageMetadata"];

/**
 * Fields of errors: FastAPI's `detail`, DashScope's `code` and `message`, Cloudflare's `errors`,
 * MiniMax' `base_resp`.
 */
const errorFields = ["message", "msg", "detail", "errors", "base_resp"];

/** Whether the object reports an error, next to an answer or instead of one. */
export function reportsError(body: ScannedBody): boolean {
  return hasError(body, "error") || isErrorInstead(body);
}

/** Whether an error field has content: successful answers may contain `"error":null`. */
export function hasError(body: ScannedBody, path: string): boolean {
  const kind = body.kind(path);
  return kind === "object" || (kind === "string" && body.raw(path) !== '""');
}

/** Whether the object is an error without a field `error`, and nothing else. */
export function isErrorInstead(body: ScannedBody): boolean {
  if ([...answerFields, ...usageFields].some((field) => isThere(body, field))) return false;
  if (["object", "type"].some((field) => body.kind(field) === "string" && body.json(field) === "error")) return true;
  return errorFields.some((field) => isWritten(body, field));
}

function isThere(body: ScannedBody, field: string): boolean {
  const kind = body.kind(field);
  return kind === "object" || kind === "array" || (kind === "string" && field === "content");
}

/** A `message` that is an object belongs to an answer. */
function isWritten(body: ScannedBody, field: string): boolean {
  const kind = body.kind(field);
  return kind === "string" || kind === "array" || (kind === "object" && field === "base_resp");
}
