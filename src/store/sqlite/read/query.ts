/** What the ledger asks of a reader thread, and what it answers. */

import type { LedgerReader } from "../../../app/port/reader.ts";
import type { Counting } from "../../../domain/ledger/recount.ts";

/** A question and its arguments; the answer is what the method of the same name of `LedgerReader` gives. */
export type Query = {
  readonly [Method in QueryMethod]: { readonly method: Method; readonly input: Parameters<LedgerReader[Method]> };
}[QueryMethod];

/** Adds up what calls have cost for budgets that are counted anew. */
export interface CountQuery {
  readonly method: "count";
  readonly counting: Counting;
  /** Later entries do not count. */
  readonly lastSeq: number;
}

export type QueryMethod = "calls" | "refusals" | "totals" | "keyUses" | "alerts";

export interface Question {
  readonly number: number;
  readonly query: Query | CountQuery | { readonly method: "verify" } | { readonly method: "check" };
}

export type ReaderMessage =
  | { readonly kind: "answer"; readonly number: number; readonly answer: unknown }
  | { readonly kind: "failed"; readonly number: number; readonly error: Error; readonly remedy?: string }
  | { readonly kind: "progress"; readonly number: number; readonly share: number };

export interface ReaderData {
  readonly directory: string;
}
