/**
 * Converts the headers of a provider's answer for the caller, and reads what they say about the
 * body.
 */

import type { CallId } from "../../domain/ledger/entry.ts";
import { idOfOperation } from "../../domain/ledger/operation.ts";
import type { WireFormat } from "../../wire/wire.ts";
import { connectionHeaders } from "./connection-headers.ts";
import { ownPrefix } from "../caller/own-headers.ts";
import type { UpstreamHeaders } from "../port/upstream.ts";

const notAnswered: ReadonlySet<string> = new Set([...connectionHeaders, "set-cookie", "date"]);

/**
 * The answer's headers for the caller, as a new object to which Purser's are added. Headers of
 * another Purser are dropped, because they would be mistaken for ours.
 */
export function replyHeaders(headers: UpstreamHeaders): Record<string, string | readonly string[]> {
  const answered: Record<string, string | readonly string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !notAnswered.has(name) && !name.startsWith(ownPrefix))
      answered[name] = value;
  }
  return answered;
}

/** The part of a call that a reply reports. */
export interface RepliedCall {
  readonly call: CallId;
  readonly route: { readonly title: string };
  /** What the caller asked for, as in the header; null if that is what serves. */
  readonly askedTitle: string | null;
  /** The reduced output limit for one choice; null if it was not reduced. */
  readonly reducedMaxTokens: number | null;
}

/** Adds Purser's own headers to those of a reply. */
export function addCall(
  headers: Record<string, string | readonly string[]>,
  { call, route, askedTitle, reducedMaxTokens }: RepliedCall,
): Record<string, string | readonly string[]> {
  headers["x-purser-operation-id"] = idOfOperation(call.operationId);
  headers["x-purser-model"] = route.title;
  if (askedTitle !== null) headers["x-purser-requested-model"] = askedTitle;
  if (reducedMaxTokens !== null) headers["x-purser-max-tokens"] = String(reducedMaxTokens);
  return headers;
}

/**
 * Whether the answer is a single body although a stream was requested: some servers never stream
 * and always answer in JSON.
 */
export function isWhole(
  { "content-type": type }: UpstreamHeaders,
  { stream }: Pick<WireFormat, "stream">,
): boolean {
  return !stream.mayBeJson && typeof type === "string" && /^application\/json\b/i.test(type);
}

/** Whether the body consists of events that can be read and extended. */
export function isEventStream(headers: UpstreamHeaders): boolean {
  const type = headers["content-type"];
  return !isEncoded(headers) && typeof type === "string" && type.startsWith("text/event-stream");
}

/** Whether the body has an encoding that could not be decoded. */
export function isEncoded(headers: UpstreamHeaders): boolean {
  return headers["content-encoding"] !== undefined;
}
