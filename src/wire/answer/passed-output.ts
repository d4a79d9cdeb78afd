/** The output of a stream so far: the tokens that its provider reported, and the text that passed since. */

const empty = Buffer.alloc(0);

/** Text beyond this many bytes is not kept, and counts as a token a byte from then on. */
const mostKeptBytes = 1024 * 1024;

/**
 * Text is kept as it was written inside JSON strings, escapes included: that is never shorter than the text in UTF-8, and no
 * tokenizer in use makes more than one token of a byte.
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
  /** What was unread at the last report. */
  #unreadAtReport = 0;

  /** What the provider has reported so far, which is certain; 0 before it has. */
  get reportedTokens(): number {
    return this.#reported;
  }

  /** Whether the provider reports its count while it streams. */
  get hasReport(): boolean {
    return this.#hasReport;
  }

  /** Bytes of the text that passed since the last report and is kept. */
  get textBytes(): number {
    return this.#length;
  }

  /** Bytes of all text that passed, whatever was reported of it. */
  get allTextBytes(): number {
    return this.#allText + this.#unread;
  }

  /** Tokens that are not in the text: of what was not kept, and of generated media, at most. */
  get tokensBesideText(): number {
    return this.#reported + this.#besideReport;
  }

  /** The most tokens that can have been generated of what passed. */
  get mostTokens(): number {
    return this.tokensBesideText + this.#length;
  }

  /** Whether anything has passed since the last report, whatever that said. */
  get grewSinceReport(): boolean {
    return this.#hasGrown;
  }

  /** Takes the content of a JSON string, without its quotes. */
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

  /** Takes output that is no text, such as an image, at the most tokens that it can be. */
  addTokens(tokens: number): void {
    this.#untexted += tokens;
    this.#hasGrown = true;
  }

  /** @param bytes All text until now that passed in events which were too large to be read. */
  noteUnread(bytes: number): void {
    if (bytes > this.#unread) this.#hasGrown = true;
    this.#unread = bytes;
  }

  /** @param tokens All output until now, as the provider counts it. Such counts only grow: a smaller one, or a zero, says nothing. */
  report(tokens: number): void {
    this.#hasGrown = false;
    if (tokens === 0 || tokens < this.#reported) return;
    this.#reported = tokens;
    this.#hasReport = true;
    this.#length = 0;
    this.#unkept = 0;
    this.#untexted = 0;
    this.#unreadAtReport = this.#unread;
  }

  get #besideReport(): number {
    return this.#unkept + this.#untexted + this.#unread - this.#unreadAtReport;
  }

  /** A copy of the text from a place on, with its JSON escapes. */
  text(from: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#kept, from, this.#length);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.min(mostKeptBytes, Math.max(needed, this.#kept.length * 2, firstBytes)));
    this.#kept.copy(grown, 0, 0, this.#length);
    this.#kept = grown;
  }
}

const firstBytes = 512;
