/** Finds a known short name among bytes without decoding them: by hash, then byte by byte. */

/** The hash is built up while the bytes are walked: start with {@link hashStart}, then {@link hashStep} per byte. */
export const hashStart = 5381;

export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 33) + byte) | 0;
}

interface Entry {
  readonly index: number;
  readonly hash: number;
  /** With the quote that ends it. */
  readonly bytes: Uint8Array;
}

const quote = 0x22;

export class KeyTable {
  /** The names in the order of their indices, each once. */
  readonly names: readonly string[];
  readonly #buckets: readonly (readonly Entry[] | undefined)[];
  readonly #mask: number;

  constructor(names: Iterable<string>) {
    this.names = [...new Set(names)];
    const size = 2 ** Math.ceil(Math.log2(this.names.length * 4 + 1));
    const buckets: Entry[][] = Array.from({ length: size }, () => []);
    this.#mask = size - 1;
    for (const [index, name] of this.names.entries()) {
      const bytes = Buffer.from(name);
      const hash = bytes.reduce(hashStep, hashStart);
      buckets[hash & this.#mask]?.push({ index, hash, bytes: new Uint8Array([...bytes, quote]) });
    }
    this.#buckets = buckets.map((bucket) => (bucket.length > 0 ? bucket : undefined));
  }

  /** The index of the name that stands at `start`, up to its closing quote; -1 when it is not in the table. */
  find(bytes: Uint8Array, start: number, hash: number): number {
    const bucket = this.#buckets[hash & this.#mask];
    if (bucket === undefined) return -1;
    for (const entry of bucket) if (entry.hash === hash && stands(bytes, start, entry.bytes)) return entry.index;
    return -1;
  }
}

function stands(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) if (bytes[start + index] !== name[index]) return false;
  return true;
}
