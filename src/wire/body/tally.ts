/** How often known keys, and their string values, stand in a body. Small bodies pay nothing for it: arrays are made when first needed. */

import { KeyTable } from "./key-table.ts";

/** Values that stand in nearly every body, found without decoding them. */
export const commonValues = new KeyTable(
  (
    "text input_text output_text image_url input_image image file input_file document input_audio ephemeral 5m 1h " +
    "tool_use tool_result function function_call function_call_output message reasoning thinking " +
    "object string array number integer boolean null"
  ).split(" "),
);

const none: ReadonlyMap<string, number> = new Map();

export class Tally {
  readonly #keys: KeyTable;
  /** By index of a key. */
  #keyCounts: Uint32Array | undefined;
  /** By index of a key times the number of common values, plus the index of the value. */
  #commonCounts: Uint32Array | undefined;
  /** By index of a key. */
  #values: Map<number, Map<string, number>> | undefined;

  constructor(keys: KeyTable) {
    this.#keys = keys;
  }

  /** @param key Index of a key. */
  countKey(key: number): void {
    this.#keyCounts ??= new Uint32Array(this.#keys.names.length);
    this.#keyCounts[key] = (this.#keyCounts[key] ?? 0) + 1;
  }

  /** @param value Index of a common value. */
  countCommon(key: number, value: number): void {
    this.#commonCounts ??= new Uint32Array(this.#keys.names.length * commonValues.names.length);
    const index = key * commonValues.names.length + value;
    this.#commonCounts[index] = (this.#commonCounts[index] ?? 0) + 1;
  }

  countValue(key: number, value: string): void {
    this.#values ??= new Map();
    const counts = this.#values.get(key) ?? new Map<string, number>();
    this.#values.set(key, counts.set(value, (counts.get(value) ?? 0) + 1));
  }

  keyCount(name: string): number {
    return this.#keyCounts?.[this.#keys.names.indexOf(name)] ?? 0;
  }

  /** Every value that one of the valued keys has, with how often. */
  values(name: string): ReadonlyMap<string, number> {
    const key = this.#keys.names.indexOf(name);
    const rare = this.#values?.get(key) ?? none;
    if (!this.#commonCounts) return rare;
    const first = key * commonValues.names.length;
    const all = new Map(rare);
    for (const [index, value] of commonValues.names.entries()) {
      const count = this.#commonCounts[first + index] ?? 0;
      if (count > 0) all.set(value, count + (rare.get(value) ?? 0));
    }
    return all;
  }

  valueCount(name: string, value: string): number {
    const key = this.#keys.names.indexOf(name);
    const common = commonValues.names.indexOf(value);
    const often = common < 0 ? 0 : (this.#commonCounts?.[key * commonValues.names.length + common] ?? 0);
    return often + (this.#values?.get(key)?.get(value) ?? 0);
  }
}
