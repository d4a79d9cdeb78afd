/** An upper estimate of the tokens that have been generated, from what passed. */

/** Three bytes a token: few texts have shorter tokens, and the usage that comes at the end corrects it. */
const bytesPerToken = 3;

export class Generated {
  #events = 0;
  #bytes = 0;
  /** At the last report of usage: the tokens it said, and where the counters stood. */
  #reported = 0;
  #reportedEvents = 0;
  #reportedBytes = 0;

  /** @param bytes Of text in one event; 0 when the event carries none. */
  add(bytes: number): void {
    if (bytes === 0) return;
    this.#events++;
    this.#bytes += bytes;
  }

  /** Of all text that has passed. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether text has passed since usage was reported last. */
  get grewSinceReport(): boolean {
    return this.#bytes > this.#reportedBytes;
  }

  report(outputTokens: number): void {
    this.#reported = outputTokens;
    this.#reportedEvents = this.#events;
    this.#reportedBytes = this.#bytes;
  }

  get tokens(): number {
    const bytes = this.#bytes - this.#reportedBytes;
    return this.#reported + Math.max(this.#events - this.#reportedEvents, Math.ceil(bytes / bytesPerToken));
  }
}
