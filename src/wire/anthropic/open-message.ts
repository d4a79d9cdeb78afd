/** Tracks which parts of an Anthropic message the caller has seen begin but not end. */

/** A boundary in the stream: of the message, of a block, or the delta with the stop reason. */
export type Boundary =
  | { readonly kind: "start" | "reason" }
  | { readonly kind: "block" | "block_end"; readonly index: number };

export class OpenMessage {
  /** Read, but not passed on yet. */
  readonly #unsent: Boundary[] = [];
  readonly #blocks = new Set<number>();
  readonly #passed = new Set<Boundary["kind"]>();

  see(boundary: Boundary): void {
    this.#unsent.push(boundary);
  }

  passed(): void {
    if (this.#unsent.length === 0) return;
    for (const boundary of this.#unsent.splice(0)) {
      this.#passed.add(boundary.kind);
      if (boundary.kind === "block") this.#blocks.add(boundary.index);
      else if (boundary.kind === "block_end") this.#blocks.delete(boundary.index);
    }
  }

  get hasBegun(): boolean {
    return this.#passed.has("start");
  }

  /** Indexes of the blocks that have begun and not ended. */
  get blocks(): Iterable<number> {
    return this.#blocks;
  }

  get hasReason(): boolean {
    return this.#passed.has("reason");
  }
}
