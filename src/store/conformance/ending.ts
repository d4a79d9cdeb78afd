/** Conformance tests: what a ledger does when a call ends, once or more than once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallFilter } from "../../app/port/reader.ts";
import { operationOf } from "../../domain/ledger/operation.ts";
import type { CorrectCommand } from "../../domain/ledger/command.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import { hold, outcome, putBudget, settle, start, usd } from "./fixture.ts";
import { only, rejects, using, type OpenStore } from "./store-under-test.ts";

export function testEnding(open: OpenStore): void {
  test("a hold ends once", async () => {
    await using(open, async ({ ledger }) => {
      await ledger.commit(putBudget("all", usd(10)));
      for (const id of ["settled", "released"]) await ledger.commit(hold(id, usd(2)));
      await ledger.commit(settle("settled", usd(1), { fingerprint: "a" }));
      await ledger.commit({
        kind: "release",
        at: start,
        operationId: "released",
        attempt: 1,
        reason: "no answer",
      });
      await rejects(ledger.commit(settle("settled", usd(2), { fingerprint: "b" })), "conflict");
      await rejects(ledger.commit(settle("released", usd(1))), "conflict");
      await rejects(
        ledger.commit({
          kind: "release",
          at: start,
          operationId: "settled",
          attempt: 1,
          reason: "",
        }),
        "conflict",
      );
      await rejects(ledger.commit(settle("never held", usd(1))), "not_found");
      const { held, spent } = only(await ledger.balances("all", start));
      assert.deepEqual([held, spent], [0n, usd(1)]);
    });
  });

  test("an expired hold is returned; a late settlement of it is still charged, once", async () => {
    await using(open, async (store) => {
      await store.ledger.commit(putBudget("all", usd(10)));
      await store.ledger.commit(hold("op", usd(4), { expiresAt: start + 100 }));
      const early = await store.ledger.commit({ kind: "expire", at: start + 99 });
      const due = await store.ledger.commit({ kind: "expire", at: start + 100 });
      assert.deepEqual(
        [early.expired.length, due.expired],
        [0, [{ operationId: "op", attempt: 1 }]],
      );
      assert.equal(only(await store.ledger.balances("all", start)).held, 0n);
      const again = await store.reopen();
      const late = settle("op", usd(3), { at: start + 5000, fingerprint: "f" });
      assert.equal((await again.ledger.commit(late)).repeated, false);
      assert.equal((await again.ledger.commit(late)).repeated, true);
      const { held, spent } = only(await again.ledger.balances("all", start));
      assert.deepEqual([held, spent], [0n, usd(3)]);
      const calls = await again.reader.calls({}, { limit: 10, before: null });
      assert.deepEqual(
        calls.map(({ status, cost }) => [status, cost]),
        [["settled", usd(3)]],
      );
      assert.equal((await again.reader.verify()).ok, true);
    });
  });

  test("a cost beyond the hold and the limit is an overrun and blocks the next call", async () => {
    await using(open, async ({ ledger }) => {
      await ledger.commit(putBudget("all", usd(5)));
      await ledger.commit(hold("op", usd(5)));
      await ledger.commit(settle("op", usd(7)));
      const { spent, overrun, available } = only(await ledger.balances("all", start));
      assert.deepEqual([spent, overrun, available], [usd(7), usd(2), usd(-2)]);
      assert.equal((await ledger.commit(hold("next", usd(0.001)))).admitted, false);
    });
  });
}

export function testCorrecting(open: OpenStore): void {
  test("a charge can be corrected repeatedly, however the call ended, and all figures follow", async () => {
    await using(open, async (store) => {
      await store.ledger.commit(putBudget("all", usd(10)));
      for (const id of ["settled", "unresolved", "released", "expired"])
        await store.ledger.commit(hold(id, usd(1), { expiresAt: start + 5000 }));
      await store.ledger.commit(settle("settled", usd(1)));
      await store.ledger.commit(
        settle("unresolved", usd(1), { outcome: outcome(usd(1), { status: "unresolved" }) }),
      );
      await store.ledger.commit({
        kind: "release",
        at: start + 1000,
        operationId: "released",
        attempt: 1,
        reason: "no answer",
      });
      await store.ledger.commit({ kind: "expire", at: start + 5000 });
      const again = await store.reopen();
      for (const amount of [9, 2]) {
        for (const id of ["settled", "unresolved", "released", "expired"])
          await again.ledger.commit(correction(id, usd(amount)));
        const balance = only(await again.ledger.balances("all", start));
        assert.deepEqual([balance.spent, balance.overrun > 0n], [usd(amount * 4), amount === 9]);
      }
      assert.equal((await again.ledger.commit(correction("settled", usd(2)))).repeated, true);
      const calls = await again.reader.calls({}, { limit: 10, before: null });
      assert.deepEqual(
        calls.map(({ status, cost, correction: why }) => [status, cost, why?.reason]),
        Array.from({ length: 4 }, () => ["settled", usd(2), "billed so"]),
      );
      const corrections = await again.reader.corrections({}, { limit: 10, before: null });
      assert.deepEqual(
        corrections.map(({ before, after }) => [before.cost / usd(1), after.cost / usd(1)]),
        [...Array.from({ length: 4 }, () => [9n, 2n]), [0n, 9n], [0n, 9n], [1n, 9n], [1n, 9n]],
      );
      const [newest] = corrections;
      const booked = { bookedFrom: newest?.at ?? 0, bookedTo: (newest?.at ?? 0) + 1 };
      const [one, ...others] = await again.reader.corrections(
        { ...booked, from: newest?.after.endedAt ?? 0 },
        { limit: 1, before: null },
      );
      assert.deepEqual([one, others], [newest, []]);
      const none = { limit: 10, before: null };
      assert.deepEqual(await again.reader.corrections({ bookedTo: booked.bookedFrom }, none), []);
      assert.deepEqual(await again.reader.corrections({ to: start }, none), []);
      const [total] = await again.reader.totals({}, [], null);
      assert.deepEqual([total?.calls, total?.cost], [4, usd(8)]);
      assert.equal((await again.reader.verify()).ok, true);
      const last = await again.reopen();
      assert.equal(only(await last.ledger.balances("all", start)).spent, usd(8));
      assert.equal((await last.ledger.commit(correction("settled", usd(2)))).repeated, true);
    });
  });
}

function correction(operationId: string, amount: PicoUsd): CorrectCommand {
  const { cost: _, ...rest } = outcome(amount, {
    charges: [{ model: "gpt-5", meter: "correction", quantity: 1, cost: amount }],
  });
  return {
    kind: "correct",
    at: start + 9000,
    operationId,
    attempt: 1,
    amount,
    outcome: rest,
    reason: "billed so",
    fingerprint: `to ${amount}`,
  };
}

export function testRepeating(open: OpenStore): void {
  test("the same id and body give the same answer and one charge, even after a restart; a different body is a conflict", async () => {
    await using(open, async (store) => {
      await store.ledger.commit(putBudget("all", usd(10)));
      const command = hold("op", usd(2), { repeat: "only", fingerprint: "body" });
      const first = await store.ledger.commit(command);
      const second = await store.ledger.commit(command);
      assert.deepEqual(
        [first.admitted && first.repeated, second.admitted && second.repeated],
        [false, true],
      );
      await rejects(store.ledger.commit({ ...command, fingerprint: "other" }), "conflict");
      await store.ledger.commit(settle("op", usd(1), { fingerprint: "end" }));
      const again = await store.reopen();
      const third = await again.ledger.commit(command);
      assert.equal(third.admitted && third.repeated, true);
      await rejects(again.ledger.commit({ ...command, fingerprint: "other" }), "conflict");
      assert.equal(
        (await again.ledger.commit(settle("op", usd(1), { fingerprint: "end" }))).repeated,
        true,
      );
      assert.equal(only(await again.ledger.balances("all", start)).spent, usd(1));
    });
  });

  test("an id matches operations of every key; an operation matches only its own calls", async () => {
    await using(open, async (store) => {
      await store.ledger.commit(putBudget("all", usd(20)));
      const [one, two] = [operationOf("op", "key_1"), operationOf("op", "key_2")];
      for (const [operation, cost] of [
        [one, 1],
        ["op", 2],
        [two, 3],
        [operationOf("op2", "key_1"), 4],
      ] as const) {
        await store.ledger.commit(hold(operation, usd(cost), { repeat: "next" }));
        await store.ledger.commit(settle(operation, usd(cost)));
      }
      const again = await store.reopen();
      const costs = async (filter: CallFilter) =>
        (await again.reader.calls(filter, { limit: 10, before: null })).map(
          ({ cost }) => cost / usd(1),
        );
      assert.deepEqual(await costs({ operationId: "op" }), [3n, 2n, 1n]);
      assert.deepEqual(
        [await costs({ operation: one }), await costs({ operation: "op" })],
        [[1n], [2n]],
      );
      const [total] = await again.reader.totals({ operationId: "op" }, [], null);
      assert.deepEqual([total?.calls, total?.cost], [3, usd(6)]);
      const next = await again.ledger.commit(hold(two, usd(1), { repeat: "next" }));
      assert.equal(next.admitted && next.call.attempt, 2);
    });
  });

  test("a new attempt of an ended operation is a separate call; one in flight is a conflict", async () => {
    await using(open, async (store) => {
      await store.ledger.commit(putBudget("all", usd(10)));
      await store.ledger.commit(hold("op", usd(2), { repeat: "next" }));
      await rejects(store.ledger.commit(hold("op", usd(2), { repeat: "next" })), "conflict");
      await store.ledger.commit(settle("op", usd(1)));
      const again = await store.reopen();
      const next = await again.ledger.commit(hold("op", usd(2), { repeat: "next" }));
      assert.equal(next.admitted && next.call.attempt, 2);
      await again.ledger.commit(settle("op", usd(2), { attempt: 2 }));
      const calls = await again.reader.calls({ operationId: "op" }, { limit: 10, before: null });
      assert.deepEqual(
        calls.map(({ attempt, cost }) => [attempt, cost]),
        [
          [2, usd(2)],
          [1, usd(1)],
        ],
      );
    });
  });
}
