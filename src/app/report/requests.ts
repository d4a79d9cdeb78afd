/** What requests cost: their model calls, tools, infrastructure and other charges together. */

import { isCharge, namedRequest, requestOf } from "../../domain/ledger/request.ts";
import { add, subtract, zero, type PicoUsd } from "../../domain/money/money.ts";
import { itemKinds, kindOfCharge, type ItemKind } from "../../domain/price/text/item.ts";
import { turns } from "../../domain/turns.ts";
import { feeMeters } from "../../domain/usage/usage.ts";
import type { CallFilter, CallRow, LedgerReader } from "../port/reader.ts";

export type Component = "model" | ItemKind;

export const components: readonly Component[] = ["model", ...itemKinds];

/** A part of what a request cost. */
export interface RequestLine {
  readonly component: Component;
  /** The model, the item, or the meter of a tool that the provider ran. */
  readonly name: string;
  readonly cost: PicoUsd;
  /** The charge line of a call; null for a charge of an item, and for a call without a charge. */
  readonly meter: string | null;
  readonly quantity: number | null;
  readonly row: CallRow;
}

export interface Request {
  readonly requestId: string;
  /** The key of its operation; null without one. */
  readonly keyId: string | null;
  /** Its calls and charges, oldest first. */
  readonly rows: readonly CallRow[];
}

/** The rows that a caller may see, and those of them that were asked for. */
export interface RequestFilter extends RequestScope {
  readonly wanted: CallFilter;
}

export interface RequestScope {
  readonly scope: CallFilter;
  /** Keys whose charges may belong to the request of another key: those of administrators. */
  readonly adminKeys: ReadonlySet<string>;
}

type Reader = Pick<LedgerReader, "calls" | "requestLines">;

export interface RequestPage {
  readonly requests: readonly Request[];
  /** Where the next page continues; null on the last page. */
  readonly before: number | null;
}

const rowsAtOnce = 250;
/** Of charges and attempts, which are read and not listed again. A page may then be short. */
const mostRows = 5000;

/**
 * The requests of which a row is wanted, with all their rows, by the first wanted one: the newest
 * first. That row never changes when a request gets further rows, so no page repeats a request.
 *
 * @param open Requests read for earlier pages of the same list, to go on with.
 */
export async function listRequests(
  reader: Reader,
  filter: RequestFilter,
  { limit, before, open = new OpenRequests() }: PageToList,
): Promise<RequestPage> {
  const found: Request[] = [];
  let last = before;
  for (let read = 0; read < mostRows; read += rowsAtOnce) {
    const rows = await reader.calls(filter.wanted, { limit: rowsAtOnce, before: last });
    await open.read(reader, filter, rows);
    for (const { seq } of rows) {
      if (open.has(seq) && found.length === limit) return { requests: found, before: last };
      const request = open.take(seq);
      if (request) found.push(request);
      last = seq;
    }
    if (rows.length < rowsAtOnce) return { requests: found, before: null };
    if (found.length === limit) break;
  }
  return { requests: found, before: last };
}

interface PageToList {
  readonly limit: number;
  readonly before: number | null;
  readonly open?: OpenRequests;
}

/** Requests that were read and are not listed yet, since their first wanted row is older. */
export class OpenRequests {
  readonly #byFirst = new Map<number, Request>();
  /** How many requests with an id are open. */
  readonly #ids = new Map<string, number>();
  #rows = 0;

  /** Reads the requests of these rows, unless they were read before. */
  async read(reader: Reader, filter: RequestFilter, rows: readonly CallRow[]): Promise<void> {
    if (this.#rows > mostOpenRows && this.#byFirst.size > 1) this.#forget();
    const ids = [...new Set(rows.map(requestOf))].filter((id) => !this.#ids.has(id));
    if (ids.length === 0) return;
    const all = await reader.requestLines(filter.scope, ids);
    const isWanted = await wantedIn(reader, filter, { rows, ids, all });
    for (const request of await requestsIn(all, filter.adminKeys)) {
      const first = request.rows.find(({ seq }) => isWanted.has(seq));
      if (!first) continue;
      this.#byFirst.set(first.seq, request);
      this.#ids.set(request.requestId, (this.#ids.get(request.requestId) ?? 0) + 1);
      this.#rows += request.rows.length;
    }
  }

  has(seq: number): boolean {
    return this.#byFirst.has(seq);
  }

  take(seq: number): Request | undefined {
    const request = this.#byFirst.get(seq);
    if (!request) return undefined;
    const others = (this.#ids.get(request.requestId) ?? 1) - 1;
    if (others === 0) this.#ids.delete(request.requestId);
    else this.#ids.set(request.requestId, others);
    this.#byFirst.delete(seq);
    this.#rows -= request.rows.length;
    return request;
  }

  #forget(): void {
    this.#byFirst.clear();
    this.#ids.clear();
    this.#rows = 0;
  }
}

/** Several requests with more rows together are read again. */
const mostOpenRows = 50_000;

interface RowsRead {
  /** A page of the wanted rows, newest first. */
  readonly rows: readonly CallRow[];
  /** The requests of some of them, with all their rows. */
  readonly ids: readonly string[];
  readonly all: readonly CallRow[];
}

/** The wanted rows of these requests: only those with rows before the page are asked for. */
async function wantedIn(
  reader: Reader,
  { wanted }: RequestFilter,
  { rows, ids, all }: RowsRead,
): Promise<ReadonlySet<number>> {
  const oldest = rows.at(-1)?.seq ?? 0;
  const inPage = new Set(ids);
  const older = new Set(all.filter(({ seq }) => seq < oldest).map(requestOf));
  const asked = older.size === 0 ? [] : await reader.requestLines(wanted, [...older]);
  const here = rows.filter((row) => inPage.has(requestOf(row)));
  return new Set([...here, ...asked].map(({ seq }) => seq));
}

/** All requests with an id: several if several keys used it. */
export async function findRequests(
  reader: Pick<LedgerReader, "requestLines">,
  { scope, adminKeys }: RequestScope,
  requestId: string,
): Promise<readonly Request[]> {
  return requestsIn(await reader.requestLines(scope, [requestId]), adminKeys);
}

/** @param rows With all rows of their requests, oldest first. */
async function requestsIn(
  rows: readonly CallRow[],
  adminKeys: ReadonlySet<string>,
): Promise<readonly Request[]> {
  const byId = new Map<string, Parts>();
  for (const row of rows) {
    const id = requestOf(row);
    const parts = byId.get(id) ?? { operations: new Map(), charges: new Map(), shared: [] };
    byId.set(id, parts);
    place(row, parts, adminKeys);
    if (turns.isOver) await turns.next();
  }
  return [...byId].flatMap(([requestId, parts]) => requestsOf(requestId, parts));
}

/** The rows with one request id. */
interface Parts {
  /** Calls, and charges that name no request, by operation. */
  readonly operations: Map<string, CallRow[]>;
  /** Charges that name the request, by their keys. */
  readonly charges: Map<string, CallRow[]>;
  /** Charges of administrators that name it. */
  readonly shared: CallRow[];
}

function place(row: CallRow, { operations, charges, shared }: Parts, admins: ReadonlySet<string>) {
  const { keyId } = row.route;
  if (namedRequest(row) === null) listAt(operations, row.operationId).push(row);
  else if (keyId === null || admins.has(keyId)) shared.push(row);
  else listAt(charges, keyId).push(row);
}

/** A new list if there is none yet. */
function listAt(lists: Map<string, CallRow[]>, key: string): CallRow[] {
  const known = lists.get(key);
  if (known) return known;
  const list: CallRow[] = [];
  lists.set(key, list);
  return list;
}

/**
 * A charge of a caller's key belongs to the request of the same key, or else is a request of its
 * own: no key adds to the costs of another. One of an administrator belongs to the request of its
 * own key, or else to the first.
 */
function requestsOf(requestId: string, { operations, charges, shared }: Parts): readonly Request[] {
  const byKey = new Map<string | null, CallRow[]>();
  const requests: { readonly keyId: string | null; rows: CallRow[] }[] = [];
  const begin = (keyId: string | null, rows: CallRow[]): void => {
    if (!byKey.has(keyId)) byKey.set(keyId, rows);
    requests.push({ keyId, rows });
  };
  for (const rows of operations.values()) begin(rows[0]?.route.keyId ?? null, rows);
  for (const [keyId, rows] of charges) {
    const own = byKey.get(keyId);
    if (own) for (const row of rows) own.push(row);
    else begin(keyId, rows);
  }
  for (const row of shared) {
    const { keyId } = row.route;
    const own = byKey.get(keyId) ?? requests[0]?.rows;
    if (own) own.push(row);
    else begin(keyId, [row]);
  }
  return requests.map(({ keyId, rows }) => ({
    requestId,
    keyId,
    rows: rows.sort((left, right) => left.seq - right.seq),
  }));
}

const statuses = ["settled", "estimated", "unresolved", "released"] as const;

/** That of its best attempt: a request that was served is settled, whatever failed before or after. */
export function statusOf({ rows }: Request): CallRow["status"] | null {
  const own = new Set(rows.filter((row) => !isCharge(row)).map(({ status }) => status));
  return statuses.find((status) => own.has(status)) ?? null;
}

/** Their costs add up to that of the request. */
export function linesOf({ rows }: Request): readonly RequestLine[] {
  return rows.flatMap((row) => (isCharge(row) ? [chargeLine(row)] : callLines(row)));
}

function chargeLine(row: CallRow): RequestLine {
  const kind = kindOfCharge(row.route.provider, row.rawUsage);
  const { model, cost } = row;
  return { component: kind, name: model, cost, meter: null, quantity: null, row };
}

const fees: ReadonlySet<string> = new Set(feeMeters);

/** A call without charge lines has a line with its cost. */
function callLines(row: CallRow): readonly RequestLine[] {
  const lines = row.charges.map(({ model, meter, quantity, cost }): RequestLine => {
    const isTool = fees.has(meter) || meter.startsWith("tool:");
    const component = isTool ? "tool" : "model";
    return { component, name: isTool ? meter : model, cost, meter, quantity, row };
  });
  const rest = subtract(row.cost, costOf(lines));
  if (lines.length > 0 && rest === 0n) return lines;
  const { model: name } = row;
  return [...lines, { component: "model", name, cost: rest, meter: null, quantity: null, row }];
}

export function costOf(lines: readonly Pick<RequestLine, "cost">[]): PicoUsd {
  return lines.reduce((sum, { cost }) => add(sum, cost), zero);
}

/** Costs by name, such as those of each tool. */
export function costByName(lines: readonly RequestLine[]): Readonly<Record<string, PicoUsd>> {
  return Object.fromEntries(
    [...Map.groupBy(lines, ({ name }) => name)].map(([name, same]) => [name, costOf(same)]),
  );
}

/** Who a request was for: as its first call says, or else its first charge. */
export function attributionOf({ rows }: Request): CallRow["attribution"] {
  return (rows.find((row) => !isCharge(row)) ?? rows[0])?.attribution ?? {};
}
