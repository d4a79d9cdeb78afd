/** A ledger as the conformance tests see it, and what they ask of it in many places. */

import assert from "node:assert/strict";
import type { Ledger } from "../../app/port/ledger.ts";
import type { LedgerReader } from "../../app/port/reader.ts";
import { PurserError, type ErrorCode } from "../../domain/error.ts";
import type { Balance } from "../../domain/ledger/counter.ts";

/** An open ledger, with what a test does to it from outside. */
export interface StoreUnderTest {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  /** Ends it as a process ends in good order, and opens it again. This one is of no use then. */
  reopen(): Promise<StoreUnderTest>;
  /** From now on nothing can be written, until `mend`. */
  fail(): void;
  mend(): void;
  /** Closes it, or the one that `reopen` gave last, and removes what it kept. */
  remove(): Promise<void>;
}

export type OpenStore = () => Promise<StoreUnderTest>;

export function only(balances: readonly Balance[]): Balance {
  const [balance] = balances;
  assert.equal(balances.length, 1);
  assert.ok(balance);
  return balance;
}

/** Runs a test on a new store, and removes the store. */
export async function using(open: OpenStore, run: (store: StoreUnderTest) => Promise<void>): Promise<void> {
  const store = await open();
  try {
    await run(store);
  } finally {
    await store.remove();
  }
}

export async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof PurserError && error.code === code);
}
