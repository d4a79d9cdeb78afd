/**
 * Finds a known short name in bytes without decoding: by its length and two of its bytes, then byte
 * by byte.
 */

interface Entry {
  readonly index: number;
  readonly bytes: Uint8Array;
}

const nowhere: readonly Entry[] = [];

export class KeyTable {
  /** Each name once, in the order of the indices. */
  readonly names: readonly string[];
  readonly #indices: ReadonlyMap<string, number>;
  /** By hash; names with the same hash share a bucket. */
  readonly #buckets: readonly (readonly Entry[])[];
  readonly #mask: number;

  /** @param names Must not be empty strings. */
  constructor(names: Iterable<string>) {
    this.names = [...new Set(names)];
    this.#indices = new Map(this.names.map((name, index) => [name, index]));
    const size = 2 ** Math.ceil(Math.log2(this.names.length * 8 + 1));
    this.#mask = size - 1;
    const buckets: Entry[][] = Array.from({ length: size }, () => []);
    for (const [index, name] of this.names.entries()) {
      const bytes = new Uint8Array(Buffer.from(name));
      buckets[hashOf(bytes, 0, bytes.length) & this.#mask]?.push({ index, bytes });
    }
    this.#buckets = buckets.map((bucket) => (bucket.length > 0 ? bucket : nowhere));
  }

  /** The index of a name; -1 if it is not in the table. */
  indexOf(name: string): number {
    return this.#indices.get(name) ?? -1;
  }

  /**
   * The index of the name in the bytes from `start` to `end` (exclusive); -1 if it is not in the
   * table.
   */
  find(bytes: Uint8Array, start: number, end: number): number {
    const bucket = this.#buckets[hashOf(bytes, start, end) & this.#mask] ?? nowhere;
    for (const entry of bucket)
      if (entry.bytes.length === end - start && matches(bytes, start, entry.bytes))
        return entry.index;
    return -1;
  }
}

/**
 * Hashes only the length and the outer bytes: names differ in them, so unknown names are rejected
 * without reading the bytes between.
 */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  return (end - start) * 37 + (bytes[start] as number) * 5 + (bytes[end - 1] as number);
}

function matches(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++)
    if (bytes[start + index] !== name[index]) return false;
  return true;
}
