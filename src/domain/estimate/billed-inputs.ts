/** What inputs that were counted were billed in the end: the same text is billed the same again. */

/** Digests are kept for as many inputs, the oldest go first. */
const mostInputs = 10_000;

export class BilledInputs {
  readonly #tokens = new Map<string, number>();

  /** @param digest Of the model and all texts that it read. */
  of(digest: string): number | undefined {
    return this.#tokens.get(digest);
  }

  /** The most that such an input was billed. */
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
