/** Conformance tests: the lines of a request are its attempts and the charges that name it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { RecordCommand } from "../../domain/ledger/command.ts";
import type { CallFilter, LedgerReader } from "../../app/port/reader.ts";
import { attribution, hold, outcome, settle, start, usd } from "./fixture.ts";
import { using, type OpenStore } from "./store-under-test.ts";

function charge(id: string, requestId: string | null, more: Partial<RecordCommand> = {}) {
  const rawUsage = JSON.stringify({ item_id: "search", quantity: "1", request_id: requestId });
  return {
    kind: "record",
    at: start,
    startedAt: start,
    operationId: id,
    attribution,
    route: { provider: "tools", model: "search", endpoint: "charge", keyId: "key_1" },
    budgets: [],
    outcome: outcome(usd(0.25), { model: "search", usage: {}, rawUsage }),
    fingerprint: id,
    ...more,
  } as const;
}

export function testRequests(open: OpenStore): void {
  test("the lines of a request are found by its id, also after a restart", async () => {
    await using(open, async (store) => {
      const { ledger } = store;
      await ledger.commit(charge("c1", "op"));
      for (const repeat of ["new", "next"] as const) {
        await ledger.commit(hold("op key_1", usd(1), { repeat }));
        const attempt = repeat === "new" ? 1 : 2;
        await ledger.commit(settle("op key_1", usd(1), { attempt, outcome: outcome(usd(1)) }));
      }
      await ledger.commit(charge("c2", "op", { attribution: { team: "t2" } }));
      await ledger.commit(charge("op2", null));
      await ledger.commit(charge("c3", "op3"));
      const found = async (
        reader: LedgerReader,
        filter: CallFilter,
        ...ids: readonly string[]
      ): Promise<unknown> =>
        (await reader.requestLines(filter, ids)).map((row) => [row.operationId, row.attempt]);
      const again = await store.reopen();
      const both = [
        ["op key_1", 1],
        ["op key_1", 2],
      ];
      const whole = [["c1", 1], ...both, ["c2", 1]];
      assert.deepEqual(await found(again.reader, {}, "op"), whole);
      assert.deepEqual(await found(again.reader, {}, "op", "op3"), [...whole, ["c3", 1]]);
      assert.deepEqual(await found(again.reader, { attribution: { team: "t2" } }, "op"), [
        ["c2", 1],
      ]);
      assert.deepEqual(await found(again.reader, { endpoint: "chat" }, "op"), both);
      assert.deepEqual(await found(again.reader, { operationId: "c2" }, "op"), [["c2", 1]]);
      assert.deepEqual(await found(again.reader, {}, "op2"), [["op2", 1]]);
      await again.ledger.commit(charge("self", "self"));
      assert.deepEqual(await found(again.reader, {}, "self"), [["self", 1]]);
      // A charge that names another request is no request.
      assert.deepEqual(await found(again.reader, {}, "c1", "none"), []);
    });
  });

  test("a corrected charge is one line of its request, at its new cost", async () => {
    await using(open, async ({ ledger, reader }) => {
      await ledger.commit(charge("c1", "op"));
      const { cost: _, ...bill } = charge("c1", "op").outcome;
      await ledger.commit({
        kind: "correct",
        at: start + 1,
        operationId: "c1",
        attempt: 1,
        amount: usd(0.5),
        outcome: { ...bill, charges: [] },
        reason: "the bill",
        fingerprint: "f",
      });
      const lines = await reader.requestLines({}, ["op"]);
      assert.deepEqual(
        lines.map(({ operationId, cost }) => [operationId, cost]),
        [["c1", usd(0.5)]],
      );
    });
  });
}
