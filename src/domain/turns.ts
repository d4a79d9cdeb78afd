/** Divides long work on the main thread into turns of the event loop, between which calls go on. */

/** How long one turn works, in milliseconds; a step that is not divided may end later. */
const turnMs = 1;

/**
 * Everything that works in turns shares them: in a turn, only one of those that wait continues, so
 * several questions at once delay a call no longer than one.
 */
export class Turns {
  readonly #now: () => number;
  readonly #waiting: (() => void)[] = [];
  #end = -Infinity;

  /** @param now A clock in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether to wait for the {@link next} turn before the next step. */
  get isOver(): boolean {
    return this.#now() >= this.#end;
  }

  /** Resolves in a later turn of the event loop, after those that waited before. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(() => this.#begin());
    });
  }

  #begin(): void {
    this.#end = this.#now() + turnMs;
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(() => this.#begin());
  }
}

/** The turns of this thread. */
export const turns = new Turns();

/** Maps in turns. */
export async function mapInTurns<Item, Result>(
  items: readonly Item[],
  map: (item: Item, index: number) => Result,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const [index, item] of items.entries()) {
    if (turns.isOver) await turns.next();
    results.push(map(item, index));
  }
  return results;
}

/** Sorts as `toSorted` does, in turns. */
export async function sortInTurns<Item>(
  items: readonly Item[],
  compare: (left: Item, right: Item) => number,
): Promise<readonly Item[]> {
  let runs: (readonly Item[])[] = [];
  for (let place = 0; place < items.length; place += sortedAtOnce) {
    if (turns.isOver) await turns.next();
    runs.push(items.slice(place, place + sortedAtOnce).sort(compare));
  }
  while (runs.length > 1) {
    const longer: (readonly Item[])[] = [];
    for (let place = 0; place < runs.length; place += 2)
      longer.push(await merge(runs[place] ?? [], runs[place + 1] ?? [], compare));
    runs = longer;
  }
  return runs[0] ?? [];
}

const sortedAtOnce = 256;

async function merge<Item>(
  left: readonly Item[],
  right: readonly Item[],
  compare: (left: Item, right: Item) => number,
): Promise<readonly Item[]> {
  const merged: Item[] = [];
  let [l, r] = [0, 0];
  while (l < left.length && r < right.length) {
    if (merged.length % sortedAtOnce === 0 && turns.isOver) await turns.next();
    const [one, other] = [left[l] as Item, right[r] as Item];
    const isFirst = compare(one, other) <= 0;
    merged.push(isFirst ? one : other);
    if (isFirst) l += 1;
    else r += 1;
  }
  return merged.concat(left.slice(l), right.slice(r));
}
