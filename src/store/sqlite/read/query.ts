/** What the ledger asks of a reader thread, and what it answers. */

import type { LedgerReader } from "../../../app/ports.ts";

/** A question and its arguments; the answer is what the method of the same name of `LedgerReader` gives. */
export type Query = {
  readonly [Method in QueryMethod]: { readonly method: Method; readonly input: Parameters<LedgerReader[Method]> };
}[QueryMethod];

export type QueryMethod = "calls" | "totals" | "alerts";

export interface Question {
  readonly number: number;
  readonly query: Query | { readonly method: "verify" } | { readonly method: "check" };
}

export type ReaderMessage =
  | { readonly kind: "answer"; readonly number: number; readonly answer: unknown }
  | { readonly kind: "failed"; readonly number: number; readonly error: Error; readonly remedy?: string }
  | { readonly kind: "progress"; readonly number: number; readonly share: number };

export interface ReaderData {
  readonly directory: string;
}
