/** A bounded cache: it is cleared when full, so keys made up by callers cannot fill the memory. */

export class Memo<Key, Value> {
  readonly #values = new Map<Key, Value>();
  readonly #most: number;

  /** @param most The maximum number of values. */
  constructor(most: number) {
    this.#most = most;
  }

  get(key: Key): Value | undefined {
    return this.#values.get(key);
  }

  has(key: Key): boolean {
    return this.#values.has(key);
  }

  /** @returns The value. */
  keep(key: Key, value: Value): Value {
    if (this.#values.size >= this.#most && !this.#values.has(key)) this.#values.clear();
    this.#values.set(key, value);
    return value;
  }

  delete(key: Key): void {
    this.#values.delete(key);
  }
}

/**
 * A memo with two keys, such as a provider and a model; a look-up does not build a combined key.
 */
export class PairMemo<First, Second, Value> {
  readonly #values = new Map<First, Map<Second, Value>>();
  readonly #most: number;
  #size = 0;

  /** @param most The maximum number of values. */
  constructor(most: number) {
    this.#most = most;
  }

  get(first: First, second: Second): Value | undefined {
    return this.#values.get(first)?.get(second);
  }

  /** @returns The value. */
  keep(first: First, second: Second, value: Value): Value {
    const isNew = this.#values.get(first)?.has(second) !== true;
    if (isNew && this.#size >= this.#most) {
      this.#values.clear();
      this.#size = 0;
    }
    if (isNew) this.#size += 1;
    let inner = this.#values.get(first);
    if (!inner) this.#values.set(first, (inner = new Map()));
    inner.set(second, value);
    return value;
  }
}
