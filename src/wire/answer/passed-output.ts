/**
 * Tracks the output of a stream: the tokens reported by the provider, and the text received since.
 */

const empty = Buffer.alloc(0);

/** Text beyond this size is not kept, and counts as one token per byte. */
const mostKeptBytes = 1024 * 1024;

/**
 * Text is kept as in the JSON strings, escapes included. That is never shorter than the text in
 * UTF-8, and no tokenizer in use makes more than one token from a byte.
 */
export class PassedOutput {
  #reported = 0;
  #hasReport = false;
  #hasGrown = false;
  #kept = empty;
  #length = 0;
  #allText = 0;
  #unkept = 0;
  #untexted = 0;
  #unread = 0;
  /** Unread bytes at the last report. */
  #unreadAtReport = 0;

  /** Tokens reported so far, which are certain; 0 before the first report. */
  get reportedTokens(): number {
    return this.#reported;
  }

  /** Whether the provider reports its count during the stream. */
  get hasReport(): boolean {
    return this.#hasReport;
  }

  /** Bytes of kept text since the last report. */
  get textBytes(): number {
    return this.#length;
  }

  /** Bytes of all text received, including what has been reported. */
  get allTextBytes(): number {
    return this.#allText + this.#unread;
  }

  /** Upper bound of the tokens outside the text: of dropped text and generated media. */
  get tokensOutsideText(): number {
    return this.#reported + this.#outsideReport;
  }

  /** Upper bound of the tokens generated. */
  get mostTokens(): number {
    return this.tokensOutsideText + this.#length;
  }

  /** Whether anything has arrived since the last increased report. */
  get grewSinceReport(): boolean {
    return this.#hasGrown;
  }

  /** Adds the contents of a JSON string, without its quotes. */
  addText(bytes: Buffer, start: number, end: number): void {
    const needed = this.#length + end - start;
    this.#allText += end - start;
    if (end > start) this.#hasGrown = true;
    if (needed > mostKeptBytes) this.#unkept += end - start;
    else {
      if (needed > this.#kept.length) this.#grow(needed);
      bytes.copy(this.#kept, this.#length, start, end);
      this.#length = needed;
    }
  }

  /** Adds non-text output, such as an image. @param tokens Upper bound. */
  addTokens(tokens: number): void {
    this.#untexted += tokens;
    this.#hasGrown = true;
  }

  /** @param bytes All text so far in events that were too large to read. */
  noteUnread(bytes: number): void {
    if (bytes > this.#unread) this.#hasGrown = true;
    this.#unread = bytes;
  }

  /**
   * @param tokens The provider's count of all output so far. Counts only grow: a report that has
   *   not grown does not cover the output since.
   */
  report(tokens: number): void {
    if (tokens <= this.#reported) return;
    this.#hasGrown = false;
    this.#reported = tokens;
    this.#hasReport = true;
    this.#length = 0;
    this.#unkept = 0;
    this.#untexted = 0;
    this.#unreadAtReport = this.#unread;
  }

  get #outsideReport(): number {
    return this.#unkept + this.#untexted + this.#unread - this.#unreadAtReport;
  }

  /** A copy of the text from a position on, with its JSON escapes. */
  text(from: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#kept, from, this.#length);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(
      Math.min(mostKeptBytes, Math.max(needed, this.#kept.length * 2, firstBytes)),
    );
    this.#kept.copy(grown, 0, 0, this.#length);
    this.#kept = grown;
  }
}

const firstBytes = 512;
