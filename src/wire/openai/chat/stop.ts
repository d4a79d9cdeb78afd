/**
 * Writes the end of a chat stream that is cut: closes its choices, then usage, error and `[DONE]`.
 */

import type { Usage } from "../../../domain/usage/usage.ts";
import { sseEvent } from "../../answer/sse-framing.ts";
import type { WireError } from "../../wire.ts";
import { chatUsage } from "../charged-usage.ts";
import { openaiError } from "../error.ts";
import type { OpenChoice } from "./open-choices.ts";

export interface ChatStop {
  readonly error: WireError;
  readonly object: "chat.completion.chunk" | "text_completion";
  readonly id: string | undefined;
  /** Seconds since the epoch, as in the stream's own chunks. */
  readonly created: number | undefined;
  readonly model: string;
  readonly open: readonly OpenChoice[];
  /** Present if the caller requested usage. */
  readonly usage: Usage | undefined;
}

export function chatStop(stop: ChatStop): string {
  const head = {
    id: stop.id ?? "purser",
    object: stop.object,
    created: stop.created ?? 0,
    model: stop.model,
  };
  const isChat = stop.object === "chat.completion.chunk";
  const choices = stop.open.map(({ index, hasBegun }) => ({
    index,
    ...(isChat ? { delta: hasBegun ? {} : openingDelta } : { text: "" }),
    logprobs: null,
    finish_reason: "length",
  }));
  const chunks = [
    ...(choices.length > 0 ? [{ ...head, choices, ...(stop.usage ? { usage: null } : {}) }] : []),
    ...(stop.usage ? [{ ...head, choices: [], usage: chatUsage(stop.usage) }] : []),
  ];
  const events = [
    ...chunks.map((chunk) => sseEvent(JSON.stringify(chunk))),
    sseEvent(openaiError(stop.error)),
    "data: [DONE]\n\n",
  ];
  return events.join("");
}

/** The first chunk of a choice has its role. */
const openingDelta = { role: "assistant", content: "" };
