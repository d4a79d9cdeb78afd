/** Items: the parts of a ledger's state whose changes are noticed one by one. */

import { counterId } from "../../domain/ledger/counter.ts";
import type { CounterKey } from "../../domain/ledger/entry.ts";
import type { Loaded } from "../../domain/ledger/loaded.ts";

/** By item, the last entry of the journal when it was read. */
export type Reads = ReadonlyMap<string, number>;

/** All budgets, keys and prices together: they rarely change. */
export const definitions = "definitions";

export function counterItem(key: CounterKey): string {
  return `counter ${counterId(key)}`;
}

export function operationItem(operationId: string): string {
  return `operation ${operationId}`;
}

/** The holds of a key that can lapse. */
export function keyItem(keyId: string): string {
  return `key ${keyId}`;
}

export function itemsOf({ operations, holds, counters, keys }: Loaded): readonly string[] {
  return [
    ...[...operations, ...holds].map(({ operationId }) => operationItem(operationId)),
    ...counters.map(({ key }) => counterItem(key)),
    ...keys.map(({ keyId }) => keyItem(keyId)),
  ];
}
