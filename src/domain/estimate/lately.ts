/** Tracks the maximum of recent values without storing them. */

/** Values per generation. The maximum covers the current generation and the previous one. */
const generation = 256;

export class Lately {
  #current = Number.NEGATIVE_INFINITY;
  #previous = Number.NEGATIVE_INFINITY;
  #count = 0;
  #total = 0;

  /** 0 before the first value. */
  get most(): number {
    return this.#total === 0 ? 0 : Math.max(this.#current, this.#previous);
  }

  add(figure: number): void {
    this.#current = Math.max(this.#current, figure);
    this.#count += 1;
    this.#total += 1;
    if (this.#count < generation) return;
    this.#previous = this.#current;
    this.#current = Number.NEGATIVE_INFINITY;
    this.#count = 0;
  }
}
