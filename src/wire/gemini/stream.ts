/** Meters a Gemini stream, which is server-sent events, a JSON array or a single object. */

import type { Framing } from "../answer/framing.ts";
import { SseFraming } from "../answer/sse-framing.ts";
import { StreamMeter } from "../answer/stream-meter.ts";
import { toBuffer } from "../bytes.ts";
import type { Cut } from "../wire.ts";
import type { GeminiAnswer } from "./answer.ts";
import { ArrayFraming } from "./array-framing.ts";
import { geminiError } from "./error.ts";
import { arrayEnd, eventsEnd } from "./stop.ts";
import { openBrace, openBracket } from "../ascii.ts";

/**
 * A stream is server-sent events with `alt=sse` and a JSON array without; its first byte shows
 * which. An error may be a single object.
 */
export function geminiStreamMeter(reader: GeminiAnswer): StreamMeter {
  const array = new ArrayFraming(reader);
  const object = new ArrayFraming(reader, { hasBracket: false });
  const framing = new FirstByteFraming(
    new Map([
      [openBracket, array],
      [openBrace, object],
    ]),
    new SseFraming(reader),
  );
  const stop = (cut: Cut): string => {
    if (framing.chosen === object) return geminiError(cut.error);
    return framing.chosen === array ? arrayEnd(array, reader, cut) : eventsEnd(reader, cut);
  };
  return new StreamMeter({ reader, framing, stop });
}

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

  get hasPassedEnd(): boolean | null {
    return this.#chosen?.hasPassedEnd ?? null;
  }

  push(chunk: Uint8Array): Uint8Array {
    const first = toBuffer(chunk).find((byte) => byte > 0x20);
    if (first !== undefined) this.#chosen ??= this.#known.get(first) ?? this.#otherwise;
    return this.#chosen?.push(chunk) ?? chunk;
  }

  passed(): void {
    this.#chosen?.passed();
  }

  end(): Uint8Array {
    return this.#chosen?.end() ?? Buffer.alloc(0);
  }
}
