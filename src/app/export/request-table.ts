/** Requests in the shape of other cost trackers, each with its tools and infrastructure. */

import { toNumber, type PicoUsd } from "../../domain/money/money.ts";
import { tableOf, type ColumnOf, type Table } from "../../domain/table/table.ts";
import type { LedgerReader } from "../port/reader.ts";
import {
  attributionOf,
  costByName,
  costOf,
  linesOf,
  listRequests,
  OpenRequests,
  type Component,
  type Request,
  type RequestFilter,
  type RequestLine,
} from "../report/requests.ts";

/** A row each request, newest first. Costs are JSON numbers; `rows=calls` has exact amounts. */
export function requestTable(
  reader: Pick<LedgerReader, "calls" | "requestLines">,
  filter: RequestFilter,
): Table {
  return tableOf("requests", columns, pages(reader, filter));
}

const requestsPerPage = 250;

/** A request, with its lines made once for all columns. */
interface LinedRequest extends Request {
  readonly lines: readonly RequestLine[];
}

async function* pages(
  reader: Pick<LedgerReader, "calls" | "requestLines">,
  filter: RequestFilter,
): AsyncGenerator<readonly LinedRequest[]> {
  const open = new OpenRequests();
  let before: number | null = null;
  do {
    const page = await listRequests(reader, filter, { limit: requestsPerPage, before, open });
    yield page.requests.map((request) => ({ ...request, lines: linesOf(request) }));
    ({ before } = page);
  } while (before !== null);
}

const columns: readonly ColumnOf<LinedRequest>[] = [
  { name: "request_id", kind: "text", of: ({ requestId }) => requestId },
  {
    name: "timestamp",
    kind: "instant",
    of: ({ rows }) => rows.reduce((last, { endedAt }) => Math.max(last, endedAt), 0),
  },
  { name: "llm_cost", kind: "number", of: (request) => toNumber(costOf(linesIn(request, llm))) },
  { name: "tool_costs", kind: "text", of: (request) => JSON.stringify(toolCosts(request)) },
  {
    name: "infrastructure_cost",
    kind: "number",
    of: (request) => toNumber(costOf(linesIn(request, infrastructure))),
  },
  { name: "user_id", kind: "text", of: (request) => attributionOf(request).user ?? null },
  { name: "total_cost", kind: "number", of: (request) => toNumber(costOf(request.lines)) },
];

const llm: readonly Component[] = ["model"];
const infrastructure: readonly Component[] = ["infrastructure"];
/** The shape has no field for labor and other charges: they are with the tools, by item. */
const rest: readonly Component[] = ["tool", "labor", "other"];

function linesIn({ lines }: LinedRequest, wanted: readonly Component[]): readonly RequestLine[] {
  return lines.filter(({ component }) => wanted.includes(component));
}

function toolCosts(request: LinedRequest): Readonly<Record<string, number>> {
  const costs: readonly (readonly [string, PicoUsd])[] = Object.entries(
    costByName(linesIn(request, rest)),
  );
  return Object.fromEntries(costs.map(([name, cost]) => [name, toNumber(cost)]));
}
