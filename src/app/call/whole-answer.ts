/** An answer that comes as one body: a small one waits for its cost, so that its head can say it, and a large one passes as it comes. */

/** A larger answer is passed on before its cost is known. In bytes. */
const largestWaiting = 4 * 1024 * 1024;

export class WholeAnswer {
  #chunks: Uint8Array[] = [];
  #length = 0;

  /** @returns Whether the answer still waits. Otherwise what was kept is to be passed on now, and what follows as it comes. */
  keep(chunk: Uint8Array): boolean {
    this.#length += chunk.length;
    this.#chunks.push(chunk);
    return this.#length <= largestWaiting;
  }

  takePieces(): readonly Uint8Array[] {
    return this.#chunks.splice(0);
  }

  take(): Uint8Array {
    const [only, ...others] = this.#chunks.splice(0);
    return only && others.length === 0 ? only : Buffer.concat(only ? [only, ...others] : []);
  }
}
