/** Tests top-ups of holds over the API. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { admin, amount, caller, counted, DeskBench } from "./desk.test-kit.ts";
import { refusedAs } from "../port/ledger.test-kit.ts";
import { releaseByApi } from "./release.ts";
import { topUpByApi } from "./top-up.ts";

const output = (tokens: number) => ({ kind: "output", tokens }) as const;

test("an amount adds that much money, no tokens and no request, each time", async (t) => {
  const bench = await DeskBench.open(t);
  const hold = await bench.hold(amount(500n));
  for (const usd of [570n, 640n]) {
    assert.ok(
      (await topUpByApi(bench.context, { hold, growth: amount(70n), by: caller })).admitted,
    );
    assert.deepEqual(await bench.amounts(), {
      usd: [0n, usd],
      tokens: [0n, 0n],
      requests: [0n, 1n],
    });
  }
});

test("output adds its tokens, at the output rate of the model", async (t) => {
  const bench = await DeskBench.open(t);
  const hold = await bench.hold(counted);
  await topUpByApi(bench.context, { hold, growth: output(5), by: caller });
  assert.deepEqual(await bench.amounts(), {
    usd: [0n, 350_000_000n],
    tokens: [0n, 125n],
    requests: [0n, 1n],
  });
});

test("a hold of a model without a price in tokens is topped up by an amount only", async (t) => {
  for (const model of ["other", "painter"]) {
    const bench = await DeskBench.open(t);
    const hold = await bench.hold(amount(10n), { model });
    await assert.rejects(
      topUpByApi(bench.context, { hold, growth: output(1), by: caller }),
      refusedAs("unpriced", "output_tokens"),
      model,
    );
    assert.ok((await topUpByApi(bench.context, { hold, growth: amount(1n), by: caller })).admitted);
  }
});

test("a key tops up to no more than its share of a budget, an administrator to what there is", async (t) => {
  const bench = await DeskBench.open(t);
  const hold = await bench.hold({ ...counted, inputTokens: 4000, maxOutputTokens: 900 });
  const topUp = (tokens: number, by: typeof caller) =>
    topUpByApi(bench.context, { hold, growth: output(tokens), by });
  await assert.rejects(topUp(101, caller), refusedAs("forbidden", "amount"));
  assert.ok((await topUp(100, caller)).admitted);
  assert.ok((await topUp(1000, admin)).admitted);
});

test("a refused top-up is announced once and leaves the hold as it was", async (t) => {
  const bench = await DeskBench.open(t);
  const hold = await bench.hold(amount(5n));
  assert.ok((await topUpByApi(bench.context, { hold, growth: amount(1n), by: admin })).admitted);
  assert.deepEqual(bench.books.refused, []);
  const growth = amount(10n ** 15n);
  const answer = await topUpByApi(bench.context, { hold, growth, by: admin });
  assert.equal(answer.admitted, false);
  assert.deepEqual(
    bench.books.refused.map(({ budgetId }) => budgetId),
    ["usd"],
  );
  assert.deepEqual((await bench.amounts())["usd"], [0n, 6n]);
});

test("a call in flight at the gateway is not topped up over the API", async (t) => {
  const bench = await DeskBench.open(t);
  const hold = await bench.gatewayCall("g");
  await assert.rejects(
    topUpByApi(bench.context, { hold, growth: amount(1n), by: admin }),
    refusedAs("conflict", "operation_id"),
  );
  assert.equal((await bench.held(hold))?.usd, 40n);
});

test("a hold that has ended is not topped up, by output or by an amount", async (t) => {
  const bench = await DeskBench.open(t);
  const hold = await bench.hold(counted);
  await releaseByApi(bench.context, hold, "r");
  for (const growth of [amount(1n), output(1)]) {
    await assert.rejects(
      topUpByApi(bench.context, { hold, growth, by: caller }),
      refusedAs("conflict", "operation_id"),
    );
  }
});
