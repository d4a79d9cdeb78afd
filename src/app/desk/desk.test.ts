/** Calls that their callers meter: what each holds, grows by and is charged in every unit, and who may end which. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import { defineKey } from "../../domain/key/define.ts";
import type { Key } from "../../domain/key/key.ts";
import { aHold, Desk } from "../../domain/ledger/desk.test-kit.ts";
import { pico } from "../../domain/money/money.ts";
import { makePriceBook } from "../../domain/price/book.ts";
import { definePrice } from "../../domain/price/override.ts";
import { Waiting } from "../hold/waiting.ts";
import { silentObserver } from "../port/parts.test-kit.ts";
import { findAnyHold, findHold } from "./find-hold.ts";
import { demandFor, holdByApi } from "./hold.ts";
import { settleByApi } from "./settle.ts";
import { releaseByApi, topUpByApi } from "./top-up.ts";
import type { HoldDesk } from "./desk.ts";
import type { FoundHold } from "./find-hold.ts";
import type { ApiHold } from "./hold.ts";
import type { Bill } from "./settle.ts";

const start = Date.UTC(2026, 0, 5);
/** USD per million tokens, so that a token is a million pico-dollars times the rate; and per search. */
const rates = { input: "1", output: "10", web_search: "0.01", valid_from: "2020-01-01" };

function keyOf(keyId: string, role: Key["role"] = "caller"): Key {
  return {
    ...defineKey({ name: keyId, role }),
    keyId,
    hash: "",
    hint: "",
    createdAt: 0,
    revokedAt: null,
  };
}
const caller = keyOf("k1");
const admin = keyOf("k9", "admin");

class Bench {
  readonly books = new Desk();
  readonly at = { now: start };
  readonly desk: HoldDesk;

  constructor() {
    const price = definePrice(
      { provider: "p", model: "m", ...rates },
      { field: "prices[0]", source: "configuration" },
    );
    const prices = makePriceBook({ sources: [], overrides: [price], version: "v7" });
    for (const [budgetId, currency, amount] of [
      ["usd", "USD", 10n ** 15n],
      ["tokens", "tokens", 10_000n],
      ["requests", "requests", 10n],
    ] as const)
      this.books.budget({ budgetId, currency, amount });
    const { books } = this.books;
    this.desk = {
      ledger: {
        commit: async (command: Parameters<Desk["run"]>[0]) => this.books.run(command),
        holdOf: async (operationId: string) => books.holds.get(operationId),
        openHolds: async () => [...books.holds.values()],
        keys: () => [],
        budgets: () => [],
      },
      reader: { calls: async () => [] },
      clock: { now: () => this.at.now, monotonic: () => 0 },
      holdLimits: { holdSeconds: 600, holdSharePercent: 50, openHoldsPerKey: 1000 },
      waiting: new Waiting(),
      observer: silentObserver,
      prices: () => prices,
      reportsBilledCost: () => false,
    } as unknown as HoldDesk;
  }

  /** Spent and held of each budget. */
  get units(): Readonly<Record<string, readonly [spent: bigint, held: bigint]>> {
    const entries = ["usd", "tokens", "requests"].map((id) => {
      const { spent, held } = this.books.counter(id);
      return [id, [spent, held]] as const;
    });
    return Object.fromEntries(entries);
  }

  async hold(sizing: ApiHold["sizing"], change: Partial<ApiHold> = {}): Promise<FoundHold> {
    const request = {
      operationId: "a",
      key: caller,
      attribution: {},
      provider: "p",
      model: "m",
      sizing,
      ttlSeconds: 60,
      ...change,
    };
    const answer = await holdByApi(this.desk, request);
    assert.ok(answer.admitted);
    return this.open(answer.call.operationId);
  }

  open(operation: string): FoundHold {
    const hold = this.books.books.holds.get(operation);
    assert.ok(hold);
    return { ...hold, status: null };
  }

  settle(
    hold: FoundHold,
    bill: Bill,
    change: { readonly byAdministrator?: boolean; readonly latencyMs?: number } = {},
  ) {
    return settleByApi(this.desk, {
      hold,
      bill,
      byAdministrator: false,
      latencyMs: null,
      ...change,
    });
  }
}

const amount = (usd: bigint) => ({ kind: "amount", amount: pico(usd) }) as const;
const counted = {
  kind: "estimate",
  inputTokens: 100,
  maxOutputTokens: 20,
  cacheWrite: "none",
  serviceTier: "standard",
  webSearches: 0,
} as const;
const usage = {
  kind: "usage",
  usage: { input: 90, output: 10 },
  serviceTier: "standard",
  model: null,
  reportedCost: null,
} as const;

function refusedAs(code: string, field: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof PurserError, String(error));
    assert.deepEqual([error.code, error.detail.field], [code, field]);
    return true;
  };
}

test("an amount holds and charges that much, no tokens and one request", async () => {
  const bench = new Bench();
  const hold = await bench.hold(amount(500n));
  assert.deepEqual(bench.units, { usd: [0n, 500n], tokens: [0n, 0n], requests: [0n, 1n] });
  await topUpByApi(bench.desk, hold, amount(70n), caller);
  assert.deepEqual(bench.units, { usd: [0n, 570n], tokens: [0n, 0n], requests: [0n, 1n] });
  await bench.settle(hold, amount(300n));
  assert.deepEqual(bench.units, { usd: [300n, 0n], tokens: [0n, 0n], requests: [1n, 0n] });
  const settled = bench.books.journal.at(-1);
  assert.ok(settled?.kind === "settle");
  assert.deepEqual(settled.charges, [
    { model: "m", meter: "reported_cost", quantity: 1, cost: 300n },
  ]);
  assert.deepEqual(
    [settled.usage, settled.reportedCost, settled.status, settled.flags],
    [{}, 300n, "settled", []],
  );
});

test("an estimate holds its whole output, grows by output at its rate, and is charged by its counts", async () => {
  const bench = new Bench();
  const hold = await bench.hold(counted);
  assert.deepEqual(bench.units, {
    usd: [0n, 300_000_000n],
    tokens: [0n, 120n],
    requests: [0n, 1n],
  });
  await topUpByApi(bench.desk, hold, { kind: "output", tokens: 5 }, caller);
  assert.deepEqual(bench.units, {
    usd: [0n, 350_000_000n],
    tokens: [0n, 125n],
    requests: [0n, 1n],
  });
  await bench.settle(hold, usage);
  assert.deepEqual(bench.units, {
    usd: [190_000_000n, 0n],
    tokens: [100n, 0n],
    requests: [1n, 0n],
  });
});

test("searches that are asked for are held at their fee", () => {
  const { desk } = new Bench();
  const demand = demandFor(
    desk,
    { provider: "p", model: "m", sizing: { ...counted, webSearches: 2 } },
    start,
  );
  assert.equal(demand.fixed.usd, 100_000_000n + 2n * 10_000_000_000n);
  const unpriced = demandFor(
    desk,
    { provider: "p", model: "other", sizing: { ...counted, webSearches: 2 } },
    start,
  );
  assert.deepEqual([unpriced.fixed.usd, unpriced.perOutputToken], [0n, null]);
});

test("the time of a call is what its caller measured, or else that since its hold", async () => {
  for (const [measured, expected] of [
    [12, 12],
    [null, 3000],
  ] as const) {
    const bench = new Bench();
    const hold = await bench.hold(counted);
    bench.at.now += 3000;
    await bench.settle(hold, usage, measured === null ? {} : { latencyMs: measured });
    const settled = bench.books.journal.at(-1);
    assert.equal(settled?.kind === "settle" && settled.latencyMs, expected);
  }
});

test("a hold lapses when its time is over, and that may be no longer than its key may hold, but for an administrator", async () => {
  const bench = new Bench();
  const { operationId } = await bench.hold(counted, { ttlSeconds: 600 });
  assert.equal(bench.books.books.holds.get(operationId)?.expiresAt, start + 600_000);
  await assert.rejects(
    bench.hold(counted, { operationId: "b", ttlSeconds: 601 }),
    refusedAs("invalid_request", "ttl_seconds"),
  );
  for (const key of [admin, null])
    await bench.hold(counted, { operationId: "c", key, ttlSeconds: 601 });
});

test("one key holds no more than its share, by a hold or a top-up, and an administrator as much as there is", async () => {
  const bench = new Bench();
  const hold = await bench.hold({ ...counted, inputTokens: 4000, maxOutputTokens: 900 });
  await assert.rejects(
    topUpByApi(bench.desk, hold, { kind: "output", tokens: 101 }, caller),
    refusedAs("forbidden", "amount"),
  );
  assert.ok((await topUpByApi(bench.desk, hold, { kind: "output", tokens: 100 }, caller)).admitted);
  await assert.rejects(bench.hold(counted, { operationId: "b" }), refusedAs("forbidden", "amount"));
  assert.ok((await topUpByApi(bench.desk, hold, { kind: "output", tokens: 1000 }, admin)).admitted);
  await bench.hold(counted, { operationId: "c", key: admin });
});

test("a caller settles within what it held and what is left, an administrator at any cost", async () => {
  const bench = new Bench();
  const hold = await bench.hold(amount(500n));
  const dear = amount(10n ** 15n + 1n);
  await assert.rejects(bench.settle(hold, dear), refusedAs("forbidden", "amount"));
  await bench.settle(hold, dear, { byAdministrator: true });
  assert.equal(bench.units["usd"]?.[0], 10n ** 15n + 1n);
});

test("a call under way at the gateway is ended there alone, and one that it metered is corrected by administrators alone", async () => {
  const bench = new Bench();
  bench.books.run(aHold("g", 40n));
  const underWay = bench.open("g");
  for (const act of [
    () => bench.settle(underWay, usage, { byAdministrator: true }),
    () => topUpByApi(bench.desk, underWay, amount(1n), admin),
    () => releaseByApi(bench.desk, underWay, "r"),
  ])
    await assert.rejects(act(), refusedAs("conflict", "operation_id"));
  await assert.rejects(
    bench.settle({ ...underWay, status: "estimated" }, usage),
    refusedAs("forbidden", "operation_id"),
  );
  assert.equal(bench.units["usd"]?.[1], 40n);
});

test("a hold that its caller gives back holds and charges nothing", async () => {
  const bench = new Bench();
  await releaseByApi(bench.desk, await bench.hold(counted), "not needed");
  assert.deepEqual(bench.units, { usd: [0n, 0n], tokens: [0n, 0n], requests: [0n, 0n] });
});

test("a hold of a model without a price is grown by an amount only", async () => {
  const bench = new Bench();
  const hold = await bench.hold(amount(10n), { model: "other" });
  await assert.rejects(
    topUpByApi(bench.desk, hold, { kind: "output", tokens: 1 }, caller),
    refusedAs("unpriced", "output_tokens"),
  );
  assert.ok((await topUpByApi(bench.desk, hold, amount(1n), caller)).admitted);
});

test("a key finds its own holds alone, and an administrator the only one that has the id", async () => {
  const bench = new Bench();
  const own = await bench.hold(counted);
  assert.equal((await findHold(bench.desk, "a", "k1")).operationId, own.operationId);
  await assert.rejects(findHold(bench.desk, "a", "k2"), refusedAs("not_found", "operation_id"));
  assert.equal((await findAnyHold(bench.desk, "a", admin)).operationId, own.operationId);
  await assert.rejects(findAnyHold(bench.desk, "b", admin), refusedAs("not_found", "operation_id"));
  const other = await bench.hold(counted, { key: keyOf("k2") });
  assert.notEqual(other.operationId, own.operationId);
  await assert.rejects(findAnyHold(bench.desk, "a", admin), refusedAs("conflict", "key_id"));
  const mine = await bench.hold(counted, { key: admin });
  assert.equal(
    (await findAnyHold(bench.desk, "a", admin)).operationId,
    mine.operationId,
    "its own goes before all others",
  );
});

test("a call that the gateway gave its id is found by the key that made it alone", async () => {
  const bench = new Bench();
  bench.books.run(
    aHold("made-up", 5n, { route: { provider: "p", model: "m", endpoint: "chat", keyId: "k1" } }),
  );
  assert.equal((await findHold(bench.desk, "made-up", "k1")).operationId, "made-up");
  await assert.rejects(
    findHold(bench.desk, "made-up", "k2"),
    refusedAs("not_found", "operation_id"),
  );
});

test("a hold is held in the budgets that its key adds, too", async () => {
  const bench = new Bench();
  bench.books.budget({ budgetId: "extra", budgetType: "team", resourceId: "t", amount: 1000n });
  await bench.hold(amount(5n), { operationId: "none" });
  assert.throws(() => bench.books.counter("extra"), /has 0 counters/);
  await bench.hold(amount(7n), { key: { ...caller, budgets: ["extra"] } });
  assert.equal(bench.books.counter("extra").held, 7n);
});

test("a hold that has ended is not grown, by output as little as by an amount", async () => {
  for (const growth of [amount(1n), { kind: "output", tokens: 1 } as const]) {
    const bench = new Bench();
    const hold = await bench.hold(counted);
    await releaseByApi(bench.desk, hold, "r");
    await assert.rejects(
      topUpByApi(bench.desk, hold, growth, caller),
      refusedAs("not_found", "operation_id"),
    );
  }
});
