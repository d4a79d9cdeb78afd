/** What the ledger sends to its writer: flat lists of numbers and texts, since those cross between threads the fastest. */

import type { EncodedEntry } from "../journal/encode.ts";
import type { NameColumns } from "../journal/name-writer.ts";
import type { Durability } from "../schema.ts";

export type Column = number | string | null;

export interface Batch {
  readonly number: number;
  /** Of the first entry; the others follow without a gap. */
  readonly firstSeq: number;
  /** {@link entryWidth} columns an entry. */
  readonly entries: readonly Column[];
  readonly names: NameColumns;
  /** {@link counterWidth} columns a counter: its name, spent, held, overrun, fired thresholds as JSON, end of its window. */
  readonly counters: readonly Column[];
  /** The `seq` of holds that are open after this batch and were not before. */
  readonly opened: readonly number[];
  /** The `seq` of holds that were open before this batch and are not after. */
  readonly ended: readonly number[];
}

/** Columns of an entry: all of a row but its `seq`, and the raw usage. */
export const entryWidth = 10;
export const counterWidth = 6;
export const nameWidth = 5;

/** What the writer answers: once when it is ready, then once a batch. */
export type WriterMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "written"; readonly number: number }
  | { readonly kind: "failed"; readonly number: number; readonly message: string };

export interface WriterData {
  readonly directory: string;
  readonly durability: Durability;
}

export function pushEntry(columns: Column[], entry: EncodedEntry): void {
  const { at, kind, call, operationId, attempt, attributionId, routeId, amount, body, raw } = entry;
  columns.push(at, kind, call, operationId, attempt, attributionId, routeId, amount, body, raw);
}

/** The entries of a batch, one after another. */
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
