/**
 * Keeps the body of an answer until it is complete: a small one in full, a large one pruned to what
 * meters read.
 */

import { JsonPruner } from "../body/prune.ts";
import { toBuffer } from "../bytes.ts";

/** A larger body is pruned as it arrives. */
const largestWholeBody = 4 * 1024 * 1024;

export class AnswerBody {
  #chunks: Uint8Array[] = [];
  #pruner: JsonPruner | null = null;
  #length = 0;

  /** Bytes received. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of generated text that were dropped. */
  get unreadTextBytes(): number {
    return this.#pruner?.unreadTextBytes ?? 0;
  }

  /** Whether anything else was dropped that a meter might have read. */
  get isCut(): boolean {
    return this.#pruner?.isCut ?? false;
  }

  push(chunk: Uint8Array): void {
    this.#length += chunk.length;
    if (this.#pruner) this.#pruner.push(toBuffer(chunk));
    else if (this.#length <= largestWholeBody) this.#chunks.push(chunk);
    else this.#prune(chunk);
  }

  /** The kept bytes, in one piece. */
  take(): Buffer {
    if (this.#pruner) return this.#pruner.take();
    const [first, ...others] = this.#chunks.splice(0);
    if (!first) return Buffer.alloc(0);
    return others.length === 0 ? toBuffer(first) : Buffer.concat([first, ...others]);
  }

  #prune(chunk: Uint8Array): void {
    this.#pruner = new JsonPruner();
    for (const kept of this.#chunks.splice(0)) this.#pruner.push(toBuffer(kept));
    this.#pruner.push(toBuffer(chunk));
  }
}
