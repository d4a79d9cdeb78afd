/**
 * Tracks which parts of an Anthropic message the caller has seen begin but not end, and writes the
 * events that end them early.
 */

import type { Usage } from "../../domain/usage/usage.ts";
import { sseEvent } from "../answer/meter.ts";
import type { JsonObject } from "../count/count.ts";
import type { Cut } from "../wire.ts";
import { anthropicError } from "./error.ts";

/** A boundary in the stream: of the message, of a block, or the delta with the stop reason. */
export type Boundary =
  | { readonly kind: "start" | "reason" | "end" }
  | { readonly kind: "block" | "block_end"; readonly index: number };

export class OpenMessage {
  /** Read, but not passed on yet. */
  readonly #unsent: Boundary[] = [];
  readonly #blocks = new Set<number>();
  readonly #passed = new Set<Boundary["kind"]>();

  see(boundary: Boundary): void {
    this.#unsent.push(boundary);
  }

  passed(): void {
    if (this.#unsent.length === 0) return;
    for (const boundary of this.#unsent.splice(0)) {
      this.#passed.add(boundary.kind);
      if (boundary.kind === "block") this.#blocks.add(boundary.index);
      else if (boundary.kind === "block_end") this.#blocks.delete(boundary.index);
    }
  }

  /**
   * The error comes before `message_stop`, because clients stop reading there. Empty once the
   * message has ended.
   */
  close({ error, usage }: Cut, model: string): string {
    if (this.#passed.has("end")) return "";
    const events: string[] = [];
    if (!this.#passed.has("start"))
      events.push(event({ type: "message_start", message: emptyMessage(model, usage) }));
    for (const index of this.#blocks) events.push(event({ type: "content_block_stop", index }));
    if (!this.#passed.has("reason")) {
      const delta = { stop_reason: "max_tokens", stop_sequence: null };
      events.push(event({ type: "message_delta", delta, usage: messageUsage(usage) }));
    }
    events.push(sseEvent(anthropicError(error), "error"), event({ type: "message_stop" }));
    return events.join("");
  }
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
