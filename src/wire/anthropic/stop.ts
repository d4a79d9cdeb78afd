/** Writes the end of an Anthropic stream that is cut: closes what is open, with usage and error. */

import type { Usage } from "../../domain/usage/usage.ts";
import { sseEvent } from "../answer/sse-framing.ts";
import type { JsonObject } from "../count/count.ts";
import type { Cut } from "../wire.ts";
import { anthropicError } from "./error.ts";
import type { OpenMessage } from "./open-message.ts";

/**
 * The events missing for a stop at "max_tokens". The error comes before `message_stop`, because
 * clients stop reading there.
 */
export function messageStop(
  { error, usage }: Cut,
  { model, message }: { readonly model: string; readonly message: OpenMessage },
): string {
  const events: string[] = [];
  if (!message.hasBegun)
    events.push(event({ type: "message_start", message: emptyMessage(model, usage) }));
  for (const index of message.blocks) events.push(event({ type: "content_block_stop", index }));
  if (!message.hasReason) {
    const delta = { stop_reason: "max_tokens", stop_sequence: null };
    events.push(event({ type: "message_delta", delta, usage: messageUsage(usage) }));
  }
  events.push(sseEvent(anthropicError(error), "error"), event({ type: "message_stop" }));
  return events.join("");
}

function event(body: { readonly type: string } & JsonObject): string {
  return sseEvent(JSON.stringify(body), body.type);
}

function messageUsage(usage: Usage): JsonObject {
  return {
    input_tokens: usage.input ?? 0,
    cache_creation_input_tokens: (usage.cache_write_5m ?? 0) + (usage.cache_write_1h ?? 0),
    cache_read_input_tokens: usage.cache_read ?? 0,
    output_tokens: usage.output ?? 0,
  };
}

/** An empty message: SDKs fail on a stream without a start. */
function emptyMessage(model: string, usage: Usage): JsonObject {
  const counts = { ...messageUsage(usage), output_tokens: 0 };
  return {
    id: "msg_purser",
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: counts,
  };
}
