/** Google's Gemini API as a wire format. */

import { bodyMeter, sseComment, sseFraming, streamMeter, type Framing } from "../answer/meter.ts";
import { toBuffer } from "../bytes.ts";
import type { UsageMeter, WireFormat } from "../wire.ts";
import { GeminiAnswer } from "./answer.ts";
import { ArrayFraming } from "./array-framing.ts";
import { geminiEndpoint } from "./endpoint.ts";
import { geminiError } from "./error.ts";
import { readGeminiRequest } from "./request.ts";
import { geminiMadeIds, referencesOf, storedPlace } from "./stored.ts";

export const geminiWire: WireFormat = {
  name: "gemini",
  endpoint: geminiEndpoint,
  read: readGeminiRequest,
  meter({ name }, answer) {
    const state = new GeminiAnswer(answer);
    return answer.stream ? geminiStreamMeter(state) : bodyMeter(state, { generates: name !== "embeddings" });
  },
  storedPlace,
  references: referencesOf,
  madeIds: geminiMadeIds,
  error: geminiError,
};

/** A stream is server-sent events with `alt=sse` and a JSON array without: its first byte tells. */
function geminiStreamMeter(state: GeminiAnswer): UsageMeter {
  const take = (data: Buffer): void => state.take(data);
  const array = new ArrayFraming(take);
  const framing = new FirstByteFraming(array, sseFraming(take));
  return streamMeter(framing, state, (message) => {
    const closed = framing.isArray ? array.closed : state.finished;
    if (closed) return "";
    const last = JSON.stringify(lastChunk(state, message));
    if (framing.isArray) return `${array.elements === 0 ? "[" : ","}${last}]`;
    return `${sseComment(message)}data: ${last}\n\n`;
  });
}

/** Ends every candidate that has not ended, with what was generated so far as usage. */
function lastChunk(state: GeminiAnswer, message: string): object {
  const candidates = state.open.map((index) => ({
    content: { role: "model", parts: [{ text: "" }] },
    finishReason: "MAX_TOKENS",
    finishMessage: message,
    index,
  }));
  return {
    candidates,
    usageMetadata: state.usageSoFar,
    ...(state.model !== null && { modelVersion: state.model }),
    ...(state.responseId !== null && { responseId: state.responseId }),
  };
}

/** Decides at the first byte that is not white space. */
class FirstByteFraming implements Framing {
  readonly #array: ArrayFraming;
  readonly #sse: Framing;
  #chosen: Framing | null = null;

  constructor(array: ArrayFraming, sse: Framing) {
    this.#array = array;
    this.#sse = sse;
  }

  get isArray(): boolean {
    return this.#chosen === this.#array;
  }

  get malformed(): boolean {
    return this.#chosen?.malformed ?? false;
  }

  get unreadTextBytes(): number {
    return this.#chosen?.unreadTextBytes ?? 0;
  }

  get separator(): string {
    return this.#chosen?.separator ?? "";
  }

  push(chunk: Uint8Array): Uint8Array {
    const first = toBuffer(chunk).find((byte) => byte > 0x20);
    if (first !== undefined) this.#chosen ??= first === 0x5b ? this.#array : this.#sse;
    return this.#chosen?.push(chunk) ?? chunk;
  }

  end(): Uint8Array {
    return this.#chosen?.end() ?? Buffer.alloc(0);
  }
}
