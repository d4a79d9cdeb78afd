/**
 * Conformance tests: whatever happened to calls and charges, and however they are grouped, divided
 * by time and filtered, sums are those of a naive model, and any partition adds up to the total.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Ledger } from "../../app/port/ledger.ts";
import type { CallFilter, LedgerReader } from "../../app/port/reader.ts";
import type { Attribution } from "../../domain/attribution/attribution.ts";
import { windowAt } from "../../domain/budget/window.ts";
import { latencyBucket } from "../../domain/latency/latency-bucket.ts";
import { pico, type PicoUsd } from "../../domain/money/money.ts";
import { chargeEndpoint } from "../../domain/price/text/item.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import { sumUsage, type Usage } from "../../domain/usage/usage.ts";
import { hold, outcome, putBudget, route, settle } from "./fixture.ts";
import { using, type OpenStore } from "./store-under-test.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** The clocks of Berlin go forward on 2026-03-29 at 01:00 UTC. */
const first = Date.UTC(2026, 2, 26, 20);
const last = Date.UTC(2026, 2, 31, 7);

const [rows, hours] = [openMeter("tool:rows"), openMeter("gpu_hours")];

/** One call, charge or refusal, as the reader must count it. */
interface Counted {
  readonly at: number;
  /** By the names that calls can be grouped by; an absent one is `unattributed`. */
  readonly names: Readonly<Record<string, string>>;
  readonly status: string;
  readonly cost: PicoUsd;
  readonly usage: Usage;
  readonly latencyMs: number;
}

const amounts = fc.bigInt({ min: 0n, max: 10n ** 15n }).map(pico);
const times = fc.integer({ min: first, max: last });

const attributions: fc.Arbitrary<Attribution> = fc.record(
  {
    team: fc.constantFrom("t1", "t2"),
    project: fc.constantFrom("p1", "p2", "p3"),
    user: fc.constantFrom("u1", "u2"),
    task: fc.constantFrom("k1", "k2", "k3"),
    tags: fc.record({ customer: fc.constantFrom("c1", "c2") }),
  },
  { requiredKeys: [] },
);

/** Model calls, tools, infrastructure. */
const usages: fc.Arbitrary<Usage> = fc.oneof(
  fc.record({ input: fc.nat(9000), output: fc.nat(900), cache_read: fc.nat(500) }),
  fc.record({ input: fc.nat(9000), web_search: fc.nat(3), [rows]: fc.nat(7) }),
  fc.record({ [hours]: fc.integer({ min: 1, max: 5 }) }),
);

const events = fc.record({
  kind: fc.constantFrom(
    "settled",
    "settled",
    "estimated",
    "released",
    "late",
    "corrected",
    "record",
    "corrected record",
    "refused",
  ),
  at: times,
  lengthMs: fc.nat(3 * hourMs),
  attribution: attributions,
  provider: fc.constantFrom("openai", "anthropic", "tools", "infrastructure"),
  keyId: fc.constantFrom("key_1", null),
  cost: amounts,
  later: amounts,
  usage: usages,
  // Unknown for half of them.
  latencyMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100_000 })),
});

type Event = (typeof events extends fc.Arbitrary<infer Value> ? Value : never) & {
  readonly id: string;
};

async function happen(ledger: Ledger, event: Event): Promise<Counted> {
  const { kind, at, id, attribution, provider, keyId, cost, usage, latencyMs } = event;
  const isCharge = provider === "tools" || provider === "infrastructure";
  const endpoint = isCharge ? chargeEndpoint : "chat";
  const asked = { ...route, provider, endpoint, keyId };
  const end = at + event.lengthMs;
  const named = { ...namesOf(attribution), provider, endpoint, key: keyId };
  const names = withoutNull({ ...named, model: "gpt-5-2025-08-07" });
  const charged = { at: end, names, status: "settled", cost, usage, latencyMs };
  const one = outcome(cost, { usage, latencyMs });
  if (kind.endsWith("record")) {
    const times = { at: last, startedAt: at };
    const spent = { operationId: id, attribution, route: asked, budgets: [], outcome: one };
    await ledger.commit({ kind: "record", ...times, ...spent, fingerprint: id });
    const counted = { ...charged, at };
    return kind === "record" ? counted : await correct(ledger, event, counted);
  }
  const isRefused = kind === "refused";
  // An empty budget pays for a call that costs nothing.
  const needed = isRefused ? pico(cost + 1n) : cost;
  const refusing = isRefused ? { budgets: ["empty"] } : {};
  await ledger.commit(hold(id, needed, { at, attribution, route: asked, ...refusing }));
  const none = { cost: pico(0n), usage: {}, latencyMs: 0 };
  const unserved = withoutNull({ ...named, model: route.model });
  if (isRefused) return { ...none, at, names: unserved, status: "refused" };
  if (kind === "released") {
    const reason = "upstream failed";
    await ledger.commit({ kind: "release", at: end, operationId: id, attempt: 1, reason });
    return { ...none, at: end, names: unserved, status: "released" };
  }
  const status = kind === "estimated" ? kind : kind === "late" ? "unresolved" : "settled";
  await ledger.commit(settle(id, cost, { at: end, outcome: { ...one, status } }));
  if (kind === "late") return await billLate(ledger, event, charged);
  const counted = { ...charged, status };
  return kind === "corrected" ? await correct(ledger, event, counted) : counted;
}

/** The bill of a call that was charged for what was held counts when the call ended. */
async function billLate(ledger: Ledger, event: Event, before: Counted): Promise<Counted> {
  const { id, later, latencyMs } = event;
  const at = before.at + dayMs;
  const bill = outcome(later, { usage: { input: 5 }, latencyMs: latencyMs + 1 });
  await ledger.commit(settle(id, later, { at, outcome: bill, fingerprint: "bill" }));
  return { ...before, cost: later, usage: { input: 5 }, latencyMs: latencyMs + 1 };
}

/** A correction counts when the call ended. */
async function correct(ledger: Ledger, event: Event, before: Counted): Promise<Counted> {
  const { id, later: amount, latencyMs } = event;
  const usage = { output: 3 };
  const { cost: _, ...corrected } = outcome(amount, { usage, latencyMs });
  await ledger.commit({
    kind: "correct",
    at: last + dayMs,
    operationId: id,
    attempt: 1,
    amount,
    outcome: corrected,
    reason: "the bill",
    fingerprint: "bill",
  });
  return { ...before, cost: amount, usage };
}

function namesOf({ tags, ...dimensions }: Attribution): Readonly<Record<string, string>> {
  const tagged = Object.entries(tags ?? {}).map(([name, value]) => [`tag:${name}`, value]);
  return { ...dimensions, ...(Object.fromEntries(tagged) as Record<string, string>) };
}

function withoutNull(
  names: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> {
  const known = Object.entries(names).filter(([, value]) => value !== null);
  return Object.fromEntries(known) as Record<string, string>;
}

const keys = ["provider", "model", "endpoint", "key", "status", "team", "project", "user", "task"];

const questions = fc.record({
  by: fc.subarray([...keys, "org", "tag:customer"], { maxLength: 3 }),
  bucket: fc.constantFrom("none", "hour", "day", "week", "aligned hours", "aligned days"),
  zone: fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Apia"),
  from: times,
  // Of minutes, or of days.
  lengthMs: fc.oneof(
    fc.integer({ min: 1, max: 2 * hourMs }),
    fc.integer({ min: 1, max: 5 * dayMs }),
  ),
  filter: fc.record(
    {
      team: fc.constantFrom("t1", "unattributed"),
      provider: fc.constantFrom("openai", "tools"),
      status: fc.constantFrom("settled" as const, "released" as const, "refused" as const),
      key: fc.constantFrom("key_1", "unattributed"),
    },
    { requiredKeys: [] },
  ),
});

type Question = typeof questions extends fc.Arbitrary<infer Value> ? Value : never;

function bucketsOf({ bucket, zone, from, lengthMs }: Question): number | null | readonly number[] {
  if (bucket === "none") return null;
  if (bucket === "aligned hours") return hourMs;
  if (bucket === "aligned days") return dayMs;
  const recurrence = { period: bucket, timeZone: zone, anchor: 0, start: null, end: null };
  const edges: number[] = [];
  for (let at = from; at < from + lengthMs;) {
    const window = windowAt(recurrence, at);
    assert(typeof window !== "string" && window.end !== null, "a bucket recurs without end");
    edges.push(window.start);
    at = window.end;
    if (at >= from + lengthMs) edges.push(at);
  }
  return edges;
}

function filterOf({ filter, from, lengthMs }: Question): CallFilter {
  const { team, provider, status, key } = filter;
  return {
    from,
    to: from + lengthMs,
    ...(team !== undefined && { attribution: { team } }),
    ...(provider !== undefined && { provider }),
    ...(status !== undefined && { status }),
    ...(key !== undefined && { keyId: key }),
  };
}

function isSelected({ filter, from, lengthMs }: Question, one: Counted): boolean {
  if (one.at < from || one.at >= from + lengthMs) return false;
  return Object.entries(filter).every(([name, wanted]) => valueOf(one, name) === wanted);
}

function valueOf({ names, status }: Counted, name: string): string {
  return name === "status" ? status : (names[name] ?? "unattributed");
}

type Sums = Readonly<Record<string, unknown>>;

function sumsOf(counted: readonly Counted[]): Sums {
  const charged = counted.filter(({ status }) => status !== "released" && status !== "refused");
  const charges = charged.filter(({ names }) => names["endpoint"] === chargeEndpoint);
  const timed = charged.filter(({ latencyMs }) => latencyMs > 0);
  return {
    calls: charged.length - charges.length,
    charges: charges.length,
    released: counted.filter(({ status }) => status === "released").length,
    refusals: counted.filter(({ status }) => status === "refused").length,
    cost: charged.reduce((sum, { cost }) => sum + cost, 0n),
    chargeCost: charges.reduce((sum, { cost }) => sum + cost, 0n),
    usage: used(charged.map(({ usage }) => usage)),
    latencyMs: charged.reduce((sum, { latencyMs }) => sum + latencyMs, 0),
    timed: timed.length,
    latencies: Object.fromEntries(
      [...Map.groupBy(timed, ({ latencyMs }) => latencyBucket(latencyMs))].map(([bucket, same]) => [
        bucket,
        same.length,
      ]),
    ),
  };
}

/** The meters with a count, in order. */
function used(usages: readonly Usage[]): object {
  const all = Object.entries(sumUsage(usages)).filter(([, count]) => count !== 0);
  return Object.fromEntries(all.sort(([left], [right]) => (left < right ? -1 : 1)));
}

async function check(
  reader: LedgerReader,
  question: Question,
  all: readonly Counted[],
): Promise<void> {
  const { by } = question;
  const [filter, buckets] = [filterOf(question), bucketsOf(question)];
  const selected = all.filter((one) => isSelected(question, one));
  const bucketOf = (at: number): number | null => {
    if (buckets === null) return null;
    if (typeof buckets === "number") return Math.floor(at / buckets) * buckets;
    return buckets.findLast((start) => start <= at) ?? null;
  };
  const placeOf = (bucket: number | null, values: readonly string[]): string =>
    JSON.stringify([bucket, ...values]);
  const expected = Map.groupBy(selected, (one) =>
    placeOf(
      bucketOf(one.at),
      by.map((name) => valueOf(one, name)),
    ),
  );
  const latencies = new Map(
    (await reader.latencies(filter, by, buckets)).map(({ group, bucket, counts }) => [
      placeOf(
        bucket,
        by.map((name) => group[name] ?? ""),
      ),
      Object.fromEntries(counts),
    ]),
  );
  const totals = await reader.totals(filter, by, buckets);
  const found = totals.map(({ group, bucket, usage, ...sums }): readonly [string, Sums] => {
    const place = placeOf(
      bucket,
      by.map((name) => group[name] ?? ""),
    );
    return [place, { ...sums, usage: used([usage]), latencies: latencies.get(place) ?? {} }];
  });
  assert.deepEqual(
    new Map(found),
    new Map([...expected].map(([place, same]) => [place, sumsOf(same)])),
  );
  const [total] = await reader.totals(filter, [], null);
  const whole = totals.reduce((sum, { cost }) => sum + cost, 0n);
  assert.equal(whole, total?.cost ?? 0n, "a partition adds up to the total");
}

export function testPartitions(open: OpenStore): void {
  test("any partition by groups and time adds up to the total, to the pico-dollar, and to a naive model", async () => {
    // A history takes seconds, so it is not made smaller when it fails.
    const histories = fc.tuple(
      fc.array(events, { minLength: 25, maxLength: 40 }),
      fc.array(questions, { minLength: 25, maxLength: 25 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.noShrink(histories), async ([history, asked]) => {
        await using(open, async (store) => {
          // For the calls that name it only.
          const unused = { budgetType: "agent", resourceId: "nobody" } as const;
          await store.ledger.commit(putBudget("empty", pico(0n), unused));
          const all: Counted[] = [];
          for (const [n, event] of history.entries())
            all.push(await happen(store.ledger, { ...event, id: `op${n}` }));
          for (const question of asked) await check(store.reader, question, all);
          assert.equal((await store.reader.verify()).ok, true);
        });
      }),
      { numRuns: 6 },
    );
  });
}
