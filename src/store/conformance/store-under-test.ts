/** The ledger under test, with helpers that the conformance tests share. */

import assert from "node:assert/strict";
import type { Feed } from "../../app/port/feed.ts";
import type { Ledger } from "../../app/port/ledger.ts";
import type { LedgerReader } from "../../app/port/reader.ts";
import { PurserError, type ErrorCode } from "../../domain/error.ts";
import type { Balance } from "../../domain/ledger/counter.ts";

/** An open ledger, with the operations that a test performs on it from outside. */
export interface StoreUnderTest {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly feed: Feed;
  /** Shuts it down cleanly and reopens it. The old instance is unusable afterwards. */
  reopen(): Promise<StoreUnderTest>;
  /** Makes all writes fail until `mend`. */
  fail(): void;
  mend(): void;
  /** Closes it, or the instance that `reopen` returned last, and deletes its files. */
  remove(): Promise<void>;
}

export type OpenStore = () => Promise<StoreUnderTest>;

export function only(balances: readonly Balance[]): Balance {
  const [balance] = balances;
  assert.equal(balances.length, 1);
  assert.ok(balance);
  return balance;
}

/** Runs a test on a new store, then removes the store. */
export async function using(
  open: OpenStore,
  run: (store: StoreUnderTest) => Promise<void>,
): Promise<void> {
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
