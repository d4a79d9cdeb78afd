/** What users cost: each with its calls, its requests and the average cost of one. */

import { add, zero, type PicoUsd } from "../../domain/money/money.ts";
import { mapInTurns, sortInTurns, turns } from "../../domain/turns.ts";
import { chargeEndpoint } from "../../domain/price/text/item.ts";
import type { CallFilter, LedgerReader, Totals } from "../port/reader.ts";
import type { Range } from "./range.ts";
import { share } from "./summary.ts";

export interface UserSums {
  readonly cost: PicoUsd;
  /** Charged calls, and charges other than model calls. */
  readonly calls: number;
  /** Charged calls of models. */
  readonly requests: number;
}

/** `unattributed` has the calls without a user. */
export interface UserCost extends UserSums {
  readonly user: string;
}

export const userOrders = ["cost", "calls", "requests", "cost_per_request", "user"] as const;

export interface UserOrder {
  readonly by: (typeof userOrders)[number];
  readonly isAscending: boolean;
}

export interface UserQuery extends Range {
  readonly filter: CallFilter;
  /** Leaves out users that cost less. */
  readonly threshold: PicoUsd;
  readonly order: UserOrder;
}

export interface UserCosts {
  /** Of all users, those below the threshold included. */
  readonly total: UserSums & { readonly users: number };
  readonly users: readonly UserCost[];
}

export async function userCosts(
  reader: Pick<LedgerReader, "totals">,
  { filter, from, to, threshold, order }: UserQuery,
): Promise<UserCosts> {
  const totals = await reader.totals({ ...filter, from, to }, ["user", "endpoint"], null);
  const total = new AddingUser();
  const users = new Map<string, AddingUser>();
  for (const row of totals) {
    if (turns.isOver) await turns.next();
    if (row.calls === 0 && row.cost === zero) continue;
    const user = row.group["user"] ?? "";
    const own = users.get(user) ?? new AddingUser();
    users.set(user, own);
    for (const sum of [own, total]) sum.add(row);
  }
  const all = await mapInTurns([...users], ([user, sum]): UserCost => ({ user, ...sum.sums() }));
  return {
    total: { ...total.sums(), users: all.length },
    users: await sortInTurns(
      all.filter(({ cost }) => cost >= threshold),
      comparing(order),
    ),
  };
}

class AddingUser {
  #cost = zero;
  #calls = 0;
  #requests = 0;

  add({ group, calls, cost }: Totals): void {
    this.#cost = add(this.#cost, cost);
    this.#calls += calls;
    if (group["endpoint"] !== chargeEndpoint) this.#requests += calls;
  }

  sums(): UserSums {
    return { cost: this.#cost, calls: this.#calls, requests: this.#requests };
  }
}

/** To the nearest pico-USD; null without requests. */
export function costPerRequest({ cost, requests }: UserSums): PicoUsd | null {
  return requests === 0 ? null : share(cost, requests);
}

type Compare = (left: UserCost, right: UserCost) => number;

/** A user without requests comes last by their cost, in either order. */
function comparing({ by, isAscending }: UserOrder): Compare {
  const sign = isAscending ? 1 : -1;
  return (left, right) => {
    const [one, other] = [figureOf(by, left), figureOf(by, right)];
    if (one === other) return left.user < right.user ? -1 : 1;
    if (one === null || other === null) return one === null ? 1 : -1;
    return one < other ? -sign : sign;
  };
}

function figureOf(by: UserOrder["by"], user: UserCost): PicoUsd | number | string | null {
  return by === "cost_per_request" ? costPerRequest(user) : user[by];
}

/** When the call or charge of each user that was recorded last ended, in milliseconds. */
export async function lastCalls(
  reader: Pick<LedgerReader, "calls">,
  { filter, from, to }: Pick<UserQuery, "filter" | "from" | "to">,
  users: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const range = { ...filter, from, to, charged: true } as const;
  const found = await Promise.all(
    users.map((user) =>
      reader.calls(
        { ...range, attribution: { ...filter.attribution, user } },
        { limit: 1, before: null },
      ),
    ),
  );
  return new Map(found.flatMap(([call], at) => (call ? [[users[at] ?? "", call.endedAt]] : [])));
}
