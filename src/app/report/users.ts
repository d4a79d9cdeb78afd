/** What users cost: each with its calls, its requests and the average cost of one. */

import { unattributed } from "../../domain/attribution/attribution.ts";
import { add, zero, type PicoUsd } from "../../domain/money/money.ts";
import { mapInTurns, sortInTurns, turns } from "../../domain/turns.ts";
import type { CallFilter, CallRow, LedgerReader, Totals } from "../port/reader.ts";
import type { Range } from "./range.ts";
import { share } from "./summary.ts";

export interface UserSums {
  /** Of calls and charges. */
  readonly cost: PicoUsd;
  /** Charged calls of models: each is a request. */
  readonly calls: number;
  /** Charges other than model calls. */
  readonly charges: number;
}

/** `unattributed` has the calls without a user. */
export interface UserCost extends UserSums {
  readonly user: string;
}

export const userOrders = [
  "cost",
  "calls",
  "charges",
  "requests",
  "cost_per_request",
  "user",
] as const;

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
  /** Of all users, those below the threshold included; calls without a user are those of none. */
  readonly total: UserSums & { readonly users: number };
  readonly users: readonly UserCost[];
}

export async function userCosts(
  reader: Pick<LedgerReader, "totals">,
  { filter, from, to, threshold, order }: UserQuery,
): Promise<UserCosts> {
  const totals = await reader.totals({ ...filter, from, to }, ["user"], null);
  const total = new AddingUser();
  const users = new Map<string, AddingUser>();
  for (const row of totals) {
    if (turns.isOver) await turns.next();
    if (row.calls + row.charges === 0 && row.cost === zero) continue;
    const user = row.group["user"] ?? "";
    const own = users.get(user) ?? new AddingUser();
    users.set(user, own);
    for (const sum of [own, total]) sum.add(row);
  }
  const all = await mapInTurns([...users], ([user, sum]): UserCost => ({ user, ...sum.sums() }));
  return {
    total: { ...total.sums(), users: users.size - (users.has(unattributed) ? 1 : 0) },
    users: await sortInTurns(
      all.filter(({ cost }) => cost >= threshold),
      comparing(order),
    ),
  };
}

class AddingUser {
  #cost = zero;
  #calls = 0;
  #charges = 0;

  add({ calls, charges, cost }: Totals): void {
    this.#cost = add(this.#cost, cost);
    this.#calls += calls;
    this.#charges += charges;
  }

  sums(): UserSums {
    return { cost: this.#cost, calls: this.#calls, charges: this.#charges };
  }
}

/** To the nearest pico-USD; null without requests. */
export function costPerRequest({ cost, calls }: UserSums): PicoUsd | null {
  return calls === 0 ? null : share(cost, calls);
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
  if (by === "cost_per_request") return costPerRequest(user);
  return by === "requests" ? user.calls : user[by];
}

type LastCallsReader = Pick<LedgerReader, "calls" | "totals">;
type Selected = Pick<UserQuery, "filter" | "from" | "to">;

/** When the last call or charge of each user ended, in milliseconds. */
export async function lastCalls(
  reader: LastCallsReader,
  selected: Selected,
  users: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = await Promise.all(
    users.map(async (user) => [user, await lastCallOf(reader, selected, user)] as const),
  );
  return new Map(found.flatMap(([user, at]) => (at === null ? [] : [[user, at] as const])));
}

/** The newest entry, unless it is of an older call: then the last hour with any is looked through. */
async function lastCallOf(
  reader: LastCallsReader,
  { filter, from, to }: Selected,
  user: string,
): Promise<number | null> {
  const attribution = { ...filter.attribution, user };
  const own = { ...filter, from, to, attribution, charged: true } as const;
  const [newest] = await reader.calls(own, { limit: 1, before: null });
  if (!newest) return null;
  if (newest.endedAt >= bookedAt(newest)) return newest.endedAt;
  const day = await lastBucket(reader, own, dayMs);
  const hour = await lastBucket(reader, { ...own, ...clipped(own, day, dayMs) }, hourMs);
  return await lastEnd(reader, { ...own, ...clipped(own, hour, hourMs) });
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Entries before it are of calls that ended by then. */
function bookedAt({ endedAt, recordedAt = endedAt, correction }: CallRow): number {
  return correction?.at ?? recordedAt;
}

async function lastBucket(
  reader: LastCallsReader,
  filter: CallFilter,
  lengthMs: number,
): Promise<number> {
  const totals = await reader.totals(filter, [], lengthMs);
  const used = totals.filter(({ calls, charges }) => calls + charges > 0);
  return used.reduce((last, { bucket }) => Math.max(last, bucket ?? 0), Number.NEGATIVE_INFINITY);
}

function clipped({ from, to }: Range, start: number, lengthMs: number): Range {
  return { from: Math.max(from, start), to: Math.min(to, start + lengthMs) };
}

async function lastEnd(reader: LastCallsReader, filter: CallFilter): Promise<number | null> {
  let last: number | null = null;
  for (let before: number | null = null; ;) {
    const rows: readonly CallRow[] = await reader.calls(filter, { limit: rowsAtOnce, before });
    for (const row of rows) {
      last = Math.max(last ?? row.endedAt, row.endedAt);
      if (last >= bookedAt(row)) return last;
    }
    if (rows.length < rowsAtOnce) return last;
    before = rows.at(-1)?.seq ?? null;
  }
}

const rowsAtOnce = 250;
