/** Encodes entries as journal rows. */

import { assert } from "../../domain/assert.ts";
import { PurserError } from "../../domain/error.ts";
import type { Budget } from "../../domain/budget/budget.ts";
import type { CallId, CallRoute, Entry, HoldEntry } from "../../domain/ledger/entry.ts";
import { mostPerCall } from "../../domain/money/money.ts";
import type { JournalRow } from "./chain.ts";
import { encodeControl } from "./control-codec.ts";
import { storeInteger, type StoredInteger } from "./integer.ts";
import { kindOf } from "./kind.ts";
import type { NameIds } from "./name.ts";
import { encodeOutcome } from "./outcome-codec.ts";
import { ruleBody } from "./rule-codec.ts";

/** What the rows about a call take from its hold. */
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

/**
 * Tokens, requests, counter ids; then the expiry and the request fingerprint, if any; then the time
 * of a record; then the run of a closing call, and the budgets whose reserve it uses.
 */
export type StoredHold = readonly [
  StoredInteger,
  StoredInteger,
  readonly number[],
  (number | null)?,
  (string | null)?,
  (number | null)?,
  (readonly [run: string, ...budgetIds: string[]])?,
];
/** Tokens, requests; then the budgets whose reserve a closing call uses from now on. */
export type StoredTopUp = readonly [StoredInteger, StoredInteger, (readonly string[])?];
export type StoredThreshold = readonly [
  counterId: number,
  partsPerMillion: number,
  spent: StoredInteger,
  limit: StoredInteger,
];
export type StoredRefusal = readonly [
  reason: string,
  budgetId: string | null,
  needed: StoredInteger,
];
export type StoredRecount = readonly [
  budgetId: string,
  from: number,
  counters: readonly (number | StoredInteger)[],
];
/** Of a recount: counter ids alternating with the amount each has spent. */
export type StoredBudget = readonly [
  budget: Record<string, unknown>,
  deleted: 0 | 1,
  recounts?: readonly StoredRecount[],
];

interface EncodeContext {
  readonly names: NameIds;
  /** Finds the hold that an entry is about. */
  readonly callOf: (id: CallId) => CallOnFile;
}

/** @param seq The number of the entry. */
export function encodeEntry(
  entry: Entry,
  seq: number,
  { names, callOf }: EncodeContext,
): EncodedEntry {
  names.beginEntry(seq);
  switch (entry.kind) {
    case "hold":
      return requestRow(entry, seq, {
        names,
        attempt: entry.attempt,
        amount: columnAmount(entry.amount.usd),
        body: holdBody(entry, names),
      });
    case "refusal": {
      const body: StoredRefusal = [entry.reason, entry.budgetId, storeInteger(entry.needed)];
      return requestRow(entry, seq, {
        names,
        attempt: null,
        amount: "0",
        body: JSON.stringify(body),
      });
    }
    case "threshold":
      return otherRow(entry, seq, JSON.stringify(storeThreshold(entry, names)));
    case "budget":
      return otherRow(entry, seq, JSON.stringify(storeDefinition(entry, names)));
    case "budget_pause":
    case "budget_resume":
    case "budget_extension":
    case "budget_ask":
    case "budget_decline":
      return otherRow(entry, seq, encodeControl(entry, names));
    case "key":
      return otherRow(entry, seq, JSON.stringify(entry.key));
    case "price":
      return otherRow(entry, seq, JSON.stringify(entry.price));
    case "price_removal":
      return otherRow(entry, seq, JSON.stringify([entry.priceId]));
    case "price_update":
      return otherRow(entry, seq, JSON.stringify(entry.update));
    case "price_revert":
      return otherRow(entry, seq, JSON.stringify([entry.updateId]));
    case "rule":
    case "rule_fired":
    case "rule_acknowledged":
    case "rule_escalated":
      return otherRow(entry, seq, ruleBody(entry));
    case "epoch":
      return otherRow(entry, seq, JSON.stringify(entry.epoch));
    case "export_done":
    case "export_failed":
      return otherRow(entry, seq, JSON.stringify(entry.run));
    default:
      return callRow(entry, seq, { names, on: callOf(entry) });
  }
}

type Request = Extract<Entry, { kind: "hold" | "refusal" }>;
type Requested = Pick<EncodedEntry, "attempt" | "amount" | "body"> & { readonly names: NameIds };

function requestRow(
  entry: Request,
  seq: number,
  { names, attempt, amount, body }: Requested,
): EncodedEntry {
  const { at, operationId, attribution, route } = entry;
  const attributionId = names.attribution(attribution);
  const routeId = names.route(route, null);
  return {
    seq,
    at,
    kind: kindOf(entry),
    call: null,
    operationId,
    attempt,
    attributionId,
    routeId,
    amount,
    body,
    raw: null,
  };
}

function otherRow(entry: Entry, seq: number, body: string): EncodedEntry {
  const { at } = entry;
  const about = {
    call: null,
    operationId: null,
    attempt: null,
    attributionId: null,
    routeId: null,
  };
  return { seq, at, kind: kindOf(entry), ...about, amount: "0", body, raw: null };
}

type AboutCall = Extract<
  Entry,
  { kind: "top_up" | "move" | "settle" | "release" | "expire" | "correction" }
>;

function callRow(
  entry: AboutCall,
  seq: number,
  { names, on }: { readonly names: NameIds; readonly on: CallOnFile },
): EncodedEntry {
  const { at } = entry;
  const about = {
    seq,
    at,
    kind: kindOf(entry),
    call: on.call,
    operationId: null,
    attempt: null,
  } as const;
  switch (entry.kind) {
    case "top_up": {
      const tokens = storeInteger(entry.amount.tokens);
      const requests = storeInteger(entry.amount.requests);
      const stored: StoredTopUp = entry.closing
        ? [tokens, requests, entry.closing]
        : [tokens, requests];
      const body = JSON.stringify(stored);
      return {
        ...about,
        attributionId: null,
        routeId: null,
        amount: columnChange(entry.amount.usd),
        body,
        raw: null,
      };
    }
    case "move": {
      const body = JSON.stringify(entry.counters.map((key) => names.counter(key)));
      return { ...about, attributionId: null, routeId: null, amount: "0", body, raw: null };
    }
    case "release":
    case "expire": {
      const body = entry.kind === "release" ? JSON.stringify([entry.reason]) : "[]";
      return {
        ...about,
        attributionId: on.attributionId,
        routeId: on.routeId,
        amount: "0",
        body,
        raw: null,
      };
    }
    default: {
      const routeId = names.route(on.route, entry.model);
      const body = encodeOutcome(entry, names);
      return {
        ...about,
        attributionId: on.attributionId,
        routeId,
        amount: columnAmount(entry.cost.usd),
        body,
        raw: entry.rawUsage,
      };
    }
  }
}

function holdBody(entry: HoldEntry, names: NameIds): string {
  const { amount, counters, expiresAt, fingerprint, recordedAt, closing } = entry;
  const tokens = storeInteger(amount.tokens);
  const requests = storeInteger(amount.requests);
  const ids = counters.map((key) => names.counter(key));
  const stored: StoredHold =
    expiresAt === null && fingerprint === null
      ? [tokens, requests, ids]
      : [tokens, requests, ids, expiresAt, fingerprint];
  if (closing) {
    const use = [closing.run, ...closing.budgets] as const;
    const all: StoredHold = [tokens, requests, ids, expiresAt, fingerprint, null, use];
    return JSON.stringify(all);
  }
  if (recordedAt !== undefined)
    return JSON.stringify([tokens, requests, ids, expiresAt, fingerprint, recordedAt]);
  return JSON.stringify(stored);
}

function storeThreshold(
  entry: Extract<Entry, { kind: "threshold" }>,
  names: NameIds,
): StoredThreshold {
  return [
    names.counter(entry.counter),
    entry.partsPerMillion,
    storeInteger(entry.spent),
    storeInteger(entry.limit),
  ];
}

function storeDefinition(
  { budget, deleted, recounts }: Extract<Entry, { kind: "budget" }>,
  names: NameIds,
): StoredBudget {
  const stored = [storeBudget(budget), deleted ? 1 : 0] as const;
  if (recounts.length === 0) return stored;
  return [
    ...stored,
    recounts.map(({ budgetId, from, counters }): StoredRecount => [
      budgetId,
      from,
      counters.flatMap(({ key, spent }) => [names.counter(key), storeInteger(spent)]),
    ]),
  ];
}

function storeBudget(budget: Budget): Record<string, unknown> {
  const { unpriced } = budget;
  const fallback = unpriced.policy === "allow" && unpriced.fallback;
  return {
    ...budget,
    amount: `${budget.amount}`,
    ...(budget.reserveForClosing !== undefined && {
      reserveForClosing: `${budget.reserveForClosing}`,
    }),
    unpriced: fallback
      ? { policy: "allow", fallback: { input: `${fallback.input}`, output: `${fallback.output}` } }
      : unpriced,
  };
}

/** The money of one call is stored in a 64-bit column. */
function columnAmount(usd: bigint): string {
  assert(usd >= 0n, "a call's amount is never negative");
  return columnChange(usd);
}

/** What is added to a hold, or taken from it. */
function columnChange(usd: bigint): string {
  if (usd > mostPerCall) {
    throw new PurserError(
      "invalid_request",
      "amount: a single call must hold and cost less than 9,223,372 USD",
      {
        field: "amount",
        remedy: "Split it, or check its unit: amounts are in USD.",
      },
    );
  }
  return usd.toString();
}
