/** Remembers the billed tokens of each input: the same text is billed the same again. */

/** Inputs remembered; the oldest are evicted first. */
const mostInputs = 10_000;

export class BilledInputs {
  readonly #tokens = new Map<string, number>();

  /** @param digest Covers the model and all texts of its input. */
  of(digest: string): number | undefined {
    return this.#tokens.get(digest);
  }

  /** Keeps the maximum billed for this input. */
  learn(digest: string, billed: number): void {
    const before = this.#tokens.get(digest) ?? 0;
    this.#tokens.delete(digest);
    if (this.#tokens.size >= mostInputs) this.#forgetOldest();
    this.#tokens.set(digest, Math.max(before, billed));
  }

  #forgetOldest(): void {
    for (const digest of this.#tokens.keys()) {
      this.#tokens.delete(digest);
      return;
    }
  }
}
