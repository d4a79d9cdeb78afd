/** Turns entries into rows of the journal. */

import { assert } from "../../../domain/assert.ts";
import { PurserError } from "../../../domain/error.ts";
import type { Budget } from "../../../domain/budget/budget.ts";
import type { CallId, CallRoute, Entry, HoldEntry } from "../../../domain/ledger/entry.ts";
import type { JournalRow } from "./chain.ts";
import { storeInteger, type StoredInteger } from "./integer.ts";
import { kindOf } from "./kind.ts";
import type { NameWriter } from "./name-writer.ts";
import { encodeOutcome } from "./outcome-codec.ts";

/** What the rows about a call have of its hold. */
export interface CallOnFile extends CallId {
  /** The `seq` of the hold. */
  readonly call: number;
  readonly route: CallRoute;
  readonly attributionId: number;
  readonly routeId: number;
}

export interface EncodedEntry extends JournalRow {
  /** The provider's usage object, for the writer to put into the body. */
  readonly raw: string | null;
}

/** Tokens, requests, counter ids; then when it lapses and the fingerprint of its request, if they are there. */
export type StoredHold = readonly [StoredInteger, StoredInteger, readonly number[], (number | null)?, (string | null)?];
export type StoredThreshold = readonly [counterId: number, partsPerMillion: number, spent: StoredInteger, limit: StoredInteger];
export type StoredRefusal = readonly [reason: string, budgetId: string | null, needed: StoredInteger];
export type StoredBudget = readonly [budget: Record<string, unknown>, deleted: 0 | 1];

/** @param callOf Finds the hold that an entry is about. */
export function encodeEntry(entry: Entry, seq: number, context: { names: NameWriter; callOf: (id: CallId) => CallOnFile }): EncodedEntry {
  const { names } = context;
  names.beginEntry(seq);
  return { ...blank, seq, at: entry.at, kind: kindOf(entry), ...columnsOf(entry, names, context.callOf) };
}

const blank = {
  call: null,
  operationId: null,
  attempt: null,
  attributionId: null,
  routeId: null,
  amount: "0",
  body: "[]",
  raw: null,
} as const;

function columnsOf(entry: Entry, names: NameWriter, callOf: (id: CallId) => CallOnFile): Partial<EncodedEntry> {
  switch (entry.kind) {
    case "hold":
      return {
        attempt: entry.attempt,
        ...requestColumns(entry, names),
        amount: columnAmount(entry.amount.usd),
        body: holdBody(entry, names),
      };
    case "refusal": {
      const body: StoredRefusal = [entry.reason, entry.budgetId, storeInteger(entry.needed)];
      return { ...requestColumns(entry, names), body: JSON.stringify(body) };
    }
    case "threshold":
      return { body: JSON.stringify(storeThreshold(entry, names)) };
    case "budget":
      return { body: JSON.stringify([storeBudget(entry.budget), entry.deleted ? 1 : 0] satisfies StoredBudget) };
    case "key":
      return { body: JSON.stringify(entry.key) };
    case "price":
      return { body: JSON.stringify(entry.price) };
    default:
      return callColumns(entry, callOf(entry), names);
  }
}

function requestColumns(entry: Extract<Entry, { kind: "hold" | "refusal" }>, names: NameWriter): Partial<EncodedEntry> {
  const { operationId, attribution, route } = entry;
  return { operationId, attributionId: names.attribution(attribution), routeId: names.route(route, null) };
}

type AboutCall = Extract<Entry, { kind: "top_up" | "settle" | "release" | "expire" | "correction" }>;

function callColumns(entry: AboutCall, on: CallOnFile, names: NameWriter): Partial<EncodedEntry> {
  const { call, attributionId, routeId } = on;
  if (entry.kind === "top_up") {
    const body = JSON.stringify([storeInteger(entry.amount.tokens), storeInteger(entry.amount.requests)]);
    return { call, amount: columnAmount(entry.amount.usd), body };
  }
  if (entry.kind === "release") return { call, attributionId, routeId, body: JSON.stringify([entry.reason]) };
  if (entry.kind === "expire") return { call, attributionId, routeId };
  const served = names.route(on.route, entry.model);
  const amount = columnAmount(entry.cost.usd);
  return { call, attributionId, routeId: served, amount, body: encodeOutcome(entry, names), raw: entry.rawUsage };
}

function holdBody({ amount, counters, expiresAt, fingerprint }: HoldEntry, names: NameWriter): string {
  const tokens = storeInteger(amount.tokens);
  const requests = storeInteger(amount.requests);
  const ids = counters.map((key) => names.counter(key));
  const stored: StoredHold =
    expiresAt === null && fingerprint === null ? [tokens, requests, ids] : [tokens, requests, ids, expiresAt, fingerprint];
  return JSON.stringify(stored);
}

function storeThreshold(entry: Extract<Entry, { kind: "threshold" }>, names: NameWriter): StoredThreshold {
  return [names.counter(entry.counter), entry.partsPerMillion, storeInteger(entry.spent), storeInteger(entry.limit)];
}

function storeBudget(budget: Budget): Record<string, unknown> {
  const { unpriced } = budget;
  const fallback = unpriced.policy === "allow" && unpriced.fallback;
  return {
    ...budget,
    amount: `${budget.amount}`,
    unpriced: fallback ? { policy: "allow", fallback: { input: `${fallback.input}`, output: `${fallback.output}` } } : unpriced,
  };
}

/** One call's money stands in a 64-bit column. */
function columnAmount(usd: bigint): string {
  assert(usd >= 0n, "a call holds and costs no less than nothing");
  if (usd >= 1n << 63n) {
    throw new PurserError("invalid_request", "amount: one call holds and costs less than 9,223,372 USD", {
      field: "amount",
      remedy: "Split it, or check its unit: amounts are in USD.",
    });
  }
  return usd.toString();
}
