/**
 * What the ledger sends to its writer: flat lists of numbers and texts in one JSON text, which is
 * also staged.
 */

import type { EncodedEntry } from "../../journal/encode.ts";
import type { NameColumns } from "../journal/name-writer.ts";
import type { Durability } from "../schema.ts";

export type Column = number | string | null;

export interface Batch {
  /** Of the first entry; the others follow without gaps. */
  readonly firstSeq: number;
  /** {@link entryWidth} columns per entry. */
  readonly entries: readonly Column[];
  readonly names: NameColumns;
  /**
   * {@link counterWidth} columns per counter: its name, spent, held, overrun, fired thresholds as
   * JSON, end of its window.
   */
  readonly counters: readonly Column[];
  /**
   * {@link closingWidth} columns per change, in order: the name of a counter, a run, and whether it
   * has closed (1 or 0). A null run means all runs of the counter.
   */
  readonly closings: readonly Column[];
  /** The `seq` of holds opened by this batch and still open after it. */
  readonly opened: readonly number[];
  /** The `seq` of holds that were open before this batch and ended in it. */
  readonly ended: readonly number[];
}

/** Columns of an entry: the row without its `seq`, plus the raw usage. */
export const entryWidth = 10;
export const counterWidth = 6;
export const closingWidth = 3;

/** All but `close` are numbered. `book` asks for everything before it to be in the tables. */
export type WriterRequest =
  | {
      readonly kind: "batch";
      readonly number: number;
      readonly text: string;
      readonly entries: number;
    }
  | { readonly kind: "book"; readonly number: number }
  | { readonly kind: "close" };

/**
 * What the writer reports: `ready` once; for each request, whether it succeeded (`written` or
 * `failed`); from time to time, the last batch that is in the tables for readers to find
 * (`booked`), or that booking failed (`stuck`).
 */
export type WriterMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "written"; readonly number: number }
  | { readonly kind: "booked"; readonly number: number }
  | { readonly kind: "stuck" }
  | { readonly kind: "failed"; readonly number: number; readonly message: string };

export interface WriterData {
  readonly directory: string;
  readonly durability: Durability;
}

export function pushEntry(columns: Column[], entry: EncodedEntry): void {
  const { at, kind, call, operationId, attempt, attributionId, routeId, amount, body, raw } = entry;
  columns.push(at, kind, call, operationId, attempt, attributionId, routeId, amount, body, raw);
}

/**
 * Merges consecutive batches into one: only the last state of each counter, only holds that stay
 * open.
 */
export function mergeBatches(batches: readonly Batch[]): Batch {
  const [only] = batches;
  if (only && batches.length === 1) return only;
  const counters = new Map<Column, readonly Column[]>();
  const opened = new Set<number>();
  const ended: number[] = [];
  for (const batch of batches) {
    for (let place = 0; place < batch.counters.length; place += counterWidth) {
      counters.set(
        batch.counters[place] ?? null,
        batch.counters.slice(place, place + counterWidth),
      );
    }
    for (const seq of batch.opened) opened.add(seq);
    for (const seq of batch.ended) if (!opened.delete(seq)) ended.push(seq);
  }
  return {
    firstSeq: batches.find(({ entries }) => entries.length > 0)?.firstSeq ?? 0,
    entries: batches.flatMap(({ entries }) => entries),
    names: batches.flatMap(({ names }) => names),
    counters: [...counters.values()].flat(),
    closings: batches.flatMap(({ closings }) => closings),
    opened: [...opened],
    ended,
  };
}

/** Yields the entries of a batch in order. */
export function* entriesOf({ entries, firstSeq }: Batch): Generator<EncodedEntry> {
  for (let place = 0; place < entries.length; place += entryWidth) {
    yield {
      seq: firstSeq + place / entryWidth,
      at: Number(entries[place]),
      kind: Number(entries[place + 1]),
      call: entries[place + 2] as number | null,
      operationId: entries[place + 3] as string | null,
      attempt: entries[place + 4] as number | null,
      attributionId: entries[place + 5] as number | null,
      routeId: entries[place + 6] as number | null,
      amount: String(entries[place + 7]),
      body: String(entries[place + 8]),
      raw: entries[place + 9] as string | null,
    };
  }
}
