/** Google's Gemini API as a wire format. */

import { bodyMeter, sseEvent, sseFraming, streamMeter, type Framing } from "../answer/meter.ts";
import { toBuffer } from "../bytes.ts";
import type { Cut, UsageMeter, WireFormat } from "../wire.ts";
import { GeminiAnswer } from "./answer.ts";
import { ArrayFraming } from "./array-framing.ts";
import { geminiEndpoint } from "./endpoint.ts";
import { geminiError } from "./error.ts";
import { geminiHeaders } from "./headers.ts";
import { canCall, geminiModels } from "./models.ts";
import { geminiPaths } from "./paths.ts";
import { readGeminiRequest } from "./request.ts";
import { geminiMadeIds, named, storedPlace, tunedModel } from "./stored.ts";
import { geminiUsage } from "./gemini-usage.ts";

export const geminiWire: WireFormat = {
  name: "gemini",
  paths: geminiPaths,
  headers: geminiHeaders,
  keyInQuery: true,
  keyVariable: "GEMINI_API_KEY",
  models: geminiModels,
  // The SDKs read every line as a part of the answer, and usage may follow the finish reason.
  stream: { mayBeJson: true, hasClosingEvent: false, comment: () => null },
  canCall,
  endpoint: geminiEndpoint,
  read: readGeminiRequest,
  meter({ name }, answer) {
    const state = new GeminiAnswer(answer);
    return answer.stream
      ? geminiStreamMeter(state)
      : bodyMeter(state, { generates: name !== "embeddings" });
  },
  storedPlace,
  named,
  tunedModel,
  madeIds: geminiMadeIds,
  error: geminiError,
};

/**
 * A stream is server-sent events with `alt=sse` and a JSON array without; its first byte shows
 * which. An error may be a single object.
 */
function geminiStreamMeter(state: GeminiAnswer): UsageMeter {
  const take = (data: Buffer): void => state.take(data);
  const array = new ArrayFraming(take);
  const object = new ArrayFraming(take, { hasBracket: false });
  const framing = new FirstByteFraming(
    new Map([
      [openBracket, array],
      [openBrace, object],
    ]),
    sseFraming(take),
  );
  const stop = (cut: Cut): string => {
    if (framing.chosen === object) return object.passedElements > 0 ? "" : geminiError(cut.error);
    return framing.chosen === array ? arrayEnd(array, state, cut) : eventsEnd(state, cut);
  };
  const meter = streamMeter(framing, state, stop);
  return {
    ...meter,
    // Getters do not survive a spread.
    get progress() {
      return meter.progress;
    },
    get finished() {
      return meter.finished;
    },
    passed() {
      array.passed();
      object.passed();
      meter.passed();
    },
  };
}

function eventsEnd(state: GeminiAnswer, cut: Cut): string {
  if (state.hasPassedEnd) return "";
  return sseEvent(JSON.stringify(lastChunk(state, cut))) + sseEvent(geminiError(cut.error));
}

function arrayEnd(array: ArrayFraming, state: GeminiAnswer, cut: Cut): string {
  if (array.hasPassedEnd) return "";
  return `${array.passedElements === 0 ? "[" : ","}${JSON.stringify(lastChunk(state, cut))},${geminiError(cut.error)}]`;
}

/** Ends every open candidate. `finishMessage` is Google's own field for the reason in words. */
function lastChunk(state: GeminiAnswer, { error, usage }: Cut): object {
  const candidates = state.open.map((index) => ({
    content: { role: "model", parts: [{ text: "" }] },
    finishReason: "MAX_TOKENS",
    finishMessage: error.message,
    index,
  }));
  return {
    candidates,
    usageMetadata: geminiUsage(usage),
    ...(state.model !== null && { modelVersion: state.model }),
    ...(state.responseId !== null && { responseId: state.responseId }),
  };
}

const openBracket = 0x5b;
const openBrace = 0x7b;

/** Chooses the framing at the first byte that is not white space. */
class FirstByteFraming implements Framing {
  readonly #known: ReadonlyMap<number, Framing>;
  readonly #otherwise: Framing;
  #chosen: Framing | null = null;

  constructor(known: ReadonlyMap<number, Framing>, otherwise: Framing) {
    this.#known = known;
    this.#otherwise = otherwise;
  }

  get chosen(): Framing | null {
    return this.#chosen;
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
    if (first !== undefined) this.#chosen ??= this.#known.get(first) ?? this.#otherwise;
    return this.#chosen?.push(chunk) ?? chunk;
  }

  end(): Uint8Array {
    return this.#chosen?.end() ?? Buffer.alloc(0);
  }
}
