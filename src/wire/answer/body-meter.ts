/** Meters an answer that comes as a single body, in any format. */

import { tokensOfBytes } from "../../domain/usage/passed-text.ts";
import { withoutMark } from "../bytes.ts";
import type { Progress, Reading, UsageMeter } from "../wire.ts";
import { AnswerBody } from "./answer-body.ts";

const nothing = new Uint8Array(0);

/** What a format reads from one body. */
export interface BodyReader {
  /**
   * Called once, when the body has ended; not if it is empty.
   *
   * @param body The bytes kept of it.
   * @param unreadTextBytes Bytes of generated text that were not kept.
   */
  take(body: Buffer, unreadTextBytes: number): void;
  /** Whether the body was read. */
  readonly finished: boolean;
  readonly progress: Progress;
  /** @param malformed Whether a part was dropped that the reader might have needed. */
  reading(malformed: boolean): Reading;
}

/**
 * Passes a body on as it arrives, and reads the kept copy once it is complete. It cannot be ended
 * early, because the missing JSON cannot be invented.
 */
export class BodyMeter implements UsageMeter {
  readonly output = null;
  readonly #reader: BodyReader;
  readonly #generates: boolean;
  readonly #body = new AnswerBody();

  /**
   * @param answer Whether the body contains generated text: until it is read, all its bytes count
   *   as such.
   */
  constructor(reader: BodyReader, answer: { readonly generates: boolean }) {
    this.#reader = reader;
    this.#generates = answer.generates;
  }

  get progress(): Progress {
    if (this.#reader.finished) return this.#reader.progress;
    const outputTokens = this.#generates ? tokensOfBytes(this.#body.length) : 0;
    return { inputTokens: this.#reader.progress.inputTokens, outputTokens };
  }

  /** False until the end: only the last byte of a body shows that it is complete. */
  get finished(): boolean {
    return this.#reader.finished;
  }

  push(chunk: Uint8Array): Uint8Array {
    this.#body.push(chunk);
    return chunk;
  }

  passed(): void {
    // A body has nothing to close.
  }

  end(): { readonly rest: Uint8Array; readonly reading: Reading } {
    const { unreadTextBytes, isCut } = this.#body;
    const kept = withoutMark(this.#body.take());
    if (kept.length > 0) this.#reader.take(kept, unreadTextBytes);
    const read = this.#reader.reading(isCut);
    return { rest: nothing, reading: { ...read, passedBytes: read.passedBytes + unreadTextBytes } };
  }

  stop(): Uint8Array {
    return nothing;
  }
}
