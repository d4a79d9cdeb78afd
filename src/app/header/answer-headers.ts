/** Headers of a provider's answer, as the caller gets them and for what they tell. */

import type { CallId } from "../../domain/ledger/entry.ts";
import { idOfOperation } from "../../domain/ledger/operation.ts";
import type { WireName } from "../../wire/wire.ts";
import { connectionHeaders } from "./connection-headers.ts";
import { ownPrefix } from "../caller/own-headers.ts";
import type { UpstreamHeaders } from "../port/upstream.ts";

const notAnswered: ReadonlySet<string> = new Set([...connectionHeaders, "set-cookie", "date"]);

/** The answer's headers as the caller gets them, in an object of its own for Purser's to be added: another Purser's would be taken for them. */
export function replyHeaders(headers: UpstreamHeaders): Record<string, string | readonly string[]> {
  const answered: Record<string, string | readonly string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !notAnswered.has(name) && !name.startsWith(ownPrefix)) answered[name] = value;
  }
  return answered;
}

/** What became of a call before it was forwarded. */
interface RoutedCall {
  readonly call: CallId;
  readonly route: { readonly title: string };
  /** Output tokens for one choice, where fewer were asked of the provider than of Purser; else null. */
  readonly fitted: number | null;
}

/** Adds Purser's own headers to those of a reply. */
export function addCall(
  headers: Record<string, string | readonly string[]>,
  { call, route, fitted }: RoutedCall,
): Record<string, string | readonly string[]> {
  headers["x-purser-operation-id"] = idOfOperation(call.operationId);
  headers["x-purser-model"] = route.title;
  if (fitted !== null) headers["x-purser-max-tokens"] = String(fitted);
  return headers;
}

/** Some servers do not stream, and answer in JSON whatever is asked. Gemini's streams are JSON themselves. */
export function isWhole({ "content-type": type }: UpstreamHeaders, { wireName }: { readonly wireName: WireName }): boolean {
  return wireName !== "gemini" && typeof type === "string" && /^application\/json\b/i.test(type);
}

/** Whether the bytes are events that can be read, and written on. */
export function isEventStream(headers: UpstreamHeaders): boolean {
  const type = headers["content-type"];
  return !isEncoded(headers) && typeof type === "string" && type.startsWith("text/event-stream");
}

/** Whether the bytes are in an encoding that could not be undone. */
export function isEncoded(headers: UpstreamHeaders): boolean {
  return headers["content-encoding"] !== undefined;
}
