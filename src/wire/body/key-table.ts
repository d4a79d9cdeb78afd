/** Finds a known short name among bytes without decoding them: by its length and two of its bytes, then byte by byte. */

interface Entry {
  readonly index: number;
  readonly bytes: Uint8Array;
}

const nowhere: readonly Entry[] = [];

export class KeyTable {
  /** The names in the order of their indices, each once. */
  readonly names: readonly string[];
  readonly #indices: ReadonlyMap<string, number>;
  /** By the hash of a name; what is hashed alike stands in one bucket. */
  readonly #buckets: readonly (readonly Entry[])[];
  readonly #mask: number;

  /** @param names None of them empty. */
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

  /** The index of a name; -1 when it is not in the table. */
  indexOf(name: string): number {
    return this.#indices.get(name) ?? -1;
  }

  /** The index of the name whose bytes stand from `start` to `end`, which is excluded; -1 when it is not in the table. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const bucket = this.#buckets[hashOf(bytes, start, end) & this.#mask] ?? nowhere;
    for (const entry of bucket) if (entry.bytes.length === end - start && stands(bytes, start, entry.bytes)) return entry.index;
    return -1;
  }
}

/** Of the length and the outer bytes only: names differ in them, and what is between need not be looked at to tell a name unknown. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  return (end - start) * 37 + (bytes[start] as number) * 5 + (bytes[end - 1] as number);
}

function stands(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) if (bytes[start + index] !== name[index]) return false;
  return true;
}
