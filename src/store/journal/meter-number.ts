/**
 * Numbers the meters in journal rows: fixed meters by their place, open meters by the id of their
 * name.
 */

import { assert } from "../../domain/assert.ts";
import type { Charge } from "../../domain/price/row/rate.ts";
import { fixedMeters, type Meter, type OpenMeter, type Usage } from "../../domain/usage/usage.ts";
import type { NameIds, Names } from "./name.ts";

/** Numbers of meters alternating with counts. */
export type StoredUsage = readonly number[];

/** A meter, or another word of a charge line. */
type MeterWord = Charge["meter"];

const reasoningNumber = 102;

/**
 * Stored on disk: neither these numbers nor the order of `fixedMeters` may change; add new fixed
 * meters at the end.
 */
const numbers: ReadonlyMap<string, number> = new Map([
  ...fixedMeters.map((meter, number) => [meter, number] as const),
  ["reported_cost", 100],
  ["hold", 101],
  ["reasoning", reasoningNumber],
  ["correction", 103],
]);

const words: ReadonlyMap<number, MeterWord> = new Map(
  [...numbers].map(([word, number]) => [number, word as MeterWord]),
);

/** An open meter has the id of its name, plus this: no fixed meter has such a number. */
const firstOpen = 1000;

export function meterNumber(meter: MeterWord, names: NameIds): number {
  return numbers.get(meter) ?? firstOpen + names.meter(meter as OpenMeter);
}

function meterOf(number: number, names: Names): MeterWord {
  const nameId = openNameId(number);
  const meter = nameId === undefined ? words.get(number) : names.meter(nameId);
  assert(meter !== undefined, "every number in a row is that of a meter");
  return meter;
}

/** The id of an open meter's name; undefined for a fixed meter. */
export function openNameId(number: number): number | undefined {
  return number < firstOpen ? undefined : number - firstOpen;
}

/** The places of counts in a roll-up: each fixed meter, then reasoning. */
export const usagePlaces = [...fixedMeters, "reasoning"] as const;

/** The place of a fixed meter in {@link usagePlaces}. */
export function usagePlace(number: number): number {
  return number === reasoningNumber ? fixedMeters.length : number;
}

export function chargedMeter(number: number, names: Names): Charge["meter"] {
  return meterOf(number, names);
}

export function storeUsage(usage: Usage, names: NameIds): StoredUsage {
  const stored: number[] = [];
  for (const name in usage) {
    const meter = name as Meter | "reasoning";
    const count = usage[meter];
    if (count !== undefined) stored.push(meterNumber(meter, names), count);
  }
  return stored;
}

export function loadUsage(stored: StoredUsage, names: Names): Usage {
  const usage: { [meter: string]: number } = {};
  for (let at = 0; at + 1 < stored.length; at += 2)
    usage[meterOf(stored[at] ?? 0, names)] = stored[at + 1] ?? 0;
  return usage;
}
