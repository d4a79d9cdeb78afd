/** An error in place of an answer, as servers write it under a status of 200. */

import type { ScannedBody } from "../body/scan.ts";

/** What an answer has in one format or another: none of it stands beside an error that took its place. */
const answerFields = ["choices", "output", "content", "candidates", "promptFeedback", "data", "embedding", "embeddings", "response"];
const usageFields = ["usage", "usageMetadata"];

/** The words of an error: FastAPI's `detail`, DashScope's `code` and `message`, Cloudflare's `errors`, MiniMax' `base_resp`. */
const errorFields = ["message", "msg", "detail", "errors", "base_resp"];

/** Whether the object tells of an error: beside what was answered, or instead of it. */
export function tellsError(body: ScannedBody): boolean {
  return hasError(body, "error") || isErrorInstead(body);
}

/** An error field with something in it: an answer that went well says `"error":null`. */
export function hasError(body: ScannedBody, path: string): boolean {
  const kind = body.kind(path);
  return kind === "object" || (kind === "string" && body.raw(path) !== '""');
}

/** Whether nothing is there but an error that has no field `error`. */
export function isErrorInstead(body: ScannedBody): boolean {
  if ([...answerFields, ...usageFields].some((field) => isThere(body, field))) return false;
  if (["object", "type"].some((field) => body.kind(field) === "string" && body.json(field) === "error")) return true;
  return errorFields.some((field) => isWritten(body, field));
}

function isThere(body: ScannedBody, field: string): boolean {
  const kind = body.kind(field);
  return kind === "object" || kind === "array" || (kind === "string" && field === "content");
}

/** In a `message` that is an object somebody answers. */
function isWritten(body: ScannedBody, field: string): boolean {
  const kind = body.kind(field);
  return kind === "string" || kind === "array" || (kind === "object" && field === "base_resp");
}
