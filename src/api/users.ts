/** Serves `/api/v1/users`: what each user cost, and which cost the most. */

import type { Principal } from "../app/caller/principal.ts";
import { readingIn } from "../app/report/exchange-reader.ts";
import { rangeOf } from "../app/report/range.ts";
import { ratio } from "../app/report/metric.ts";
import {
  costPerRequest,
  lastCalls,
  userCosts,
  userOrders,
  type UserCosts,
  type UserQuery,
  type UserSums,
} from "../app/report/users.ts";
import type { z } from "zod";
import { userPageSchema, userQuery, type UserPageJson } from "../contract/user.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import type { Exchange } from "../domain/money/exchange.ts";
import { formatUsd, zero } from "../domain/money/money.ts";
import { mapInTurns } from "../domain/turns.ts";
import { readUsd } from "./amount.ts";
import { displayOf, exchangeFor } from "./currency.ts";
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
      const page = readRankedCursor(query.cursor, { list: "users", ...query });
      const asked = readQuery(query, { caller, context, page });
      const { total, users } = await userCosts(context.reader, asked);
      const exchange = exchangeFor(context, query.currency, asked);
      // The threshold is in USD, so it chooses among the rows above.
      const all = { ...asked, threshold: zero };
      const display = exchange && (await userCosts(readingIn(exchange, context.reader), all));
      const print = new SumsPrinter(asked, exchange, display);
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
        ...displayOf(exchange),
        threshold_usd: query.threshold === undefined ? null : formatUsd(asked.threshold),
        total: { users: total.users, ...print.sums(total, null) },
        data: await mapInTurns(shown, ({ user, ...sums }) => ({
          user,
          ...print.sums(sums, user),
          share: ratio(Number(sums.cost), Number(total.cost)),
          last_call_at: formatInstant(last.get(user) ?? from),
        })),
        next_cursor:
          end < users.length
            ? writeRankedCursor({ from, to, skip: end }, { list: "users", ...query })
            : null,
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

type SumsJson = Omit<UserPageJson["total"], "users">;

class SumsPrinter {
  readonly #query: UserQuery;
  readonly #exchange: Exchange | undefined;
  readonly #displayed: ReadonlyMap<string | null, UserSums>;

  /** @param costs The same users, whose amounts are those of the exchange, if there is one. */
  constructor(query: UserQuery, exchange: Exchange | undefined, costs: UserCosts | undefined) {
    this.#query = query;
    this.#exchange = exchange;
    const users = costs?.users.map((one) => [one.user, one] as const) ?? [];
    this.#displayed = new Map<string | null, UserSums>([
      ...users,
      ...(costs ? [[null, costs.total] as const] : []),
    ]);
  }

  /** @param user Null for all users. */
  sums(sums: UserSums, user: string | null): SumsJson {
    const { filter, from, to } = this.#query;
    const average = costPerRequest(sums);
    return {
      cost_usd: formatUsd(sums.cost),
      calls: sums.calls,
      charges: sums.charges,
      requests: sums.calls,
      cost_per_request_usd: average === null ? null : formatUsd(average),
      ...this.#display(user),
      drill: drillQuery({ ...filter, from, to }, user === null ? {} : { user }),
    };
  }

  #display(user: string | null): Pick<SumsJson, "cost" | "cost_per_request"> {
    const exchange = this.#exchange;
    if (!exchange) return {};
    const { cost, calls } = this.#displayed.get(user) ?? { cost: zero, calls: 0 };
    return {
      cost: exchange.print(cost),
      ...(calls > 0 && { cost_per_request: exchange.printShare(cost, calls) }),
    };
  }
}
