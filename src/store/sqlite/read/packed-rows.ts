/**
 * Packs the rows of an answer for the main thread: into parts that pass between threads without
 * being copied, each of which is unpacked in a fraction of a millisecond.
 */

import { deserialize, serialize } from "node:v8";
import type { DistinctTotals, LatencyTotals, Totals } from "../../../app/port/reader.ts";
import { pico, type PicoUsd } from "../../../domain/money/money.ts";
import { turns } from "../../../domain/turns.ts";
import type { UsageSoFar } from "../../../domain/usage/usage.ts";

/** Rows of sums as numbers, which are unpacked several times as fast as objects. */
interface NumbersPart {
  readonly of: Layout;
  readonly rows: number;
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly amounts: BigInt64Array<ArrayBuffer>;
  /** A JSON list of the groups and shapes of usage that no earlier part has. */
  readonly names: string;
}

/** Any other rows, in the format of structured clone. */
interface ClonedPart {
  readonly cloned: Uint8Array<ArrayBuffer>;
}

export type PackedPart = NumbersPart | ClonedPart;
type Layout = "totals" | "latencies" | "distinct";

/** @param method The question that the rows answer. */
export function pack(method: string, rows: readonly unknown[]): readonly PackedPart[] {
  const fits = (row: { readonly cost: bigint; readonly chargeCost?: bigint }): boolean =>
    isShort(row.cost) && isShort(row.chargeCost ?? 0n);
  if (method === "totals" && (rows as readonly Totals[]).every(fits))
    return packNumbers("totals", rows as readonly Totals[], packTotals);
  if (method === "latencies")
    return packNumbers("latencies", rows as readonly LatencyTotals[], packLatencies);
  if (method === "distinct" && (rows as readonly DistinctTotals[]).every(fits))
    return packNumbers("distinct", rows as readonly DistinctTotals[], packDistinct);
  return packClones(rows);
}

/** What to transfer instead of copying. */
export function buffersOf(parts: readonly PackedPart[]): ArrayBuffer[] {
  return parts.flatMap((part) =>
    "cloned" in part ? [part.cloned.buffer] : [part.numbers.buffer, part.amounts.buffer],
  );
}

/** Unpacks rows in turns. */
export async function unpack(parts: readonly PackedPart[]): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  const names: Names = { groups: [], shapes: [] };
  for (const part of parts) {
    if (turns.isOver) await turns.next();
    if ("cloned" in part) rows.push(...(deserialize(part.cloned) as readonly unknown[]));
    else unpackNumbers(part, names, rows);
  }
  return rows;
}

/** About. A part has at least a row. */
const bytesInAPart = 20_000;

function packClones(rows: readonly unknown[]): readonly PackedPart[] {
  const parts: PackedPart[] = [];
  let length = 8;
  for (let place = 0; place < rows.length;) {
    const some = rows.slice(place, place + length);
    const cloned = serialize(some);
    if (cloned.length > 2 * bytesInAPart && some.length > 1) {
      length = some.length >> 1;
      continue;
    }
    parts.push({ cloned: new Uint8Array(cloned) });
    place += some.length;
    length = Math.max(1, Math.floor((some.length * bytesInAPart) / cloned.length));
  }
  return parts;
}

function isShort(amount: bigint): boolean {
  return BigInt.asIntN(64, amount) === amount;
}

const numbersInAPart = 4000;
/** In place of null or of an absent field. */
const none = Number.NaN;

/** Collects the rows of a part; groups and shapes are numbered over all parts. */
class Packing {
  readonly numbers: number[] = [];
  readonly amounts: bigint[] = [];
  readonly #groups = new Map<string, number>();
  readonly #shapes = new Map<string, number>();
  #newGroups: unknown[] = [];
  #newShapes: unknown[] = [];
  #rows = 0;

  numberOfGroup(group: Readonly<Record<string, string>>): number {
    const id = JSON.stringify(group);
    return (
      this.#groups.get(id) ?? this.#name(group, { id, all: this.#groups, added: this.#newGroups })
    );
  }

  /** @param names Of meters, in the order in which their counts follow. */
  numberOfShape(names: readonly string[]): number {
    const id = names.join();
    return (
      this.#shapes.get(id) ?? this.#name(names, { id, all: this.#shapes, added: this.#newShapes })
    );
  }

  endRow(): void {
    this.#rows += 1;
  }

  /** Empties the collection. */
  part(of: Layout): NumbersPart {
    const part = {
      of,
      rows: this.#rows,
      numbers: Float64Array.from(this.numbers),
      amounts: BigInt64Array.from(this.amounts),
      names: JSON.stringify([this.#newGroups, this.#newShapes]),
    };
    this.numbers.length = 0;
    this.amounts.length = 0;
    [this.#newGroups, this.#newShapes, this.#rows] = [[], [], 0];
    return part;
  }

  #name(
    value: unknown,
    {
      id,
      all,
      added,
    }: { readonly id: string; readonly all: Map<string, number>; readonly added: unknown[] },
  ): number {
    const place = all.size;
    all.set(id, place);
    added.push(value);
    return place;
  }
}

function packNumbers<Row>(
  of: Layout,
  rows: readonly Row[],
  packRow: (row: Row, into: Packing) => void,
): readonly PackedPart[] {
  const parts: PackedPart[] = [];
  const packing = new Packing();
  for (const row of rows) {
    packRow(row, packing);
    packing.endRow();
    if (packing.numbers.length >= numbersInAPart) parts.push(packing.part(of));
  }
  if (packing.numbers.length > 0) parts.push(packing.part(of));
  return parts;
}

function packTotals(row: Totals, into: Packing): void {
  const { group, bucket, calls, charges, released, refusals, latencyMs, timed, usage } = row;
  const meters = Object.keys(usage) as (keyof typeof usage)[];
  into.numbers.push(into.numberOfGroup(group), bucket ?? none, calls, charges, released);
  into.numbers.push(refusals, latencyMs, timed, into.numberOfShape(meters));
  for (const meter of meters) into.numbers.push(usage[meter] ?? 0);
  into.amounts.push(row.cost, row.chargeCost);
}

function packLatencies({ group, bucket, counts }: LatencyTotals, into: Packing): void {
  into.numbers.push(into.numberOfGroup(group), bucket ?? none, counts.size);
  for (const [latency, count] of counts) into.numbers.push(latency, count);
}

function packDistinct({ group, end, distinct, calls, cost }: DistinctTotals, into: Packing): void {
  const place = group === null ? none : into.numberOfGroup(group);
  into.numbers.push(place, end ?? none, distinct, calls);
  into.amounts.push(cost);
}

interface Names {
  readonly groups: Readonly<Record<string, string>>[];
  readonly shapes: (readonly string[])[];
}

/** Takes the values of a part, one after another. */
class Unpacking {
  readonly #part: NumbersPart;
  readonly #names: Names;
  #number = 0;
  #amount = 0;

  constructor(part: NumbersPart, names: Names) {
    this.#part = part;
    this.#names = names;
  }

  number(): number {
    return this.#part.numbers[this.#number++] ?? 0;
  }

  numberOrNull(): number | null {
    const number = this.number();
    return Number.isNaN(number) ? null : number;
  }

  amount(): PicoUsd {
    return pico(this.#part.amounts[this.#amount++] ?? 0n);
  }

  group(place = this.number()): Readonly<Record<string, string>> {
    return this.#names.groups[place] ?? {};
  }

  usage(): UsageSoFar {
    const usage: Record<string, number> = {};
    for (const name of this.#names.shapes[this.number()] ?? []) usage[name] = this.number();
    return usage;
  }
}

const unpackRow: Readonly<Record<Layout, (from: Unpacking) => unknown>> = {
  totals: (from): Totals => ({
    group: from.group(),
    bucket: from.numberOrNull(),
    calls: from.number(),
    charges: from.number(),
    released: from.number(),
    refusals: from.number(),
    cost: from.amount(),
    chargeCost: from.amount(),
    latencyMs: from.number(),
    timed: from.number(),
    usage: from.usage(),
  }),
  latencies: (from): LatencyTotals => ({
    group: from.group(),
    bucket: from.numberOrNull(),
    counts: countsOf(from),
  }),
  distinct: (from): DistinctTotals => {
    const [place, end] = [from.numberOrNull(), from.numberOrNull()];
    return {
      group: place === null ? null : from.group(place),
      distinct: from.number(),
      calls: from.number(),
      cost: from.amount(),
      ...(end !== null && { end }),
    };
  },
};

function countsOf(from: Unpacking): Map<number, number> {
  const counts = new Map<number, number>();
  for (let left = from.number(); left > 0; left--) counts.set(from.number(), from.number());
  return counts;
}

function unpackNumbers(part: NumbersPart, names: Names, rows: unknown[]): void {
  const [groups, shapes] = JSON.parse(part.names) as [Names["groups"], Names["shapes"]];
  names.groups.push(...groups);
  names.shapes.push(...shapes);
  const from = new Unpacking(part, names);
  const next = unpackRow[part.of];
  for (let left = part.rows; left > 0; left--) rows.push(next(from));
}
