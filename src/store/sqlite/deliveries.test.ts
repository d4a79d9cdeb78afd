/** Tests the record of deliveries: cursors, failures and dead letters on disk. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { letterLifeMs, mostLetters } from "../../app/port/deliveries.ts";
import { PurserError } from "../../domain/error.ts";
import { checkDeliveries, SqliteDeliveries } from "./deliveries.ts";

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "purser-deliveries-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

const event = {
  specversion: "1.0",
  id: "7",
  source: "/purser",
  type: "budget.warning",
  time: "2026-01-01T00:00:00Z",
  datacontenttype: "application/json",
  data: { budget_id: "b" },
} as const;
const failure = { eventId: "7", since: 10, attempts: 3, message: "down" };

test("cursors, failures and dead letters survive a restart, each consumer apart", async (t) => {
  const directory = folder(t);
  const first = new SqliteDeliveries(directory);
  assert.equal(await first.stateOf("a"), undefined);
  await first.advance("a", { cursor: { seq: 5, index: 1 } });
  await first.advance("a", { cursor: { seq: 6, index: 0 }, delivered: { eventId: "6", at: 9 } });
  await first.advance("b", { cursor: { seq: 1, index: 0 } });
  await first.fail("a", failure);
  await first.bury({ consumer: "b", event, at: 20, failure }, { seq: 7, index: 0 });
  first.close();
  const again = new SqliteDeliveries(directory);
  assert.deepEqual(await again.stateOf("a"), {
    cursor: { seq: 6, index: 0 },
    delivered: { eventId: "6", at: 9 },
    failing: failure,
  });
  assert.deepEqual((await again.stateOf("b"))?.cursor, { seq: 7, index: 0 });
  assert.deepEqual(await again.countLetters("b"), { kept: 1, dropped: 0 });
  await again.advance("a", { cursor: { seq: 8, index: 0 } });
  assert.deepEqual(
    [(await again.stateOf("a"))?.failing, (await again.stateOf("a"))?.delivered?.eventId],
    [null, "6"],
  );
  const [letter] = await again.deadLetters({ consumer: "b", limit: 5 });
  assert.deepEqual(letter, { id: 1, consumer: "b", event, at: 20, failure });
  assert.deepEqual(await again.deadLetters({ consumer: "b", after: 1, limit: 5 }), []);
  assert.equal(await again.deadLetter("a", 1), undefined);
  await again.removeDeadLetter("a", 1);
  assert.ok(await again.deadLetter("b", 1));
  await again.removeDeadLetter("b", 1);
  assert.deepEqual(await again.countLetters("b"), { kept: 0, dropped: 0 });
  again.close();
});

test("a new letter displaces those that are too many or too old, which are counted", async (t) => {
  const directory = folder(t);
  const first = new SqliteDeliveries(directory);
  const bury = (deliveries: SqliteDeliveries, consumer: string, at: number) =>
    deliveries.bury({ consumer, event, at, failure }, { seq: at, index: 0 });
  for (let at = 0; at < mostLetters; at++) assert.equal(await bury(first, "a", at), 0);
  await bury(first, "b", 1);
  assert.equal(await bury(first, "a", 20_000), 1);
  first.close();
  const again = new SqliteDeliveries(directory);
  assert.deepEqual(await again.countLetters("a"), { kept: mostLetters, dropped: 1 });
  const [oldest] = await again.deadLetters({ consumer: "a", limit: 1 });
  assert.equal(oldest?.at, 1);
  assert.equal(await bury(again, "a", letterLifeMs + 11), 10, "1 by number, 9 by age");
  assert.deepEqual(await again.countLetters("a"), { kept: mostLetters - 9, dropped: 11 });
  assert.deepEqual(await again.countLetters("b"), { kept: 1, dropped: 0 });
  again.close();
});

test("a damaged file is refused, with its name and the remedy", (t) => {
  const directory = folder(t);
  checkDeliveries(directory);
  writeFileSync(join(directory, "deliveries.db"), "no database".repeat(1000));
  const isRefused = (error: unknown): boolean =>
    error instanceof PurserError &&
    error.code === "store_unavailable" &&
    /deliveries\.db/.test(error.message) &&
    /backup/.test(error.detail.remedy ?? "");
  assert.throws(() => new SqliteDeliveries(directory), isRefused);
  assert.throws(() => checkDeliveries(directory), isRefused);
});
