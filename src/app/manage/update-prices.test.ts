/** Updates and reverts change the prices of later calls, and never those of earlier ones. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { makePriceBook } from "../../domain/price/book.ts";
import { parseRow } from "../../domain/price/text/row-text.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import { doubtKinds } from "../../domain/price/update/list-doubt.ts";
import {
  lastChangeOf,
  updatedRows,
  type KeptPriceUpdate,
} from "../../domain/price/update/price-update.ts";
import type { CatalogueRow } from "../../domain/price/row/row.ts";
import { pico } from "../../domain/money/money.ts";
import type { Totals } from "../port/reader.ts";
import { LedgerBench, start } from "../port/ledger.test-kit.ts";
import { CurrentPrices } from "./current-prices.ts";
import { PriceUpdates } from "./update-prices.ts";

const names = ["m0", "m1", "m2"];
const listed = names.map((model) => rowOf(model, 1));

function rowOf(model: string, input: number): CatalogueRow {
  return parseRow(
    { provider: "p", model, input: `${input}`, output: "1" },
    { field: "", source: "list", version: "1" },
  );
}

function bookOf(rows: readonly CatalogueRow[]): PriceBook {
  return makePriceBook({ sources: [() => rows, () => listed], overrides: [], version: "test" });
}

interface Desk {
  readonly updates: PriceUpdates;
  readonly prices: CurrentPrices;
  readonly kept: () => readonly KeptPriceUpdate[];
  readonly time: { now: number };
  /** How many books were made of what the ledger has, with those for comparisons. */
  readonly made: () => number;
  /** Adds a model's spend of this month, all of it for input. */
  readonly spend: (figures: Spend) => void;
  /** Called between the comparison of a list and its storing. */
  readonly meanwhile: { run: () => Promise<unknown> };
}

interface Spend {
  readonly provider: string;
  readonly model: string;
  readonly cost: bigint;
}

/** A list is named by the prices in it: `5,1,2`. */
async function openDesk(t: TestContext): Promise<Desk> {
  const { ledger, reader, observer } = await LedgerBench.open(t);
  const time = { now: start };
  const meanwhile: Desk["meanwhile"] = { run: () => Promise.resolve() };
  const spent: Totals[] = [];
  let made = 0;
  const prices = new CurrentPrices({
    make: (_, { rows }) => {
      made += 1;
      return bookOf(rows);
    },
    declared: [],
    kept: () => ({ overrides: [], updates: ledger.priceUpdates() }),
  });
  const updates = new PriceUpdates({
    ledger,
    reader: {
      totals: async (...query) => {
        await meanwhile.run();
        return [...(await reader.totals(...query)), ...spent];
      },
    },
    clock: { now: () => time.now, monotonic: () => time.now },
    prices,
    observer,
    models: () => listed,
    reportsBilledCost: () => false,
    lists: {
      download: (from) => Promise.resolve(from),
      read: (text) =>
        Promise.resolve({
          source: "list",
          version: text,
          sha256: text,
          rows: text.split(",").map((input, index) => rowOf(names[index] ?? "", Number(input))),
          skipped: [],
        }),
    },
  });
  const none = {
    bucket: null,
    charges: 0,
    chargeCost: pico(0n),
    released: 0,
    refusals: 0,
    latencyMs: 0,
    timed: 0,
  };
  return {
    updates,
    prices,
    kept: () => ledger.priceUpdates(),
    made: () => made,
    time,
    meanwhile,
    spend({ provider, model, cost }) {
      const usage = { input: 1_000_000 };
      spent.push({ ...none, calls: 1, cost: pico(cost), usage, group: { provider, model } });
    },
  };
}

const accept = doubtKinds;

/** The price of each model, in USD per million. */
function pricesAt(book: PriceBook, at: number): readonly (bigint | undefined)[] {
  return names.map((model) => {
    const rate = book.sheet({ provider: "p", model, at })?.row.rates.input;
    return rate === undefined ? undefined : rate / 1_000_000n;
  });
}

test("a revert after the comparison of an update is a conflict: its prices may be compared with it", async (t) => {
  const { updates, kept, meanwhile } = await openDesk(t);
  const { updateId } = await updates.apply({ origin: { from: "2,2,2" }, accept });
  meanwhile.run = () => updates.revert(updateId ?? "");
  await assert.rejects(updates.apply({ origin: { from: "2,3,3" }, accept }), { code: "conflict" });
  assert.equal(kept().length, 1);
});

test("a model that only a reverted update had is no longer listed, and keeps its price in the past", async (t) => {
  const { updates, prices, time } = await openDesk(t);
  const first = await updates.apply({ origin: { from: "2" }, accept });
  time.now += 1000;
  const past = time.now;
  const second = await updates.apply({ origin: { from: "3,4" }, accept });
  time.now += 1000;
  assert.deepEqual(
    prices.updated.map(({ model }) => model),
    ["m0", "m1", "m0"],
  );
  const during = pricesAt(prices.book, time.now);
  await updates.revert(second.updateId ?? "");
  assert.deepEqual(
    prices.updated.map(({ model }) => model),
    ["m0"],
  );
  await updates.revert(first.updateId ?? "");
  assert.deepEqual(prices.updated, []);
  assert.deepEqual(pricesAt(prices.book, time.now), during);
  assert.deepEqual(pricesAt(prices.book, past), [2n, 1n, 1n]);
});

test("an update is refused at once while another is applied", async (t) => {
  const { updates, kept, meanwhile } = await openDesk(t);
  const second = async (): Promise<unknown> =>
    assert.rejects(updates.apply({ origin: { text: "3,3,3", name: "x" }, accept }), {
      code: "conflict",
      message: /is being applied/,
    });
  meanwhile.run = second;
  await updates.apply({ origin: { from: "2,2,2" }, accept });
  meanwhile.run = () => Promise.resolve();
  await updates.apply({ origin: { from: "4,4,4" }, accept });
  assert.equal(kept().length, 2);
});

test("an update begins when it is stored, not when its list was compared", async (t) => {
  const { updates, prices, kept, time, meanwhile } = await openDesk(t);
  meanwhile.run = () => Promise.resolve((time.now += 5_000));
  await updates.apply({ origin: { from: "2,2,2" }, accept });
  time.now += 1;
  assert.deepEqual(pricesAt(prices.book, time.now), [2n, 2n, 2n]);
  const before = kept()[0]?.at ?? 0;
  assert.equal(before, start + 5_001);
  assert.deepEqual(pricesAt(prices.book, before - 1), [1n, 1n, 1n]);
});

test("the schedule does not apply a list that was reverted, but people may", async (t) => {
  const { updates, prices, kept, time } = await openDesk(t);
  const request = { origin: { from: "2,2,2" }, accept };
  assert.equal((await updates.run(request)).result, "applied");
  const [first] = kept();
  await updates.revert(first?.updateId ?? "");
  assert.equal(updates.storedAt, first?.at, "a restart waits for the rest of the interval");
  assert.equal(updates.updatedAt, null);
  time.now += 1_000;
  const { result, message } = await updates.run(request);
  assert.equal(result, "refused");
  assert.match(message, new RegExp(`reverted at 2026-01-05.*${first?.updateId}.*apply it by hand`));
  assert.deepEqual(updates.lastRun, { at: time.now, result, message });
  assert.deepEqual(pricesAt(prices.book, time.now), [1n, 1n, 1n]);
  assert.equal((await updates.run({ origin: { from: "3,3,3" }, accept })).result, "applied");
  assert.equal((await updates.apply(request)).state, "applied");
  time.now += 1_000;
  assert.deepEqual(pricesAt(prices.book, time.now), [2n, 2n, 2n]);
  assert.equal((await updates.run(request)).result, "unchanged", "its last update is in use");
});

test("an update from a list of few models does not renew the age of the prices", async (t) => {
  const { updates, kept } = await openDesk(t);
  const { partial } = await updates.apply({ origin: { from: "2,2,2" }, accept });
  assert.deepEqual([partial, kept()[0]?.partial], [true, true]);
  assert.equal(updates.updatedAt, null);
  assert.equal(updates.storedAt, kept()[0]?.at);
});

test("a bounded number of lists is checked at once", async (t) => {
  const { updates, meanwhile } = await openDesk(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  meanwhile.run = () => promise;
  const check = (): Promise<unknown> => updates.check({ origin: { from: "2,2,2" }, accept });
  const running = [check(), check()];
  await assert.rejects(check(), { code: "too_many" });
  resolve();
  await Promise.all(running);
  await assert.rejects(updates.check({ origin: { from: "not,a,list" }, accept }));
  await check();
});

test("the effect is that of the new prices, however the clock is set", async (t) => {
  const { updates, time, spend } = await openDesk(t);
  spend({ provider: "p", model: "m0", cost: 3n });
  const effectAt = async (now: number): Promise<unknown> => {
    time.now = now;
    const { effect } = await updates.check({ origin: { from: "2,1,1" }, accept });
    return [effect.spent, effect.wouldHaveBeen];
  };
  assert.deepEqual(await effectAt(start + 1_000), [3n, 6n]);
  await updates.apply({ origin: { from: "1,1,9" }, accept });
  assert.deepEqual(await effectAt(start - 60_000), [3n, 6n], "before the last update");
});

test("a revert makes one new book, and a repeated one none", async (t) => {
  const { updates, made } = await openDesk(t);
  const before = made();
  const { updateId } = await updates.apply({ origin: { from: "2,2,2" }, accept });
  assert.equal(made() - before, 3, "to compare, for the effect, and in force");
  await updates.revert(updateId ?? "");
  assert.equal(made() - before, 4);
  await updates.revert(updateId ?? "");
  assert.equal(made() - before, 4);
});

test("the history hides a password in the name of a list", async (t) => {
  const { updates, kept } = await openDesk(t);
  const name = "https://user:secret@example.com/list.json";
  await updates.apply({ origin: { text: "2,2,2", name }, accept });
  assert.equal(kept()[0]?.from, "https://example.com/list.json");
});

test("an update is compared with the prices that it follows, also if the clock was set back", async (t) => {
  const { updates, prices, time } = await openDesk(t);
  await updates.apply({ origin: { from: "5,5,5" }, accept });
  time.now -= 60_000;
  const { state } = await updates.apply({ origin: { from: "1,1,1" }, accept });
  assert.equal(state, "applied");
  time.now += 120_000;
  assert.deepEqual(pricesAt(prices.book, time.now), [1n, 1n, 1n]);
});

test("whatever the updates, the reverts and the clock do, prices of the past stay as they were", async (t) => {
  const { updates, prices, kept, time } = await openDesk(t);
  const past = new Map<number, readonly (bigint | undefined)[]>();
  const random = seeded(7);
  for (let step = 0; step < 60; step++) {
    time.now += random(4) === 0 ? -random(5_000) : random(9_000);
    // A time that the clock will reach again, and at which nothing was changed, is not past.
    const present = Math.max(time.now, lastChangeOf(kept()));
    for (const at of past.keys()) if (at > present) past.delete(at);
    for (const at of [present, present - random(20_000)]) past.set(at, pricesAt(prices.book, at));
    const ids = kept().map(({ updateId }) => updateId);
    if (random(3) === 0 && ids.length > 0) await updates.revert(ids[random(ids.length)] ?? "");
    else {
      const from = names.map(() => 1 + random(9)).join(",");
      await updates.apply({ origin: { from }, accept });
    }
    const rebuilt = bookOf(updatedRows(kept()));
    for (const [at, known] of past) {
      assert.deepEqual(pricesAt(prices.book, at), known, `step ${step}, at ${at - start}`);
      assert.deepEqual(pricesAt(rebuilt, at), known);
    }
  }
});

/** Whole numbers below a limit, the same in each run. */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * limit);
  };
}
