/** Serves `/api/v1/requests`: what each request cost with everything that was used for it. */

import { costAt } from "../app/report/exchange-reader.ts";
import {
  attributionOf,
  components,
  costByName,
  costOf,
  findRequests,
  linesOf,
  listRequests,
  statusOf,
  type Component,
  type Request,
  type RequestLine,
} from "../app/report/requests.ts";
import {
  requestDetailSchema,
  requestListQuery,
  requestPageSchema,
  requestParams,
  requestQuery,
  type RequestJson,
  type RequestLineJson,
} from "../contract/request.ts";
import { PurserError } from "../domain/error.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { shorten } from "../domain/input/shorten.ts";
import { idOfOperation } from "../domain/ledger/operation.ts";
import { isCharge } from "../domain/ledger/request.ts";
import type { Exchange } from "../domain/money/exchange.ts";
import { formatUsd, type PicoUsd } from "../domain/money/money.ts";
import { detailsOfCharge } from "../domain/price/text/item.ts";
import type { ApiContext } from "./context.ts";
import { mapInTurns } from "../domain/turns.ts";
import { displayOf, exchangeFor } from "./currency.ts";
import { adminKeys, figuresFilter } from "./filter.ts";
import { readCursor, writeCursor } from "./page.ts";
import { answer, ok, problem, readers, route, type Route } from "./route.ts";

export const requestRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/requests",
    access: readers,
    tag: "figures",
    summary: "List requests, newest first, with what everything used for them cost",
    description:
      "A request is an operation with all its attempts, and the charges that name it as their `request_id`. It is listed if one of them matches the filters, and costs what all of them do. A page may be short, or empty, before the last.",
    query: requestListQuery,
    responses: {
      200: answer("A page of requests.", requestPageSchema),
      400: problem("A filter is invalid."),
      403: problem("The key may not read these figures."),
    },
    async handler({ query, caller, context }) {
      const { include } = query;
      if (query.status === "refused") throw notRequests();
      const filter = {
        adminKeys: adminKeys(context),
        scope: figuresFilter(caller, { include }, context),
        wanted: figuresFilter(caller, query, context),
      };
      const paged = { list: "requests", ...query };
      const page = { limit: query.limit, before: readCursor(query.cursor, paged) };
      const { requests, before } = await listRequests(context.reader, filter, page);
      const exchange = exchangeOf(context, query.currency, requests);
      return ok({
        data: await mapInTurns(requests, (request) => requestJson(request, exchange)),
        ...displayOf(exchange),
        next_cursor: before === null ? null : writeCursor(before, paged),
      });
    },
  }),
  route({
    method: "get",
    path: "/api/v1/requests/{request_id}",
    access: readers,
    tag: "figures",
    summary: "Get what a request cost, line by line",
    params: requestParams,
    query: requestQuery,
    responses: {
      200: answer("The request.", requestDetailSchema),
      403: problem("The key may not read these figures."),
      404: problem("No such request."),
      409: problem("The id names several requests."),
    },
    async handler({ params: { request_id: id }, query, caller, context }) {
      const scope = figuresFilter(caller, { include: query.include }, context);
      const all = await findRequests(context.reader, { scope, adminKeys: adminKeys(context) }, id);
      const request = onlyOne(id, all, query.key_id);
      const lines = linesOf(request);
      const exchange = exchangeOf(context, query.currency, [request]);
      return ok({
        ...requestJson(request, exchange),
        ...displayOf(exchange),
        lines: await mapInTurns(lines.slice(0, mostLines), (line) => lineJson(line, exchange)),
        lines_left_out: Math.max(0, lines.length - mostLines),
      });
    },
  }),
];

/** Callers choose how many charges name a request. */
const mostLines = 1000;

function notRequests(): PurserError {
  return new PurserError("invalid_request", "status: refused calls are not requests", {
    field: "status",
    remedy: "List them with /api/v1/entries?status=refused, or choose another status.",
  });
}

function onlyOne(id: string, all: readonly Request[], keyId: string | undefined): Request {
  const [request, other] = all.filter((one) => keyId === undefined || one.keyId === keyId);
  if (request && !other) return request;
  if (!request)
    throw new PurserError("not_found", `no request "${shorten(id, 100)}"`, {
      field: "request_id",
      remedy:
        "Check the id: the answer to the call has it in x-purser-operation-id, and GET /api/v1/requests lists it. Simulated calls need include=simulator.",
    });
  throw new PurserError("conflict", `"${shorten(id, 100)}" names ${all.length} requests`, {
    field: "key_id",
    remedy: "Give key_id as well: GET /api/v1/requests lists it.",
  });
}

/** Has the rates of all their days. */
function exchangeOf(
  context: ApiContext,
  currency: string | undefined,
  requests: readonly Request[],
): Exchange | undefined {
  const ends = requests.flatMap(({ rows }) => rows.map(({ endedAt }) => endedAt));
  const range = { from: first(ends), to: last(ends) + 1 };
  return exchangeFor(context, currency, ends.length === 0 ? {} : range);
}

function requestJson(request: Request, exchange: Exchange | undefined): RequestJson {
  const { requestId, keyId, rows } = request;
  const lines = linesOf(request);
  const calls = rows.reduce((sum, row) => (isCharge(row) ? sum : sum + 1), 0);
  const of = (wanted: Component): readonly RequestLine[] =>
    lines.filter(({ component }) => component === wanted);
  const costs = Object.fromEntries(
    components.map((component) => [`${component}_cost_usd`, formatUsd(costOf(of(component)))]),
  ) as Record<`${Component}_cost_usd`, string>;
  return {
    request_id: requestId,
    key_id: keyId,
    started_at: formatInstant(first(rows.map(({ startedAt }) => startedAt))),
    ended_at: formatInstant(last(rows.map(({ endedAt }) => endedAt))),
    attribution: attributionOf(request),
    status: statusOf(request),
    calls,
    charges: rows.length - calls,
    cost_usd: formatUsd(costOf(lines)),
    ...costs,
    ...(exchange && displayedCosts(lines, exchange)),
    tool_costs: amountsJson(costByName(of("tool"))),
  };
}

/** A request may have more rows than a function takes arguments. */
function first(times: readonly number[]): number {
  return times.reduce((least, time) => Math.min(least, time), Infinity);
}

function last(times: readonly number[]): number {
  return times.reduce((most, time) => Math.max(most, time), -Infinity);
}

function amountsJson(amounts: Readonly<Record<string, PicoUsd>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => [name, formatUsd(amount)]),
  );
}

type Displayed = Pick<RequestJson, "cost" | `${Component}_cost`>;

/** Each line at the rate of the day on which its call or charge ended. */
function displayedCosts(lines: readonly RequestLine[], exchange: Exchange): Displayed {
  const sum = (wanted: readonly RequestLine[]): string =>
    exchange.print(wanted.reduce((total, line) => total + displayedCost(line, exchange), 0n));
  const each = components.map((component) => [
    `${component}_cost`,
    sum(lines.filter((line) => line.component === component)),
  ]);
  return { cost: sum(lines), ...(Object.fromEntries(each) as Omit<Displayed, "cost">) };
}

function displayedCost({ cost, row }: RequestLine, exchange: Exchange): bigint {
  return costAt(exchange, cost, { rate: exchange.rateAt(row.endedAt) });
}

function lineJson(line: RequestLine, exchange: Exchange | undefined): RequestLineJson {
  const { component, name, meter, cost, row } = line;
  return {
    component,
    name,
    meter,
    ...quantityJson(line),
    cost_usd: formatUsd(cost),
    ...(exchange && { cost: exchange.print(displayedCost(line, exchange)) }),
    operation_id: idOfOperation(row.operationId),
    attempt: row.attempt,
    provider: row.route.provider,
    status: row.status,
    ended_at: formatInstant(row.endedAt),
  };
}

function quantityJson({ quantity, row }: RequestLine): Pick<RequestLineJson, "quantity" | "unit"> {
  if (isCharge(row)) return detailsOfCharge(row.rawUsage);
  return { quantity: quantity === null ? null : String(quantity), unit: null };
}
