/** Serves `/api/v1/users`: what each user cost, and which cost the most. */

import type { Principal } from "../app/caller/principal.ts";
import { rangeOf } from "../app/report/range.ts";
import { ratio } from "../app/report/metric.ts";
import {
  costPerRequest,
  lastCalls,
  userCosts,
  userOrders,
  type UserQuery,
  type UserSums,
} from "../app/report/users.ts";
import type { z } from "zod";
import { userPageSchema, userQuery, type UserPageJson } from "../contract/user.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { formatUsd, zero } from "../domain/money/money.ts";
import { readUsd } from "./amount.ts";
import type { ApiContext } from "./context.ts";
import { drillQuery } from "./drill.ts";
import { figuresFilter } from "./filter.ts";
import { readRankedCursor, writeRankedCursor } from "./page.ts";
import { answer, ok, problem, readers, route, type Route } from "./route.ts";
import { orderText, readOrder } from "./sort.ts";

export const userRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/users",
    access: readers,
    tag: "figures",
    summary: "List users with what they cost, the most expensive first",
    description:
      "Give the range as for `report`. `threshold` finds the users that cost at least that much. All pages are of the range of the first.",
    query: userQuery,
    responses: {
      200: answer("A page of users.", userPageSchema),
      400: problem("A field is invalid."),
      403: problem("The key may not read these figures."),
    },
    async handler({ query, caller, context }) {
      const page = readRankedCursor(query.cursor, query);
      const asked = readQuery(query, { caller, context, page });
      const { total, users } = await userCosts(context.reader, asked);
      const skip = page?.skip ?? 0;
      const shown = users.slice(skip, skip + query.limit);
      const last = await lastCalls(
        context.reader,
        asked,
        shown.map(({ user }) => user),
      );
      const { from, to, order } = asked;
      const end = skip + shown.length;
      return ok({
        from: formatInstant(from),
        to: formatInstant(to),
        time_zone: query.time_zone,
        sort: orderText(order),
        threshold_usd: query.threshold === undefined ? null : formatUsd(asked.threshold),
        total: { users: total.users, ...sumsJson(total, asked, {}) },
        data: shown.map(({ user, ...sums }) => ({
          user,
          ...sumsJson(sums, asked, { user }),
          share: ratio(Number(sums.cost), Number(total.cost)),
          last_call_at: formatInstant(last.get(user) ?? from),
        })),
        next_cursor: end < users.length ? writeRankedCursor({ from, to, skip: end }, query) : null,
      });
    },
  }),
];

function readQuery(
  query: z.output<typeof userQuery>,
  {
    caller,
    context,
    page,
  }: {
    readonly caller: Principal;
    readonly context: ApiContext;
    readonly page: { readonly from: number; readonly to: number } | null;
  },
): UserQuery {
  const filter = figuresFilter(caller, query, context);
  const { last, window, time_zone: timeZone, threshold } = query;
  const range = rangeOf(
    { from: filter.from, to: filter.to, last, window },
    { now: context.clock.now(), bucket: "none", timeZone },
  );
  const { from, to } = page ?? range;
  return {
    filter,
    from,
    to,
    threshold: threshold === undefined ? zero : readUsd(threshold, "threshold"),
    order: readOrder(query.sort, userOrders, "cost"),
  };
}

function sumsJson(
  sums: UserSums,
  { filter, from, to }: UserQuery,
  group: Readonly<Record<string, string>>,
): Omit<UserPageJson["total"], "users"> {
  const average = costPerRequest(sums);
  return {
    cost_usd: formatUsd(sums.cost),
    calls: sums.calls,
    requests: sums.requests,
    cost_per_request_usd: average === null ? null : formatUsd(average),
    drill: drillQuery({ ...filter, from, to }, group),
  };
}
