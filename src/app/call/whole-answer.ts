/**
 * Keeps an answer in a single body until its cost is known, which its headers then state. A large
 * answer is passed on as it arrives instead.
 */

/** The size above which an answer is passed on before its cost is known, in bytes. */
const largestWaiting = 4 * 1024 * 1024;

export class WholeAnswer {
  #chunks: Uint8Array[] = [];
  #length = 0;

  /** @returns Whether the answer still waits. If not, pass on what was kept and what follows. */
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
