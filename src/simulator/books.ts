/**
 * The simulator's own books: what it billed for each call, in memory, ordered by when calls ended.
 */

import { assert } from "../domain/assert.ts";
import type { Counts, SimulatedProvider, SimulatedWire } from "./call.ts";

/** The fields that rows of one endpoint and model share. */
export interface BookKind {
  readonly wire: SimulatedWire;
  readonly provider: SimulatedProvider;
  readonly endpoint: string;
  /** As named in the answer. */
  readonly model: string;
  /** The part of the answer's id before the number: `chatcmpl-sim-`, `msg_sim_`. */
  readonly idPrefix: string;
}

/** One ended call. */
export interface BookEntry {
  /** The call's number, unique within a simulator. */
  readonly number: number;
  readonly kind: BookKind;
  /** Milliseconds since the epoch when the call ended. */
  readonly at: number;
  /** HTTP status; 0 if the connection was dropped instead of an answer. */
  readonly status: number;
  /** Disjoint; all zero if the call was not billed. */
  readonly counts: Counts;
  readonly billed: boolean;
  /** Whether the whole answer was sent. */
  readonly finished: boolean;
  /** Output tokens generated before the answer was cut off; null if it was not. */
  readonly cutAt: number | null;
  /** Lets the caller find its row: `tag=`, `metadata.purser_call` or `user`. */
  readonly tag: string | null;
}

/** A row as the `/sim/` API returns it. */
export interface BookRow extends Counts, Omit<BookKind, "idPrefix"> {
  /** The id in the answer. */
  readonly id: string;
  /** The request id header of the answer. */
  readonly request_id: string;
  readonly at: number;
  readonly status: number;
  readonly billed: boolean;
  readonly finished: boolean;
  readonly cut_at: number | null;
  readonly tag: string | null;
}

/** Sums over the calls of one model of one provider. */
export interface ModelSummary extends Counts {
  readonly provider: SimulatedProvider;
  readonly model: string;
  readonly calls: number;
  readonly billed: number;
  readonly not_billed: number;
  /** Billed calls whose answer was not sent in full. */
  readonly cut: number;
}

export interface BooksSummary {
  readonly calls: number;
  readonly billed: number;
  readonly not_billed: number;
  readonly models: readonly ModelSummary[];
}

export const countNames = [
  "input",
  "cache_read",
  "cache_write_5m",
  "cache_write_1h",
  "output",
  "reasoning",
  "web_search",
] as const;

export const noCounts: Counts = {
  input: 0,
  cache_read: 0,
  cache_write_5m: 0,
  cache_write_1h: 0,
  output: 0,
  reasoning: 0,
  web_search: 0,
};

/** Positions of a row's numbers after its counts. */
const place = {
  number: 7,
  kind: 8,
  status: 9,
  billed: 10,
  finished: 11,
  cutAt: 12,
  width: 13,
} as const;
const rowsPerBlock = 4096;
const notCut = -1;

interface Block {
  readonly numbers: Int32Array;
  readonly at: Float64Array;
}

type Sums = { -readonly [name in keyof ModelSummary]: ModelSummary[name] };

/**
 * Rows are stored as numbers, 60 bytes each: the hundreds of thousands of a benchmark add no work
 * for the garbage collector.
 */
export class Books {
  #blocks: Block[] = [];
  #kinds: BookKind[] = [];
  #kindPlaces = new Map<string, number>();
  #tags = new Map<number, string>();
  #sums = new Map<string, Sums>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  append(entry: BookEntry): void {
    const row = this.#size++;
    if (row % rowsPerBlock === 0) {
      this.#blocks.push({
        numbers: new Int32Array(rowsPerBlock * place.width),
        at: new Float64Array(rowsPerBlock),
      });
    }
    const { numbers, at } = this.#block(row);
    const start = (row % rowsPerBlock) * place.width;
    for (let index = 0; index < countNames.length; index++)
      numbers[start + index] = entry.counts[countNames[index] ?? "input"];
    numbers[start + place.number] = entry.number;
    numbers[start + place.kind] = this.#placeOf(entry.kind);
    numbers[start + place.status] = entry.status;
    numbers[start + place.billed] = Number(entry.billed);
    numbers[start + place.finished] = Number(entry.finished);
    numbers[start + place.cutAt] = entry.cutAt ?? notCut;
    at[row % rowsPerBlock] = entry.at;
    if (entry.tag !== null) this.#tags.set(row, entry.tag);
    this.#sum(entry);
  }

  /** Rows from `after` on, at most `limit`, oldest first. */
  rows(after = 0, limit = Infinity): readonly BookRow[] {
    const rows: BookRow[] = [];
    for (let row = after; row < Math.min(this.#size, after + limit); row++)
      rows.push(this.#row(row));
    return rows;
  }

  /** The rows of one tag; a repeated call has several. */
  tagged(tag: string): readonly BookRow[] {
    return [...this.#tags].filter(([, kept]) => kept === tag).map(([row]) => this.#row(row));
  }

  summary(): BooksSummary {
    const models = [...this.#sums.values()].map((sums) => ({ ...sums }));
    const total = (name: "calls" | "billed" | "not_billed"): number =>
      models.reduce((sum, model) => sum + model[name], 0);
    return {
      calls: total("calls"),
      billed: total("billed"),
      not_billed: total("not_billed"),
      models,
    };
  }

  clear(): void {
    this.#blocks = [];
    this.#kinds = [];
    this.#kindPlaces.clear();
    this.#tags.clear();
    this.#sums.clear();
    this.#size = 0;
  }

  #block(row: number): Block {
    const block = this.#blocks[Math.floor(row / rowsPerBlock)];
    assert(block !== undefined, "every row is in a block");
    return block;
  }

  #placeOf(kind: BookKind): number {
    const key = `${kind.idPrefix} ${kind.endpoint} ${kind.provider} ${kind.model}`;
    const known = this.#kindPlaces.get(key);
    if (known !== undefined) return known;
    this.#kindPlaces.set(key, this.#kinds.length);
    return this.#kinds.push(kind) - 1;
  }

  #row(row: number): BookRow {
    const { numbers, at } = this.#block(row);
    const start = (row % rowsPerBlock) * place.width;
    const read = (index: number): number => numbers[start + index] ?? 0;
    const kind = this.#kinds[read(place.kind)];
    assert(kind !== undefined, "every row has a kind");
    const { idPrefix, ...common } = kind;
    const counts = Object.fromEntries(
      countNames.map((name, index) => [name, read(index)]),
    ) as unknown as Counts;
    return {
      id: `${idPrefix}${read(place.number)}`,
      request_id: `req_sim_${read(place.number)}`,
      at: at[row % rowsPerBlock] ?? 0,
      ...common,
      status: read(place.status),
      ...counts,
      billed: read(place.billed) === 1,
      finished: read(place.finished) === 1,
      cut_at: read(place.cutAt) === notCut ? null : read(place.cutAt),
      tag: this.#tags.get(row) ?? null,
    };
  }

  #sum({ kind, counts, billed, finished }: BookEntry): void {
    const key = `${kind.provider} ${kind.model}`;
    let sums = this.#sums.get(key);
    if (!sums) {
      sums = {
        provider: kind.provider,
        model: kind.model,
        calls: 0,
        billed: 0,
        not_billed: 0,
        cut: 0,
        ...noCounts,
      };
      this.#sums.set(key, sums);
    }
    sums.calls += 1;
    if (billed) sums.billed += 1;
    else sums.not_billed += 1;
    if (billed && !finished) sums.cut += 1;
    for (const name of countNames) sums[name] += counts[name];
  }
}
