/** What requests cost: their model calls, tools, infrastructure and other charges together. */

import { isCharge, namedRequest, requestOf } from "../../domain/ledger/request.ts";
import { add, subtract, zero, type PicoUsd } from "../../domain/money/money.ts";
import { itemKinds, itemProviders, type ItemKind } from "../../domain/price/text/item.ts";
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
export interface RequestFilter {
  readonly scope: CallFilter;
  readonly wanted: CallFilter;
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
 */
export async function listRequests(
  reader: Reader,
  filter: RequestFilter,
  { limit, before }: { readonly limit: number; readonly before: number | null },
): Promise<RequestPage> {
  const found: Request[] = [];
  let last = before;
  for (let read = 0; read < mostRows; read += rowsAtOnce) {
    const rows = await reader.calls(filter.wanted, { limit: rowsAtOnce, before: last });
    const firsts = await requestsByFirst(reader, filter, rows);
    for (const { seq } of rows) {
      const request = firsts.get(seq);
      if (request && found.length === limit) return { requests: found, before: last };
      if (request) found.push(request);
      last = seq;
    }
    if (rows.length < rowsAtOnce) return { requests: found, before: null };
  }
  return { requests: found, before: last };
}

/** The requests of these rows, by the `seq` of the first row that is wanted. */
async function requestsByFirst(
  reader: Reader,
  { scope, wanted }: RequestFilter,
  rows: readonly CallRow[],
): Promise<ReadonlyMap<number, Request>> {
  const ids = [...new Set(rows.map(requestOf))];
  const all = await reader.requestLines(scope, ids);
  const isWanted = new Set((await reader.requestLines(wanted, ids)).map(({ seq }) => seq));
  return new Map(
    requestsIn(all).flatMap((request): readonly (readonly [number, Request])[] => {
      const first = request.rows.find(({ seq }) => isWanted.has(seq));
      return first ? [[first.seq, request]] : [];
    }),
  );
}

/** All requests with an id: several if several keys used it. */
export async function findRequests(
  reader: Pick<LedgerReader, "requestLines">,
  scope: CallFilter,
  requestId: string,
): Promise<readonly Request[]> {
  return requestsIn(await reader.requestLines(scope, [requestId]));
}

/** @param rows With all rows of their requests, oldest first. */
function requestsIn(rows: readonly CallRow[]): readonly Request[] {
  const byId = Map.groupBy(rows, requestOf);
  return [...byId].flatMap(([requestId, same]) => {
    const operations = Map.groupBy(same, (row) => operationFor(row, same));
    return [...operations.values()].map((own): Request => {
      const keyId = (own.find((row) => namedRequest(row) === null) ?? own[0])?.route.keyId ?? null;
      return { requestId, keyId, rows: own };
    });
  });
}

/**
 * The operation that a row belongs to. A charge may name an id that several keys used: it belongs
 * to that of its own key, or else to the first.
 */
function operationFor(row: CallRow, same: readonly CallRow[]): string {
  if (namedRequest(row) === null) return row.operationId;
  const operations = same.filter((other) => namedRequest(other) === null);
  const own = operations.find(({ route }) => route.keyId === row.route.keyId) ?? operations[0];
  return own?.operationId ?? "";
}

/** Their costs add up to that of the request. */
export function linesOf({ rows }: Request): readonly RequestLine[] {
  return rows.flatMap((row) => (isCharge(row) ? [chargeLine(row)] : callLines(row)));
}

function chargeLine(row: CallRow): RequestLine {
  const kind = itemKinds.find((one) => itemProviders[one] === row.route.provider) ?? "other";
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
