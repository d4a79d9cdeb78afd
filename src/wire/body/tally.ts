/**
 * Counts known keys and their string values in a body. Arrays are created when first needed, so
 * small bodies cost nothing.
 */

import { commonValues } from "./common-word.ts";
import type { KeyTable } from "./key-table.ts";

/**
 * Different values kept of one body, about 1 MB of memory. Real bodies have some tens; a body of 32
 * MiB could have two million.
 */
export const mostValues = 10_000;

const none: ReadonlyMap<string, number> = new Map();

export class Tally {
  readonly #keys: KeyTable;
  /** By index of a key. */
  #keyCounts: number[] | undefined;
  /** By index of a key with common values, then by index of the value. */
  #commonCounts: number[][] | undefined;
  /** By index of a key. */
  #values: Map<number, Map<string, number>> | undefined;
  #valuesKept = 0;
  #isFull = false;

  constructor(keys: KeyTable) {
    this.#keys = keys;
  }

  /** @param key Index of a key. */
  countKey(key: number): void {
    this.#keyCounts ??= [];
    this.#keyCounts[key] = (this.#keyCounts[key] ?? 0) + 1;
  }

  /** @param value Index of a common value. */
  countCommon(key: number, value: number): void {
    this.#commonCounts ??= [];
    const counts = (this.#commonCounts[key] ??= []);
    counts[value] = (counts[value] ?? 0) + 1;
  }

  countValue(key: number, value: string): void {
    this.#values ??= new Map();
    const counts = this.#values.get(key) ?? new Map<string, number>();
    const before = counts.get(value);
    if (before === undefined && ++this.#valuesKept > mostValues) {
      this.#isFull = true;
      return;
    }
    this.#values.set(key, counts.set(value, (before ?? 0) + 1));
  }

  /** Whether values were not counted because there are more than {@link mostValues}. */
  get isFull(): boolean {
    return this.#isFull;
  }

  keyCount(name: string): number {
    return this.#keyCounts?.[this.#keys.indexOf(name)] ?? 0;
  }

  /** Every value of one of the valued keys, with its count. */
  values(name: string): ReadonlyMap<string, number> {
    const key = this.#keys.indexOf(name);
    const rare = this.#values?.get(key) ?? none;
    const common = this.#commonCounts?.[key];
    if (!common) return rare;
    const all = new Map(rare);
    for (const [index, value] of commonValues.names.entries()) {
      const count = common[index] ?? 0;
      if (count > 0) all.set(value, count + (rare.get(value) ?? 0));
    }
    return all;
  }

  valueCount(name: string, value: string): number {
    if (!this.#commonCounts && !this.#values) return 0;
    const key = this.#keys.indexOf(name);
    const often = this.#commonCounts?.[key]?.[commonValues.indexOf(value)] ?? 0;
    return often + (this.#values?.get(key)?.get(value) ?? 0);
  }
}
