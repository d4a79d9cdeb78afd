/** The part of a budget that is kept for one closing call of each run. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Books } from "./books.ts";
import { aBudget, aHold, anOutcome, Desk, quantities } from "./desk.test-kit.ts";
import { noHistory } from "./past.ts";
import { runOf } from "./reserve.ts";

/** 100 in all, 20 of them for closing calls. */
function aDesk(spent = 0n): Desk {
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: 100n, reserveForClosing: 20n });
  if (spent > 0n) assert.equal(ask(desk, "spent", spent), "admitted");
  return desk;
}

/** @param call Its operation id, and the run that it closes. */
function ask(desk: Desk, call: string, usd: bigint): string {
  const [id = "", closing] = call.split(" closes ");
  const answer = desk.run(aHold(id, usd, closing === undefined ? {} : { closing }));
  return answer.admitted ? "admitted" : answer.refusal.reason;
}

const end = (operationId: string) => ({ operationId, attempt: 1, at: 2 });

test("ordinary calls leave the reserve to closing calls", () => {
  const desk = aDesk();
  assert.equal(ask(desk, "1", 80n), "admitted");
  assert.equal(ask(desk, "2", 1n), "budget_held");
  assert.equal(ask(desk, "3 closes session:s", 20n), "admitted");
  assert.deepEqual(desk.counter("b"), { spent: 0n, held: 100n, overrun: 0n });
  assert.equal(ask(desk, "4 closes session:t", 1n), "budget_held", "the limit holds for all");
});

test("a refusal reports the room of an ordinary call", () => {
  const desk = aDesk(75n);
  const answer = desk.run(aHold("1", 6n));
  assert.ok(!answer.admitted);
  const { available, reserve, limit } = answer.refusal.balance;
  assert.deepEqual([available, reserve, limit], [5n, 20n, 100n]);
});

test("of 200 closing calls of one run, one is admitted into the reserve", () => {
  const desk = aDesk(80n);
  const answers = Array.from({ length: 200 }, (_, n) => ask(desk, `c${n} closes session:s`, 2n));
  assert.equal(answers.filter((one) => one === "admitted").length, 1);
  assert.ok(answers.slice(1).every((one) => one === "closing_used"));
  assert.equal(ask(desk, "other closes session:t", 2n), "admitted");
});

test("a closing call that fits the ordinary room leaves the reserve to the next", () => {
  const desk = aDesk(60n);
  assert.equal(ask(desk, "1 closes session:s", 20n), "admitted");
  assert.equal(ask(desk, "2 closes session:s", 5n), "admitted");
  assert.equal(ask(desk, "3 closes session:s", 5n), "closing_used");
});

test("a closing call that fails gives the run its closing call back; a charge keeps it", () => {
  const desk = aDesk(80n);
  assert.equal(ask(desk, "1 closes session:s", 5n), "admitted");
  desk.run({ kind: "release", ...end("1"), reason: "failed" });
  assert.equal(ask(desk, "2 closes session:s", 5n), "admitted");
  desk.run({ kind: "settle", ...end("2"), outcome: anOutcome(0n), fingerprint: null });
  assert.equal(ask(desk, "3 closes session:s", 5n), "closing_used");
});

test("a closing hold that expired can still be charged, so the run has had its call", () => {
  const desk = aDesk(80n);
  desk.run(aHold("1", 5n, { closing: "session:s", expiresAt: 10 }));
  desk.run({ kind: "expire", at: 11 });
  assert.equal(ask(desk, "2 closes session:s", 5n), "closing_used");
});

test("a top-up of a closing call may begin to use the reserve, and one of another call may not", () => {
  const desk = aDesk(70n);
  assert.equal(ask(desk, "closing closes session:s", 5n), "admitted");
  assert.equal(ask(desk, "other", 5n), "admitted");
  const more = (operationId: string) =>
    desk.run({ kind: "top_up", ...end(operationId), amount: quantities(5n) }).admitted;
  assert.deepEqual([more("other"), more("closing"), more("closing")], [false, true, true]);
  assert.equal(ask(desk, "again closes session:s", 1n), "closing_used");
  desk.run({ kind: "release", ...end("closing"), reason: "failed" });
  desk.run({ kind: "release", ...end("other"), reason: "failed" });
  assert.equal(ask(desk, "full", 10n), "admitted");
  assert.equal(ask(desk, "once more closes session:s", 1n), "admitted");
});

test("output is fitted to the room of the call", () => {
  const desk = aDesk(70n);
  const demand = {
    fixed: quantities(0n),
    perOutputToken: quantities(1n).usd,
    outputTokens: 50,
    leastOutputTokens: 1,
    inputTokens: 0,
  };
  const fitted = (id: string, closing?: string): number => {
    const answer = desk.run(aHold(id, 0n, { demand, ...(closing !== undefined && { closing }) }));
    assert.ok(answer.admitted);
    desk.run({ kind: "release", ...end(id), reason: "r" });
    return answer.outputTokens;
  };
  assert.deepEqual([fitted("1"), fitted("2", "session:s"), fitted("3")], [10, 30, 10]);
});

test("a budget that is changed moves the closing call of a hold under way along", () => {
  const desk = aDesk(80n);
  assert.equal(ask(desk, "1 closes session:s", 5n), "admitted");
  const budget = aBudget({ budgetId: "b", amount: 90n, reserveForClosing: 20n, period: "month" });
  desk.put(budget, 3);
  assert.equal(ask(desk, "2 closes session:s", 1n), "closing_used");
  desk.run({ kind: "release", ...end("1"), reason: "failed" });
  assert.equal(ask(desk, "3 closes session:s", 1n), "admitted");
});

test("closing calls follow from the journal", () => {
  const desk = aDesk(78n);
  ask(desk, "1 closes session:s", 5n);
  ask(desk, "2 closes session:t", 1n);
  desk.run({ kind: "top_up", ...end("2"), amount: quantities(1n) });
  ask(desk, "3 closes session:u", 1n);
  desk.run({ kind: "release", ...end("3"), reason: "failed" });
  const replayed = new Books(noHistory);
  for (const entry of desk.journal) replayed.apply(entry);
  const closings = (books: Books) => [...books.counters()].map((counter) => [...counter.closings]);
  assert.deepEqual(closings(replayed), [["session:s", "session:t"]]);
  assert.deepEqual(closings(desk.books), closings(replayed));
});

test("a run is a session, else a task, else an agent", () => {
  assert.equal(runOf({ agent: "a", task: "t", session: "s" }), "session:s");
  assert.equal(runOf({ agent: "a", task: "t" }), "task:t");
  assert.equal(runOf({ agent: "a" }), "agent:a");
  assert.equal(runOf({ user: "u" }), null);
});

test("the reserve is open to any number of runs", () => {
  const desk = new Desk();
  desk.budget({ budgetId: "b", amount: 20_000n, reserveForClosing: 19_000n });
  assert.equal(ask(desk, "spent", 1000n), "admitted");
  for (let n = 0; n < 10_000; n++) ask(desk, `${n} closes session:${n}`, 1n);
  assert.equal(ask(desk, "one more closes session:new", 1n), "admitted");
  assert.equal(ask(desk, "again closes session:9999", 1n), "closing_used");
});
