/** The messages between the ledger and a reader thread. */

import type { LedgerReader } from "../../../app/port/reader.ts";
import type { Counting } from "../../../domain/ledger/recount.ts";
import type { PackedPart } from "./packed-rows.ts";

/**
 * A question and its arguments; the answer is that of the `LedgerReader` method of the same name.
 */
export type Query = {
  readonly [Method in QueryMethod]: {
    readonly method: Method;
    readonly input: Parameters<LedgerReader[Method]>;
  };
}[QueryMethod];

/** Adds up the cost of calls for budgets that are being recounted. */
export interface CountQuery {
  readonly method: "count";
  readonly counting: Counting;
  /** Later entries do not count. */
  readonly lastSeq: number;
}

/** Asks for the entries after one, in order. */
export interface EntriesQuery {
  readonly method: "entries";
  readonly afterSeq: number;
  readonly limit: number;
}

/** The questions of a feed; `last` is the number of the last entry. */
export type FeedQuery = EntriesQuery | { readonly method: "last" };

export type QueryMethod =
  | "calls"
  | "requestLines"
  | "corrections"
  | "refusals"
  | "totals"
  | "latencies"
  | "distinct"
  | "keyUses"
  | "alerts";

export interface Question {
  readonly number: number;
  readonly query:
    | Query
    | CountQuery
    | FeedQuery
    | { readonly method: "verify" }
    | { readonly method: "check" };
}

export type ReaderMessage =
  | { readonly kind: "answer"; readonly number: number; readonly answer: unknown }
  /** An answer that is a list. */
  | { readonly kind: "rows"; readonly number: number; readonly parts: readonly PackedPart[] }
  | {
      readonly kind: "failed";
      readonly number: number;
      readonly error: Error;
      readonly remedy?: string;
    }
  | { readonly kind: "progress"; readonly number: number; readonly share: number };

export interface ReaderData {
  readonly directory: string;
  /** Whether calls get the processor first, where the system has priorities of threads. */
  readonly yieldsToCalls?: true;
}
