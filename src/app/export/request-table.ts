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
  type Component,
  type Request,
  type RequestFilter,
} from "../report/requests.ts";

/** A row each request, newest first. Costs are JSON numbers; `rows=calls` has exact amounts. */
export function requestTable(
  reader: Pick<LedgerReader, "calls" | "requestLines">,
  filter: RequestFilter,
): Table {
  return tableOf("requests", columns, pages(reader, filter));
}

const requestsPerPage = 250;

async function* pages(
  reader: Pick<LedgerReader, "calls" | "requestLines">,
  filter: RequestFilter,
): AsyncGenerator<readonly Request[]> {
  let before: number | null = null;
  do {
    const page = await listRequests(reader, filter, { limit: requestsPerPage, before });
    yield page.requests;
    ({ before } = page);
  } while (before !== null);
}

const columns: readonly ColumnOf<Request>[] = [
  { name: "request_id", kind: "text", of: ({ requestId }) => requestId },
  {
    name: "timestamp",
    kind: "instant",
    of: ({ rows }) => Math.max(...rows.map(({ endedAt }) => endedAt)),
  },
  { name: "llm_cost", kind: "number", of: (request) => toNumber(costOf(linesIn(request, llm))) },
  { name: "tool_costs", kind: "text", of: (request) => JSON.stringify(toolCosts(request)) },
  {
    name: "infrastructure_cost",
    kind: "number",
    of: (request) => toNumber(costOf(linesIn(request, infrastructure))),
  },
  { name: "user_id", kind: "text", of: (request) => attributionOf(request).user ?? null },
  { name: "total_cost", kind: "number", of: (request) => toNumber(costOf(linesOf(request))) },
];

const llm: readonly Component[] = ["model"];
const infrastructure: readonly Component[] = ["infrastructure"];
/** The shape has no field for labor and other charges: they are with the tools, by item. */
const rest: readonly Component[] = ["tool", "labor", "other"];

function linesIn(request: Request, wanted: readonly Component[]): ReturnType<typeof linesOf> {
  return linesOf(request).filter(({ component }) => wanted.includes(component));
}

function toolCosts(request: Request): Readonly<Record<string, number>> {
  const costs: readonly (readonly [string, PicoUsd])[] = Object.entries(
    costByName(linesIn(request, rest)),
  );
  return Object.fromEntries(costs.map(([name, cost]) => [name, toNumber(cost)]));
}
